"""Convolutions that TensorFlow differentiates on every processor, for the oracle.

TensorFlow's CPU has channels-first, grouped and dilated convolutions, and the gradients of
them, only with oneDNN, or compiled by XLA. These are made of plain ones, the slow way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import tensorflow as tf

_CONVOLUTION = tf.nn.convolution
_TRANSPOSED = tf.nn.conv_transpose
_DEPTHWISE = tf.nn.depthwise_conv2d

_LAST = {3: "NWC", 4: "NHWC", 5: "NDHWC"}


@contextlib.contextmanager
def plain_convolutions() -> Iterator[None]:
    """Replaces TensorFlow's functions for the whole process."""
    with (
        mock.patch.object(tf.nn, "convolution", convolution),
        mock.patch.object(tf.nn, "conv_transpose", conv_transpose),
        mock.patch.object(tf.nn, "depthwise_conv2d", depthwise_conv2d),
    ):
        yield


def convolution(
    images: Any, kernel: Any, strides: Any, padding: str, *, data_format: str, dilations: Any
) -> Any:
    """Computes `tf.nn.convolution`: channels last, one group after the other."""
    if data_format.startswith("NC"):
        images = _channels_to(images, -1)
    groups = images.shape[-1] // kernel.shape[-2]
    last = _LAST[kernel.shape.rank]
    parts = [
        _CONVOLUTION(part, filters, strides, padding, data_format=last, dilations=dilations)
        for part, filters in zip(
            tf.split(images, groups, -1), tf.split(kernel, groups, -1), strict=True
        )
    ]
    result = tf.concat(parts, -1)
    return _channels_to(result, 1) if data_format.startswith("NC") else result


def conv_transpose(
    images: Any, kernel: Any, output_shape: Any, strides: Any, **attributes: Any
) -> Any:
    """Computes `tf.nn.conv_transpose`: channels last, gaps of the kernel filled with zeros."""
    padding, data_format, rates = (
        attributes[name] for name in ("padding", "data_format", "dilations")
    )
    sizes = [int(size) for size in output_shape]
    if data_format.startswith("NC"):
        images, sizes = _channels_to(images, -1), [sizes[0], *sizes[2:], sizes[1]]
    axes = kernel.shape.rank - 2
    for axis, rate in enumerate([rates] * axes if isinstance(rates, int) else rates):
        kernel = _with_gaps(kernel, axis, rate)
    last = _LAST[kernel.shape.rank]
    result = _TRANSPOSED(images, kernel, sizes, strides, padding=padding, data_format=last)
    return _channels_to(result, 1) if data_format.startswith("NC") else result


def depthwise_conv2d(
    images: Any, kernel: Any, strides: Any, padding: str, *, data_format: str, dilations: Any
) -> Any:
    """Computes `tf.nn.depthwise_conv2d`; drops the units between unequal strides."""
    assert data_format == "NHWC"
    rows, columns = strides[1:3]
    if rows == columns:
        return _DEPTHWISE(images, kernel, strides, padding, dilations=dilations)
    assert padding == "VALID"
    every = _DEPTHWISE(images, kernel, [1, 1, 1, 1], padding, dilations=dilations)
    return every[:, ::rows, ::columns]


def _channels_to(tensor: Any, axis: int) -> Any:
    """Moves the channels from the second axis to the last, or back."""
    order = list(range(tensor.shape.rank))
    order.insert(order[axis], order.pop(1 if axis == -1 else -1))
    return tf.transpose(tensor, order)


def _with_gaps(kernel: Any, axis: int, rate: int) -> Any:
    """Puts `rate - 1` zeros between neighbors along an axis."""
    taps = tf.unstack(kernel, axis=axis)
    gap = [tf.zeros_like(taps[0])] * (rate - 1)
    spread = [one for tap in taps for one in (tap, *gap)]
    return tf.stack(spread[: len(spread) - len(gap)], axis)
