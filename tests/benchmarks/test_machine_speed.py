"""The dense work that the engine's time is measured against."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import layers

from benchmarks.machine_speed import DenseWork, dense_work
from tensorboard_plugin_convlens.engine.engine import Engine

IMAGE = np.random.default_rng(8).normal(size=(1, 64, 64, 3)).astype(np.float32)
# FLOP of one place: of the first layer's kernel, and of the second's.
FIRST, SECOND = 2 * 3 * 3 * 3 * 4, 2 * 3 * 3 * 4 * 5


def blocks_of(target):
    """(route, gradients) of the second of two convolutions."""
    keras.utils.set_random_seed(1)
    first = layers.Conv2D(4, 3, padding="same", activation="relu")
    second = layers.Conv2D(5, 3, padding="same")
    engine = Engine(keras.Sequential([keras.Input((64, 64, 3)), first, second]), IMAGE)
    layer = engine.convolutions[1]
    return engine._plan.routes[layer], list(engine.run(IMAGE).gradients(layer, target=target))


def test_every_place_of_whole_frames_counts():
    route, blocks = blocks_of("sum")
    work = 5 * 64 * 64 * (FIRST + SECOND)
    assert dense_work(route, blocks) == DenseWork(work, work)


def test_units_of_windows_beyond_the_border_are_recognized():
    route, blocks = blocks_of("max")
    corners = [
        dataclasses.replace(
            one,
            unit_row=np.zeros_like(one.unit_row),
            unit_column=np.full_like(one.unit_column, 63),
        )
        for one in blocks
    ]
    assert all(one.cropped for one in corners)
    windows, inside = 5 * (9 * FIRST + SECOND), 5 * (4 * FIRST + SECOND)
    assert dense_work(route, corners) == DenseWork(windows, inside)


def test_filters_without_gradient_do_not_count():
    route, blocks = blocks_of("max")
    silent = [dataclasses.replace(one, values=np.zeros_like(one.values)) for one in blocks]
    assert dense_work(route, silent) == DenseWork(0, 0)
