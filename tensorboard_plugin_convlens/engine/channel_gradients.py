"""Gradients of the channels of one layer, block by block.

The gradient of a target is a pass back that begins with a cotangent of one at the target
(`seed`). For the sum of channel c's feature map, the seed is 1 at every place of channel c and
0 in all other channels; for the strongest unit, 1 at that unit alone:

    seed [filter, 1, 56, 56, 256]  ─ back ─►  [filter, 1, 224, 224, 3]  ─►  pictures

The strongest unit goes back through windows where these are less work (`cost.py`); a seed is
then `[filter, 1, 1, 1, 256]`. Where the layer ends in a rectifier, a channel without any
positive unit has the gradient zero, and is not computed.

Channels come in blocks, so that memory does not depend on how many a layer has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import FloatArray, Gradients, IntArray, Target
from tensorboard_plugin_convlens.engine.backward.backward_pass import Differentiation
from tensorboard_plugin_convlens.engine.plan import Route
from tensorboard_plugin_convlens.engine.residuals.active_residuals import ActiveResiduals
from tensorboard_plugin_convlens.engine.windows.windowed_pass import (
    largest_power,
    tops_and_lefts,
    windowed_gradients,
)
from tensorboard_plugin_convlens.tracing.types import Value

_BLOCK_BYTES = 1 << 25
"""The approximate limit of the pictures of one block."""

_MOST_FILTERS = 256
"""That start together."""


class GradientStream:
    """Gradients of one layer at one image, by the cheapest way."""

    def __init__(
        self,
        differentiation: Differentiation,
        route: Route,
        residuals: ActiveResiduals,
        maps: FloatArray,
        target: Target,
    ) -> None:
        """`maps`: `[channel, height, width]` of the layer."""
        self._differentiation = differentiation
        self._route = route
        self._residuals = residuals
        self._target = target
        self._maps = maps.reshape(maps.shape[0], -1)
        self._window_route = route.window_route if target == "max" else None

    def blocks(self, channels: Sequence[int]) -> Iterator[Gradients]:
        """Blocks of channels in the order given; channels without gradient cost nothing."""
        height, width, depth = self._picture_shape()
        size = largest_power(max(1, _BLOCK_BYTES // (4 * height * width * depth)))
        order = np.asarray(channels, np.int32)
        for start in range(0, len(order), size):
            yield self._block(order[start : start + size])

    def _picture_shape(self) -> tuple[int, int, int]:
        layout = self._route.source_layout
        if self._window_route is None:
            return (*layout.plane, layout.channels)
        rows, columns = self._window_route.windows[id(self._window_route.source)]
        return rows.size, columns.size, layout.channels

    def _block(self, channels: IntArray) -> Gradients:
        maps = self._maps[channels]
        # `argmax` would choose a NaN.
        strongest = np.where(np.isnan(maps), -np.inf, maps).argmax(axis=1).astype(np.int32)
        alive = np.flatnonzero((maps > 0).any(axis=1) | (not self._route.is_rectified))
        values = np.zeros((len(channels), *self._picture_shape()), np.float32)
        for start in range(0, len(alive), _MOST_FILTERS):
            chosen = alive[start : start + _MOST_FILTERS]
            values[chosen] = self._values(channels[chosen], strongest[chosen])
        return self._record(channels, values, strongest)

    def _values(self, channels: IntArray, units: IntArray) -> FloatArray:
        residuals = self._residuals.beginning_at(self._route.convolution.target, channels)
        if self._window_route is None:
            return self._frame(self._seed(channels, units, residuals), residuals)
        width = self._route.convolution.layout.plane[1]
        places = (units // width, units % width)
        most = self._differentiation.most_elements
        return windowed_gradients(self._window_route, residuals, channels, places, most)

    def _seed(self, channels: IntArray, units: IntArray, residuals: ActiveResiduals) -> Value:
        """`[filter, 1, *shape]`: ones at the units, or all over the planes."""
        target, layout = self._route.convolution.target, self._route.convolution.layout
        size = int(np.prod(layout.plane))
        ones = residuals.one_hot(target, channels, layout.channels)[:, None, :]
        if self._target == "sum":
            filled = tf.broadcast_to(ones, [len(channels), size, ones.shape[-1]])
        else:
            filled = ones * tf.one_hot(units, size, dtype=ones.dtype)[:, :, None]
        return tf.expand_dims(layout.to_units(filled), 1)

    def _frame(self, seed: Value, residuals: ActiveResiduals) -> FloatArray:
        route, source = self._route, self._route.source_tensor
        gradient = self._differentiation.gradient_in_parts(
            route.path, {id(route.convolution.target): seed}, residuals, source
        )
        shape = (seed.shape[0], *route.source_layout.shape)
        value = np.zeros(shape) if gradient is None else np.asarray(gradient).reshape(shape)
        return route.source_layout.to_picture(value)

    def _record(self, channels: IntArray, values: FloatArray, units: IntArray) -> Gradients:
        width = self._route.convolution.layout.plane[1]
        rows, columns = units // width, units % width
        top = left = np.zeros(len(channels), np.int32)
        if self._window_route is not None:
            top, left = tops_and_lefts(self._window_route, rows, columns)
        if self._target == "sum":
            rows = columns = np.full(len(channels), -1, np.int32)
        return Gradients(
            channels=tuple(int(channel) for channel in channels),
            values=values,
            top=top,
            left=left,
            unit_row=rows,
            unit_column=columns,
            cropped=self._window_route is not None,
            source=self._route.source or 0,
        )
