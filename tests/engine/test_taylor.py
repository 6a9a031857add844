"""The Taylor criterion, against TensorFlow's own tape."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine

IMAGE = np.random.default_rng(4).normal(size=(1, 16, 16, 3)).astype(np.float32)


def network(**options):
    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, name="first", **options)(image)
    x = layers.ReLU(name="rectified")(layers.BatchNormalization()(x))
    # Few input channels: their way back lies in another form.
    x = layers.Conv2D(3, 1, name="narrow")(x)
    x = layers.Conv2D(4, 3, name="last", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="kind")(x))


def by_a_tape(model, name):
    part = keras.Model(model.input, [model.get_layer(name).output, model.output])
    rest = model.layers[model.layers.index(model.get_layer(name)) + 1 :]
    maps = part(IMAGE)[0]
    with tf.GradientTape() as tape:
        tape.watch(maps)
        x = maps
        for layer in rest:
            x = layer(x)
        loss = tf.math.log(tf.reduce_max(x))
    gradient = tape.gradient(loss, maps)
    return np.abs((maps.numpy() * gradient.numpy()).mean(axis=(0, 1, 2)))


def criterion(engine, key, stage):
    layer = next(one for one in engine.convolutions if engine.graph.layers[one].key == key)
    found = engine.run(IMAGE).statistics_of_maps(layer)
    return next(one.values for one in found if (one.name, one.stage) == ("taylor", stage))


@pytest.mark.parametrize("options", [{}, {"strides": 2}, {"dilation_rate": 2}])
def test_it_is_that_of_a_tape_before_and_after_the_activation_function(options):
    model = network(**options)
    engine = Engine(model, IMAGE)
    for key, stage, name in (
        ("first", "before", "first"),
        ("first", "after", "rectified"),
        ("last", "after", "last"),
    ):
        expected = by_a_tape(model, name)
        found = criterion(engine, key, stage)
        np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())
