"""Whole captures of one network in a process of its own: prints a line of JSON.

python -m benchmarks.capture_measurement resnet50_96
"""

from __future__ import annotations

import cProfile
import dataclasses
import json
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens import CaptureSession

_REPETITIONS = 5
_STEPS = 4
_PACKAGE = "tensorboard_plugin_convlens"
_SHOWN = 16


@dataclass(frozen=True)
class Network:
    """A network with random weights: what a capture takes does not depend on them."""

    title: str
    load: Callable[[], keras.Model]
    images: int


@dataclass(frozen=True)
class Figures:
    """CPU seconds; `parts`: (function, with all that it calls) of a step, largest first."""

    forward: float
    changed: float
    unchanged: float
    parts: list[tuple[str, float]]


def small() -> keras.Model:
    """Six convolutions of 32 to 128 filters with BatchNormalization, for 32 by 32 pixels."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters in (32, 64, 128):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(layers.BatchNormalization())
            model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(10, activation="softmax"))
    return model


def resnet50(side: int) -> keras.Model:
    """Prepared for fine-tuning: five classes."""
    trunk = keras.applications.ResNet50(
        weights=None, include_top=False, pooling="avg", input_shape=(side, side, 3)
    )
    return keras.Model(trunk.input, keras.layers.Dense(5, "softmax")(trunk.output))


NETWORKS = {
    "small": Network("CNN of 6 layers, 32 px, 4 images", small, 4),
    "vgg16": Network(
        "VGG16, 224 px, 1 image", lambda: keras.applications.VGG16(weights=None), 1
    ),
    "resnet50": Network("ResNet50, 224 px, 4 images", lambda: resnet50(224), 4),
    "resnet50_96": Network("ResNet50, 96 px, 4 images", lambda: resnet50(96), 4),
}


def measure(network: Network) -> Figures:
    """Forward passes first, then steps of a session."""
    keras.utils.set_random_seed(0)
    model = network.load()
    shape = (network.images, *model.input_shape[1:])
    images = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    compiled = tf.function(lambda image: model(image, training=False))

    def forward() -> None:
        for index in range(len(images)):
            compiled(images[index : index + 1])

    forward()
    seconds = min(_seconds(forward) for _ in range(_REPETITIONS))
    with tempfile.TemporaryDirectory() as log_dir:
        session = CaptureSession(model, images, log_dir, methods=("activation", "kernel"))
        session.capture(0)
        changed, unchanged = [], []
        for step in range(1, _STEPS):
            _change_weights(model)
            changed.append(_seconds(partial(session.capture, 2 * step)))
            unchanged.append(_seconds(partial(session.capture, 2 * step + 1)))
        _change_weights(model)
        profile = cProfile.Profile(time.process_time)
        profile.runcall(session.capture, 2 * _STEPS)
    return Figures(seconds, min(changed), min(unchanged), _parts(profile))


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _change_weights(model: keras.Model) -> None:
    for variable in model.trainable_variables:
        variable.assign(variable * 1.001)


def _parts(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """The package's functions that take longest, with all that they call."""
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # Not in its stubs.
    found = [
        (f"{file.rpartition(_PACKAGE)[2].lstrip('/')}: {name}", seconds)
        for (file, _, name), (_, _, _, seconds, _) in stats.items()
        if _PACKAGE in file
    ]
    return sorted(found, key=lambda one: -one[1])[:_SHOWN]


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(measure(NETWORKS[sys.argv[1]]))))
