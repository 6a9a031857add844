"""Ways in which guided backpropagation silently goes wrong elsewhere, and not here."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.capture.engine import Engine
from tensorboard_plugin_convlens.capture.functions import guided_gradients, to_frame
from tests.capture import model_zoo
from tests.oracle import Oracle

IMAGE = np.random.default_rng(2).normal(size=(1, 32, 32, 3)).astype(np.float32)


def engine_of(model):
    return Engine(model, IMAGE, precision="float32")


def all_gradients(forward, layer, **options):
    blocks = forward.gradients(layer, **options)
    return np.concatenate([to_frame(block, 32, 32) for block in blocks])


def naive_guided_gradient(model, image, override):
    """As often found on the web: an overridden gradient under a tape."""

    @tf.RegisterGradient(override)
    def guided(operation, upstream):
        return tf.nn.relu(upstream) * tf.cast(operation.outputs[0] > 0, upstream.dtype)

    @tf.function
    def gradient(pixels):
        with (
            tf.compat.v1.get_default_graph().gradient_override_map({"Relu": override}),
            tf.GradientTape() as tape,
        ):
            tape.watch(pixels)
            total = tf.reduce_sum(model(pixels)[..., 0])
        return tape.gradient(total, pixels)

    return np.asarray(gradient(tf.constant(image)))


def test_an_overridden_gradient_under_a_tape_is_plain_and_ours_is_guided():
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(4, 3, activation="relu", name="last"),
        ]
    )
    naive = naive_guided_gradient(model, IMAGE, "NaiveGuidedRelu")
    plain = Oracle(model, IMAGE, guided=False).gradient(1, 0, target="sum")
    guided = Oracle(model, IMAGE).gradient(1, 0, target="sum")
    np.testing.assert_allclose(naive, plain, atol=1e-5)
    assert abs(naive - guided).max() > 0.1 * abs(guided).max()
    ours = guided_gradients(model, IMAGE, "last", [0], target="sum")[0]
    np.testing.assert_allclose(ours, guided, atol=1e-5 * abs(guided).max())


def test_a_cloned_model_misses_a_nested_backbone_and_ours_does_not():
    model = model_zoo.nested()
    changed = keras.models.clone_model(model)
    changed.set_weights(model.get_weights())
    replaced = [
        one
        for one in changed.layers
        if getattr(one, "activation", None) is keras.activations.relu
    ]
    assert [one.name for one in replaced] == ["top"]
    engine = engine_of(model)
    assert engine.guidance(engine.convolutions[-1]).guided == 3


def test_the_mirrored_half_of_a_prelu_is_not_gated():
    image = keras.Input((32, 32, 3))
    x = layers.PReLU("uniform")(layers.Conv2D(4, 3)(image))
    model = keras.Model(image, layers.Conv2D(4, 3, name="last")(x))
    engine = engine_of(model)
    layer = engine.convolutions[-1]
    forward = engine.run(IMAGE)
    guided = all_gradients(forward, layer)
    plain = all_gradients(forward, layer, method="gradient")
    np.testing.assert_array_equal(guided, plain)
    assert engine.guidance(layer).ungated == ("prelu",)


def test_a_concatenated_rectifier_of_both_signs_is_gated():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3)(image)
    both = layers.Concatenate()([layers.ReLU()(x), layers.ReLU()(-x)])
    model = keras.Model(image, layers.Conv2D(4, 3, name="last")(both))
    engine, oracle = engine_of(model), Oracle(model, IMAGE)
    assert engine.guidance(engine.convolutions[-1]).guided == 2
    expected = oracle.gradient(1, 0, target="sum")
    ours = guided_gradients(model, IMAGE, "last", [0], target="sum")[0]
    np.testing.assert_allclose(ours, expected, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize(
    "build", [model_zoo.functional, model_zoo.nested, model_zoo.compiled, model_zoo.gated]
)
@pytest.mark.parametrize("target", ["max", "sum"])
def test_plain_gradients_stay_plain_after_guided_ones(build, target):
    model = build()
    engine, oracle = engine_of(model), Oracle(model, IMAGE, guided=False)
    forward, layer = engine.run(IMAGE), engine.convolutions[-1]
    list(forward.gradients(layer, target=target))
    ours = all_gradients(forward, layer, method="gradient", target=target)
    for channel in range(2):
        expected = oracle.gradient(len(oracle.maps) - 1, channel, target=target)
        np.testing.assert_allclose(
            ours[channel], expected[0], rtol=0, atol=1e-5 * abs(expected).max()
        )
