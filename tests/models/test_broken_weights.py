"""Weights that are not numbers must be seen, not hidden."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from tensorboard_plugin_convlens.engine.functions import feature_maps
from tensorboard_plugin_convlens.tracing import internals


def test_a_rectified_filter_with_nan_weights_does_not_look_silent():
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Conv2D(4, 3, activation="relu", name="conv")]
    )
    weights = model.get_weights()
    weights[0][..., 2] = np.nan
    model.set_weights(weights)
    image = np.random.default_rng(0).random((1, 12, 12, 3)).astype(np.float32)

    maps = feature_maps(model, image, "conv")

    assert np.isnan(maps[0, 2]).all()
    assert np.isfinite(np.delete(maps[0], 2, axis=0)).all()


def test_fusion_is_switched_off_for_this_thread_and_only_for_a_while():
    kernel = tf.Variable(np.full((3, 3, 3, 16), np.nan, np.float32))
    bias = tf.Variable(np.zeros(16, np.float32))

    @tf.function
    def fused(image):
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(image, kernel, 1, "VALID"), bias))

    image = tf.ones((1, 12, 12, 3))
    before = context.context().function_call_options
    with internals.adapted_graphs():
        assert np.isnan(fused(image)).all()
    assert context.context().function_call_options is before
