"""Pooling right behind a rectifier is gone back through in one step, and nobody can tell."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import to_frame
from tests.oracle import Oracle

SIZE = 41
IMAGE = np.random.default_rng(5).normal(size=(1, SIZE, SIZE, 3)).astype(np.float32)


def pooled(activation, **pooling):
    """A rectifier, pooling and two more convolutions."""
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(16, 3, activation=activation, padding="same")(image)
    x = layers.MaxPooling2D(2, **pooling)(x)
    x = layers.Conv2D(16, 3, activation="relu")(x)
    return keras.Model(image, layers.Conv2D(4, 3)(x))


def read_twice():
    """What the pooling reads, another layer reads too: the rectifier stands by itself."""
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(16, 3, activation="relu", padding="same")(image)
    left = layers.Conv2D(16, 3)(layers.MaxPooling2D(2)(x))
    right = layers.Conv2D(16, 3)(layers.Conv2D(16, 3, strides=2)(x))
    return keras.Model(image, layers.Conv2D(4, 3)(layers.Add()([left, right])))


MODELS = {
    "ReLU": lambda: pooled("relu"),
    "ReLU6": lambda: pooled("relu6"),
    "same padding": lambda: pooled("relu", padding="same"),
    "no rectifier": lambda: pooled("gelu"),
    "read twice": read_twice,
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("method", ["guided", "gradient"])
def test_gradients_of_single_units_equal_the_oracle(build, method):
    keras.utils.set_random_seed(6)
    model = build()
    first = model.layers[1]
    kernel, bias = first.get_weights()
    # Wide enough that some units reach the limit of six.
    first.set_weights([kernel * 12, bias - 1])
    engine = Engine(model, IMAGE, precision="float32")
    oracle = Oracle(model, IMAGE, guided=method == "guided")
    forward = engine.run(IMAGE)
    block = next(forward.gradients(engine.convolutions[-1], method=method))
    for channel, found in enumerate(to_frame(block, SIZE, SIZE)):
        expected = oracle.gradient(len(engine.convolutions) - 1, channel, target="max")[0]
        assert abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


def test_the_gradients_were_taken_in_windows():
    engine = Engine(pooled("relu"), IMAGE, precision="float32")
    assert next(engine.run(IMAGE).gradients(engine.convolutions[-1])).cropped
