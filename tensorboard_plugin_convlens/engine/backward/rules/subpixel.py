"""The way back through convolutions of few channels, such as the first of a network.

Processors convolve sixteen channels at once. For a gradient of three, most of that is idle: at
VGG16's first layer, convolutions take seven times as long as the same work elsewhere. So each
place of a convolution computes a block of 2 by 2 units, twelve channels, which are laid out
afterwards: the sub-pixel convolution of Shi et al. 2016, arXiv 1609.05158. It takes 0.4 to 0.6
of the time at stride 1, 0.6 to all of it at stride 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.pictures.receptive_field import same_padding
from tensorboard_plugin_convlens.core.records import FloatArray, IntArray

_BLOCK = 2
"""Units of a block along either axis."""

_MOST_CHANNELS = 4
"""Of which a block has sixteen numbers."""


@dataclass(frozen=True)
class ThinConvolution:
    """A convolution of few channels.

    Attributes:
      window: (height, width) of its kernel.
      stride: Along both axes, 1 or 2.
      padding: Zeros above and left of the images, less than the window.
    """

    window: tuple[int, int]
    stride: int
    padding: tuple[int, int]

    def kernel(self, kernel: FloatArray) -> FloatArray:
        """`[height, width, channel, filter]` → `[rows, columns, filter, 2 * 2 * channel]`."""
        rows, columns = (self._taps(axis) for axis in (0, 1))
        # What no tap of the kernel reaches gets a zero from behind its end.
        filled = np.pad(kernel, [(0, 1), (0, 1), (0, 0), (0, 0)])
        blocks = filled[rows[:, :, None, None], columns]
        blocks = np.moveaxis(blocks, (0, 2, 5), (0, 1, 2))
        return blocks.reshape(*blocks.shape[:3], -1)

    def gradient(self, size: tuple[int, int], kernel: Any, cotangent: Any) -> Any:
        """The gradient of the images.

        Args:
          size: (height, width) of them.
          kernel: From `kernel`, in the type of the cotangent.
          cotangent: `[n, height, width, filter]`.

        Returns:
          `[n, *size, channel]`.
        """
        height, width = size
        margins = [
            self._margins(axis, length, int(cotangent.shape[1 + axis]))
            for axis, length in enumerate(size)
        ]
        blocks = tf.raw_ops.Conv2D(
            input=cotangent,
            filter=kernel,
            strides=[1, _BLOCK // self.stride, _BLOCK // self.stride, 1],
            padding="EXPLICIT",
            explicit_paddings=[0, 0, *margins[0], *margins[1], 0, 0],
        )
        return tf.nn.depth_to_space(blocks, _BLOCK)[:, :height, :width]

    def _before(self, axis: int) -> int:
        """Units of the cotangent before a block that its first unit still depends on."""
        return (self.window[axis] - 1 - self.padding[axis]) // self.stride

    def _taps(self, axis: int) -> IntArray:
        """`[place, unit of a block]`: which tap of the kernel leads there, or its length."""
        before, size = self._before(axis), self.window[axis]
        last = (_BLOCK - 1 + self.padding[axis]) // self.stride
        places = np.arange(-before, last + 1, dtype=np.int32)[:, None]
        taps = np.arange(_BLOCK, dtype=np.int32) + self.padding[axis] - self.stride * places
        return np.where((taps >= 0) & (taps < size), taps, size)

    def _margins(self, axis: int, length: int, have: int) -> tuple[int, int]:
        """Zeros before and after a cotangent, for blocks all over the images."""
        before, blocks = self._before(axis), -(-length // _BLOCK)
        reach = (blocks - 1) * (_BLOCK // self.stride) + len(self._taps(axis))
        return before, max(0, reach - before - have)


def thin_convolution(operation: Any, *, padded: bool) -> ThinConvolution | None:
    """The convolution as a thin one, if it is one.

    Args:
      operation: Of a trace.
      padded: Whether its padding counts; else the images have it already.
    """
    if operation.type != "Conv2D" or operation.get_attr("data_format") != b"NHWC":
        return None
    images, kernel = (one.shape.as_list() for one in operation.inputs)
    strides = operation.get_attr("strides")[1:3]
    padding = _padding(operation) if padded else (0, 0)
    window = (kernel[0], kernel[1])
    suits = (
        images[-1] == kernel[-2] <= _MOST_CHANNELS
        and strides[0] == strides[1] <= _BLOCK
        and set(operation.get_attr("dilations")) == {1}
        and all(zeros < size for zeros, size in zip(padding, window, strict=True))
    )
    return ThinConvolution(window, strides[0], padding) if suits else None


def _padding(operation: Any) -> tuple[int, int]:
    kind = operation.get_attr("padding")
    if kind == b"EXPLICIT":
        above, left = operation.get_attr("explicit_paddings")[2:6:2]
        return above, left
    if kind == b"VALID":
        return 0, 0
    images, kernel = (one.shape.as_list() for one in operation.inputs)
    strides = operation.get_attr("strides")
    above, left = (
        same_padding(images[1 + axis], kernel[axis], strides[1 + axis]) for axis in (0, 1)
    )
    return above, left
