"""Functions with gradients of their own: guided where they are what they say, counted else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens import guided_gradients
from tensorboard_plugin_convlens.engine.engine import Engine
from tests.models import unusual_models

IMAGE = np.random.default_rng(5).normal(size=(1, 16, 16, 3)).astype(np.float32)


def guidance(model: keras.Model) -> Any:
    engine = Engine(model, IMAGE, precision="float32")
    return engine.guidance(engine.convolutions[-1])


@pytest.mark.parametrize(
    "around", [tf.recompute_grad, unusual_models.twice, unusual_models.by_hand]
)
def test_checkpointing_costs_no_more_than_a_network_without_it(around):
    with_, without = (unusual_models.blocks(one)() for one in (around, None))
    routes = [Engine(one, IMAGE)._plan.routes for one in (with_, without)]
    kinds = [[[op.type for op in one.path] for one in each.values()] for each in routes]
    assert "IdentityN" not in str(kinds[0])
    crops = [[one.window_route is None for one in each.values()] for each in routes]
    assert crops[0] == crops[1]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_checkpointed_blocks_are_guided_whatever_their_weights_are(value):
    model = unusual_models.blocks(tf.recompute_grad)()
    for variable in model.weights:
        variable.assign(variable * value)
    assert guidance(model).guided == 4


def activation_with(gradient: Callable[[Any, Any], Any]) -> keras.Model:
    """A rectifier with a gradient of its own: (input, upstream) → gradient."""

    @tf.custom_gradient
    def rectified(x: Any) -> Any:
        return tf.nn.relu(x), lambda upstream: gradient(x, upstream)

    wide = keras.initializers.RandomNormal(0, 0.5)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, kernel_initializer=wide),
            layers.Lambda(rectified),
            layers.Conv2D(4, 3, name="last"),
        ]
    )


OTHERS = {
    "straight through": lambda x, upstream: upstream,
    "reversed": lambda x, upstream: -upstream * tf.cast(x > 0, x.dtype),
    "clipped": lambda x, upstream: (
        tf.clip_by_value(upstream, -100, 100) * tf.cast(x > 0, x.dtype)
    ),
    "scaled": lambda x, upstream: 1.01 * upstream * tf.cast(x > 0, x.dtype),
    "zero": lambda x, upstream: 0 * upstream,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_gradient_that_is_not_the_derivative_is_kept_and_its_rectifier_not_called_guided(
    kind,
):
    model = activation_with(OTHERS[kind])
    said = guidance(model)
    assert (said.guided, said.rectifiers, said.ungated) == (0, 1, ("custom gradient",))
    found = guided_gradients(model, IMAGE, "last", [0, 1])[0]
    with tf.GradientTape(persistent=True) as tape:
        image = tf.constant(IMAGE)
        tape.watch(image)
        maps = model(image)
        strongest = [tf.reduce_max(maps[..., channel]) for channel in (0, 1)]
    for ours, unit in zip(found, strongest, strict=True):
        expected = tape.gradient(unit, image).numpy()[0]
        np.testing.assert_allclose(ours, expected, atol=1e-5 * max(abs(expected).max(), 1e-9))


def test_a_gradient_that_is_the_derivative_is_seen_through_however_it_is_written():
    model = activation_with(lambda x, upstream: tf.where(x > 0, upstream, 0))
    plain = activation_with(lambda x, upstream: upstream)
    plain.layers[1].function = tf.nn.relu
    plain.set_weights(model.get_weights())
    assert guidance(model) == guidance(plain)
    assert guidance(model).guided == 1
    np.testing.assert_array_equal(
        guided_gradients(model, IMAGE, "last", [0]), guided_gradients(plain, IMAGE, "last", [0])
    )


def test_a_function_without_rectifiers_is_not_mentioned():
    said = guidance(unusual_models.binary())
    assert (said.guided, said.rectifiers, said.ungated) == (1, 1, ())
