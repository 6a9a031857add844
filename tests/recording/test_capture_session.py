"""Captures in a training loop of one's own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tensorboard_plugin_convlens import CaptureSession, Reader, capture
from tensorboard_plugin_convlens.core.errors import InputError

IMAGES = np.random.default_rng(0).normal(size=(12, 8, 8, 3)).astype(np.float32)
CLASSES = np.arange(12) % 3


def build_model():
    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def update(model, optimizer):
    """One update by a gradient tape, as in a loop without `fit`."""
    weights = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(CLASSES, model(IMAGES))
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))


def test_every_capture_says_how_much_the_filters_changed_since_the_one_before(tmp_path):
    model, optimizer = build_model(), keras.optimizers.SGD(0.5)
    session = CaptureSession(model, IMAGES[:2], tmp_path)
    kernels = []
    for step in range(3):
        session.capture(step)
        kernels.append(model.get_layer("conv").kernel.numpy().reshape(-1, 4))
        update(model, optimizer)

    reader = Reader(tmp_path)
    for step in (1, 2):
        one, other = kernels[step - 1], kernels[step]
        norms = np.linalg.norm(one, axis=0) * np.linalg.norm(other, axis=0)
        expected = 1 - (one * other).sum(axis=0) / norms
        np.testing.assert_allclose(
            reader.statistics(".", step, "conv")["kernel_change"], expected, atol=1e-6
        )


def test_its_pictures_are_those_of_the_function_capture(tmp_path):
    model = build_model()
    CaptureSession(model, IMAGES[:2], tmp_path, run="session").capture(7)
    capture(model, IMAGES[:2], tmp_path, run="function", step=7)

    reader = Reader(tmp_path)
    np.testing.assert_array_equal(
        reader.feature_maps("session", 7, "conv"), reader.feature_maps("function", 7, "conv")
    )


def test_parts_that_cannot_be_captured_are_reported_before_the_loop_begins(tmp_path):
    with pytest.raises(InputError, match="target must be"):
        CaptureSession(build_model(), IMAGES[:2], tmp_path, target="mean")
