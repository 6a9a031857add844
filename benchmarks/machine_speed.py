"""How fast the machine is at what the engine mostly does, and how much of that there is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import Gradients
from tensorboard_plugin_convlens.engine.plan import Route
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows

_SHAPE, _KERNEL = (8, 56, 56, 256), (3, 3, 256, 256)
_REPETITIONS = 8


def convolution_speed(dtype: str) -> float:
    """FLOP per CPU second of a large transposed convolution, the best of several."""
    images, kernel = tf.ones(_SHAPE, dtype), tf.ones(_KERNEL, dtype)
    seconds = []
    for _ in range(_REPETITIONS):
        start = time.process_time()
        tf.raw_ops.Conv2DBackpropInput(
            input_sizes=_SHAPE,
            filter=kernel,
            out_backprop=images,
            strides=[1, 1, 1, 1],
            padding="SAME",
        ).numpy()
        seconds.append(time.process_time() - start)
    return 2.0 * float(np.prod(_SHAPE[:-1]) * np.prod(_KERNEL)) / min(seconds)


class DenseWork(NamedTuple):
    """FLOP of going back through every dense convolution.

    Attributes:
      windows: Of the whole windows.
      inside: Of the windows as far as they lie on the tensors.
    """

    windows: float
    inside: float


def dense_work(route: Route, blocks: Iterable[Gradients]) -> DenseWork:
    """The work for the live filters of a layer; both are the same for the whole frame."""
    windows = inside = 0.0
    for block in blocks:
        live = [index for index, values in enumerate(block.values) if values.any()]
        for one in route.path:
            if one.type == "Conv2D":
                each = 2.0 * float(np.prod(one.inputs[1].shape.as_list()))
                units = _units(route, one, block, live)
                windows, inside = windows + each * units[0], inside + each * units[1]
    return DenseWork(windows, inside)


def _units(
    route: Route, operation: tf.Operation, block: Gradients, live: Sequence[int]
) -> tuple[int, int]:
    """Units of the output for all live filters of a block: in windows, and on the tensor."""
    output = operation.outputs[0]
    if route.window_route is None or not block.cropped:
        frames = int(np.prod(output.shape.as_list()[1:3])) * len(live)
        return frames, frames
    windows = UnitWindows(
        route.window_route.windows[id(output)],
        route.window_route.lengths[id(output)],
        block.unit_row[live],
        block.unit_column[live],
    )
    rows, columns = (
        np.clip(start + size, 0, length) - np.clip(start, 0, length)
        for start, size, length in zip(
            windows.starts, windows.size, windows.lengths, strict=True
        )
    )
    return int(np.prod(windows.size)) * len(live), int((rows * columns).sum())
