"""Captured steps of a log directory, as tests about changes between them look at them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from tensorboard_plugin_convlens.recording.options import build_options
from tensorboard_plugin_convlens.recording.recorder import Recorder
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.writer import Writer

IMAGES = np.random.default_rng(0).normal(size=(24, 16, 16, 3)).astype(np.float32)
METHODS = ("activation", "guided", "kernel")


def recorder_of(model, log_dir, images=IMAGES[:2], *, methods=METHODS):
    writer = Writer(log_dir, run="train")
    options = build_options(None, methods, "max")
    return Recorder(model, images, build_shown_inputs(images), writer, options)


def small_model(*more):
    keras.utils.set_random_seed(9)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            *more,
            layers.Conv2D(4, 3, activation="relu", name="conv2"),
        ]
    )


def by_key(log_dir, step):
    reader = Reader(log_dir)
    graph = reader.model_graph("train", step)
    return {graph.layers[one.layer].key: one for one in reader.capture("train", step).layers}


def places(layer):
    """Where each picture of a layer lies."""
    return {(one.method, one.form, one.input): (one.pack, one.offset) for one in layer.sheets}


def statistic(layer, name):
    return next(one.values for one in layer.statistics if (one.name, one.input) == (name, None))


def plain_change(before, now):
    """1 - cosine per filter of two Keras kernels, in float64."""
    first, second = (
        np.moveaxis(one, -1, 0).reshape(one.shape[-1], -1).astype(np.float64)
        for one in (before, now)
    )
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return 1 - (first * second).sum(axis=1) / lengths
