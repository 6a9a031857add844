"""Converts between Keras' order of axes and `channel, height, width`.

A picture is a plane of one channel. Where the channels are depends on `data_format`, and how
many spatial axes there are on the layer:

    Conv2D, channels last      [height, width, channel]         channel_axis 2
    Conv2D, channels first     [channel, height, width]         channel_axis 0
    Conv1D                     [time, channel]                  planes 1 x time
    Conv3D                     [depth, height, width, channel]  planes (depth * height) x width
    TimeDistributed(Conv2D)    [time, height, width, channel]   planes (time * height) x width
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.tracing.types import Tensor, Value

_TURNED = 1 << 14
"""Numbers that are rearranged at once: 64 KiB."""
_FEWEST_UNITS = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tensor of one image is a stack of planes.

    Attributes:
      shape: Shape of the tensor, without the batch axis.
      channel_axis: Its index in `shape`; None if there is no axis of channels.
    """

    shape: tuple[int, ...]
    channel_axis: int | None

    @property
    def channels(self) -> int:
        """Number of planes."""
        return 1 if self.channel_axis is None else self.shape[self.channel_axis]

    @property
    def spatial(self) -> tuple[int, ...]:
        """The shape without the channels."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.channel_axis)

    @property
    def plane(self) -> tuple[int, int]:
        """`(height, width)`: one row for one axis; further axes are stacked along height."""
        sizes = self.spatial
        return (int(np.prod(sizes[:-1])), sizes[-1]) if sizes else (1, 1)

    def to_planes(self, value: Value) -> FloatArray:
        """`[n, *shape]` → `[n, channel, height, width]`; TensorFlow's or NumPy's."""
        array = np.asarray(value)
        images = len(array)
        if self.channel_axis is None:
            planes = array
        elif self.channel_axis == len(self.shape) - 1:
            planes = np.empty((images, self.channels, *self.plane), np.float32)
            for image, units in zip(planes, array, strict=True):
                _turn(units.reshape(-1, self.channels), image.reshape(self.channels, -1))
        else:
            planes = np.moveaxis(array, self.channel_axis + 1, 1)
        planes = planes.reshape(images, self.channels, *self.plane)
        result: FloatArray = np.ascontiguousarray(planes, np.float32)
        return result

    def to_picture(self, value: NDArray[Any]) -> FloatArray:
        """`[n, *shape]` → `[n, height, width, channel]`."""
        last = (
            value[..., None]
            if self.channel_axis is None
            else np.moveaxis(value, self.channel_axis + 1, -1)
        )
        picture = last.reshape(value.shape[0], *self.plane, self.channels)
        result: FloatArray = np.ascontiguousarray(picture, np.float32)
        return result

    def to_units(self, cotangent: Value) -> Value:
        """A tensor `[n, units of a plane, channel]` → `[n, *shape]`, or of some channels."""
        last = tf.reshape(cotangent, [-1, *self.spatial, cotangent.shape[-1]])
        if self.channel_axis is None:
            return tf.squeeze(last, -1)
        rank = len(self.shape)
        order = [0, *range(1, rank)]
        order.insert(self.channel_axis + 1, rank)
        return last if self.channel_axis == rank - 1 else tf.transpose(last, order)


def _turn(units: NDArray[Any], planes: FloatArray) -> None:
    """`[unit, channel]` into `[channel, unit]`, in parts that the processor's cache holds.

    In a third of the time that NumPy takes for all at once, and TensorFlow with its threads.
    """
    rows = max(_FEWEST_UNITS, _TURNED // max(units.shape[1], 1))
    for start in range(0, len(units), rows):
        planes[:, start : start + rows] = units[start : start + rows].T


def feature_layout(tensor: Tensor, channels_first: bool, spatial_axes: int) -> Layout:
    """Layout of the output of a convolution with this number of spatial axes.

    With channels first, axes before the channels (`TimeDistributed`) stay in front.
    """
    shape = tuple(int(size) for size in tensor.shape[1:])
    axis = len(shape) - 1 - spatial_axes if channels_first else len(shape) - 1
    return Layout(shape, max(axis, 0))


def input_layout(tensor: Tensor, channels_first: bool, spatial_axes: int) -> Layout:
    """Layout of an input that a convolution with this number of spatial axes reads."""
    shape = tuple(int(size) for size in tensor.shape[1:])
    if len(shape) <= spatial_axes:
        return Layout(shape, None)
    return feature_layout(tensor, channels_first, spatial_axes)
