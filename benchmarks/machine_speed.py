"""How fast the machine is at what the engine mostly does, and how much of that there is."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.capture.crop_place import Place
from tensorboard_plugin_convlens.capture.plan import Route
from tensorboard_plugin_convlens.core.records import Gradients

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


def dense_work(route: Route, block: Gradients) -> float:
    """FLOP of going back through every dense convolution, for a block of gradients.

    Of a crop, the windows count as far as they lie on the tensors: no dense method can do
    with less, and the engine's own, which does units together, does more at the border.
    """
    live = [index for index, values in enumerate(block.values) if values.any()]
    return sum(
        2.0 * float(np.prod(one.inputs[1].shape.as_list())) * _units(route, one, block, live)
        for one in route.path
        if one.type == "Conv2D"
    )


def _units(route: Route, operation: tf.Operation, block: Gradients, live: Sequence[int]) -> int:
    """Of the output, for all live filters of a block together."""
    output = operation.outputs[0]
    if route.crop is None or not block.cropped:
        return int(np.prod(output.shape.as_list()[1:3])) * len(live)
    place = Place(
        route.crop.planes[id(output)],
        route.crop.lengths[id(output)],
        block.unit_row[live],
        block.unit_column[live],
    )
    rows, columns = (
        np.clip(start + size, 0, length) - np.clip(start, 0, length)
        for start, size, length in zip(place.starts, place.size, place.lengths, strict=True)
    )
    return int((rows * columns).sum())
