"""Gradients of convolutions with few channels, such as the first of a network.

Processors convolve sixteen channels at once. For a gradient of three, most of that is idle: at
VGG16's first layer, convolutions take seven times as long as the same work elsewhere. So each
place of a convolution computes a block of 2 by 2 units of the gradient, twelve numbers, which
are laid out afterwards: the sub-pixel convolution of Shi et al. 2016, arXiv 1609.05158. It
takes 0.4 to 0.6 of the time at stride 1, 0.6 to all of it at stride 2. See
docs/decisions/0037.

Along one axis, with stride s, p zeros in front and a kernel w of length k, the gradient is

    dx[q] = Σ_r  w[q - s·r + p] · g[r]                             w[t] = 0 outside 0 ≤ t < k

Write `q = 2·b + u`: block b, unit u = 0 or 1 in it. Places are counted from the block's first
one, `r = (2/s)·b + j`. The taps then no longer depend on b:

    dx[2·b + u] = Σ_j  w[u + p - s·j] · g[(2/s)·b + j]

That is a plain convolution of g with stride 2/s, which has one output per unit u of a block,
with the kernel `v[j, u] = w[u + p - s·j]`. Index j runs over those for which a tap exists,
from `-(k - 1 - p) // s` to `(1 + p) // s`. For k = 3, p = 1, s = 1: j = -1, 0, 1, 2 and

    v[:, 0] = w[2], w[1], w[0], 0          v[:, 1] = 0, w[2], w[1], w[0]

In two dimensions, for VGG16's first layer: the kernel `[3, 3, 3, 64]` becomes `[4, 4, 64, 12]`,
g `[n, 224, 224, 64]` gives blocks `[n, 112, 112, 12]`, and `depth_to_space` lays them out as
`[n, 224, 224, 3]`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.pictures.receptive_field import same_padding
from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.tracing.types import Operation, Value

_BLOCK = 2
"""Units of a block along either axis."""

_MOST_CHANNELS = 4
"""The most channels of a convolution that is computed by blocks: sixteen numbers a block."""


@dataclass(frozen=True)
class SubpixelConvolution:
    """A convolution of few channels.

    Attributes:
      window: (height, width) of its kernel.
      stride: Along both axes, 1 or 2.
      padding: Zeros above and left of the images, less than the window.
    """

    window: tuple[int, int]
    stride: int
    padding: tuple[int, int]

    def kernel(self, kernel: Value) -> Value:
        """`[height, width, channel, filter]` → `[rows, columns, filter, 2 * 2 * channel]`."""
        rows, columns = (self._taps(axis) for axis in (0, 1))
        # What no tap of the kernel reaches gets a zero from behind its end.
        filled = tf.pad(kernel, [(0, 1), (0, 1), (0, 0), (0, 0)])
        # [row, u, column, v, channel, filter] → [row, column, filter, u, v, channel]. The last
        # three are one axis then, in the order in which `depth_to_space` takes them.
        blocks = tf.gather(tf.gather(filled, rows, axis=0), columns, axis=2)
        blocks = tf.transpose(blocks, [0, 2, 5, 1, 3, 4])
        return tf.reshape(blocks, [*blocks.shape[:3], -1])

    def gradient(self, size: tuple[int, int], kernel: Value, cotangent: Value) -> Value:
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
        # Images of an odd size have half a block at the end.
        return tf.nn.depth_to_space(blocks, _BLOCK)[:, :height, :width]

    def _before(self, axis: int) -> int:
        """Units of the cotangent before a block that its first unit still depends on."""
        return (self.window[axis] - 1 - self.padding[axis]) // self.stride

    def _taps(self, axis: int) -> IntArray:
        """`[place, unit of a block]`: which tap of the kernel leads there, or its length."""
        before, size = self._before(axis), self.window[axis]
        last = (_BLOCK - 1 + self.padding[axis]) // self.stride
        places = np.arange(-before, last + 1, dtype=np.int32)[:, None]
        # u + p - s·j; whatever leads past an end of the kernel is its length: a zero.
        taps = np.arange(_BLOCK, dtype=np.int32) + self.padding[axis] - self.stride * places
        return np.where((taps >= 0) & (taps < size), taps, size)

    def _margins(self, axis: int, length: int, have: int) -> tuple[int, int]:
        """Zeros before and after a cotangent, for blocks all over the images."""
        # The last block looks from (blocks - 1)·2/s - before as far as the kernel is long.
        before, blocks = self._before(axis), -(-length // _BLOCK)
        reach = (blocks - 1) * (_BLOCK // self.stride) + len(self._taps(axis))
        return before, max(0, reach - before - have)


def subpixel_convolution(operation: Operation, *, padded: bool) -> SubpixelConvolution | None:
    """The convolution as a subpixel one, if it is one.

    Args:
      operation: An operation of a trace.
      padded: Whether its padding counts; else the images have it already.
    """
    if operation.type != "Conv2D" or operation.get_attr("data_format") != b"NHWC":
        return None
    images, kernel = (tensor.shape.as_list() for tensor in operation.inputs)
    strides = operation.get_attr("strides")[1:3]
    padding = _padding(operation) if padded else (0, 0)
    window = (kernel[0], kernel[1])
    suits = (
        images[-1] == kernel[-2] <= _MOST_CHANNELS
        and strides[0] == strides[1] <= _BLOCK
        and set(operation.get_attr("dilations")) == {1}
        and all(zeros < size for zeros, size in zip(padding, window, strict=True))
    )
    return SubpixelConvolution(window, strides[0], padding) if suits else None


def _padding(operation: Operation) -> tuple[int, int]:
    kind = operation.get_attr("padding")
    if kind == b"EXPLICIT":
        above, left = operation.get_attr("explicit_paddings")[2:6:2]
        return above, left
    if kind == b"VALID":
        return 0, 0
    images, kernel = (tensor.shape.as_list() for tensor in operation.inputs)
    strides = operation.get_attr("strides")
    above, left = (
        same_padding(images[1 + axis], kernel[axis], strides[1 + axis]) for axis in (0, 1)
    )
    return above, left
