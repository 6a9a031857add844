"""Convolutions that the graph only calls are named, never lost in silence."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine


class OneByOne(layers.Layer):
    """Convolves the images of a batch one after the other."""

    def __init__(self):
        super().__init__(name="one_by_one")
        self.convolution = layers.Conv2D(4, 3)

    def build(self, shape):
        self.convolution.build(shape)
        self.built = True

    def call(self, images):
        return tf.map_fn(lambda image: self.convolution(image[None])[0], images)


class Doubled(layers.Layer):
    """A loop without a convolution."""

    def call(self, images):
        return tf.map_fn(lambda image: image * 2, images)


def engine_of(between):
    image = keras.Input((16, 16, 3))
    model = keras.Model(image, layers.Conv2D(3, 3, name="last")(between(image)))
    return Engine(model, np.zeros((1, 16, 16, 3), np.float32))


def reasons(engine, key):
    return [one.reason for one in engine.skipped if one.what == key]


def test_a_convolution_inside_a_loop_is_named():
    engine = engine_of(OneByOne())
    (reason,) = reasons(engine, "one_by_one")
    assert "inside a loop or branch" in reason


def test_convolutions_outside_the_loop_are_still_captured():
    engine = engine_of(OneByOne())
    assert [engine.graph.layers[one].key for one in engine.convolutions] == ["last"]


def test_a_loop_without_convolutions_is_not_named():
    assert reasons(engine_of(Doubled(name="doubled")), "doubled") == []


def test_a_loop_that_counts_keeps_no_layer_from_being_captured():
    def halved(images):
        def turn(count, value):
            return count + 1, value * 0.5

        return tf.while_loop(lambda count, _: count < 3, turn, (0, images))[1]

    engine = engine_of(
        keras.Sequential(
            [
                layers.Conv2D(4, 3, activation="relu", name="first"),
                layers.Lambda(halved, output_shape=(14, 14, 4)),
            ],
            name="between",
        )
    )
    keys = [engine.graph.layers[layer].key for layer in engine.convolutions]
    assert keys == ["between/first", "last"]
    image = np.random.default_rng(0).random((1, 16, 16, 3), np.float32)
    forward = engine.run(image)
    first, last = (forward.maps(layer) for layer in engine.convolutions)
    kernels = forward.kernels(engine.convolutions[1])
    patch = first[:, :3, :3] * 0.5**3
    expected = (kernels * patch).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(last[:, 0, 0], expected, rtol=1e-4)
