"""Gradients of the channels of one layer, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.capture.differentiation import Differentiation
from tensorboard_plugin_convlens.capture.layout import Layout
from tensorboard_plugin_convlens.capture.plan import Route
from tensorboard_plugin_convlens.capture.vjp import Residuals
from tensorboard_plugin_convlens.core.records import FloatArray, Gradients, IntArray, Target

_BLOCK_BYTES = 1 << 26
"""About how large the largest cotangent of one block of filters may be."""

_LARGEST_BLOCK = 64


class FrameGradients:
    """Gradients over the whole input of the channels of one layer, for one image."""

    def __init__(
        self, differentiation: Differentiation, route: Route, residuals: Residuals, source: Any
    ) -> None:
        """`source`: the placeholder of the input that is differentiated."""
        self._differentiation = differentiation
        self._route = route
        self._residuals = residuals
        self._source = source

    def block_size(self) -> int:
        """How many channels to do at once."""
        largest = max(
            int(np.prod(one.shape.as_list()))
            for operation in self._route.path
            for one in operation.outputs[:1]
        )
        return int(np.clip(_BLOCK_BYTES // (4 * largest), 1, _LARGEST_BLOCK))

    def of_units(self, channels: IntArray, units: IntArray) -> FloatArray:
        """Gradient of one unit of each channel; `units`: flat places in the plane."""
        layout = self._route.convolution.layout
        size = int(np.prod(layout.plane))
        places = tf.one_hot(units, size, dtype=self._residuals.dtype)[:, :, None]
        return self._of(places * self._channels(channels)[:, None, :], layout)

    def of_sums(self, channels: IntArray) -> FloatArray:
        """Gradient of the sum over each channel's plane."""
        layout = self._route.convolution.layout
        size = int(np.prod(layout.plane))
        one = self._channels(channels)[:, None, :]
        return self._of(tf.broadcast_to(one, [len(channels), size, layout.channels]), layout)

    def _channels(self, channels: IntArray) -> Any:
        layout = self._route.convolution.layout
        return tf.one_hot(channels, layout.channels, dtype=self._residuals.dtype)

    def _of(self, cotangent: Any, layout: Layout) -> FloatArray:
        target = self._route.convolution.target
        seed = tf.expand_dims(layout.to_units(cotangent), 1)
        inputs = self._differentiation.pull_back(
            self._route.path, {id(target): seed}, self._residuals
        )
        gradient = inputs.get(id(self._source))
        shape = (cotangent.shape[0], *self._route.source_layout.shape)
        if gradient is None:
            return self._route.source_layout.to_picture(np.zeros(shape, np.float32))
        value = tf.reshape(tf.cast(gradient, tf.float32), shape).numpy()
        return self._route.source_layout.to_picture(value)


def stream_gradients(
    frame: FrameGradients,
    route: Route,
    maps: FloatArray,
    target: Target,
    channels: Sequence[int],
) -> Iterator[Gradients]:
    """Blocks of channels in the order given; channels without gradient cost nothing.

    Args:
      frame: Computes them.
      route: Of the layer.
      maps: `[channel, height, width]` of the layer.
      target: What is differentiated.
      channels: Which.
    """
    size = frame.block_size()
    order = np.asarray(channels, np.int32)
    flat = maps.reshape(maps.shape[0], -1)
    for start in range(0, len(order), size):
        block = order[start : start + size]
        units = np.argmax(np.nan_to_num(flat[block], nan=-np.inf), axis=1).astype(np.int32)
        alive = np.flatnonzero(~route.is_rectified | (flat[block] > 0).any(axis=1))
        values = np.zeros((len(block), *route.source_layout.plane,
                           route.source_layout.channels), np.float32)  # fmt: skip
        if len(alive):
            values[alive] = (
                frame.of_sums(block[alive])
                if target == "sum"
                else frame.of_units(block[alive], units[alive])
            )
        yield _to_record(block, values, units if target == "max" else None, route)


def _to_record(
    channels: IntArray, values: FloatArray, units: IntArray | None, route: Route
) -> Gradients:
    width = route.convolution.layout.plane[1]
    zeros = np.zeros(len(channels), np.int32)
    missing = np.full(len(channels), -1, np.int32)
    return Gradients(
        channels=tuple(int(one) for one in channels),
        values=values,
        top=zeros,
        left=zeros,
        unit_row=missing if units is None else units // width,
        unit_column=missing if units is None else units % width,
        cropped=False,
        source=route.source or 0,
    )
