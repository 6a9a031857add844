"""Ways in which guided backpropagation silently goes wrong elsewhere, and not here."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import guided_gradients, to_frame
from tests.models import model_zoo, naive
from tests.oracle import Oracle

IMAGE = np.random.default_rng(2).normal(size=(1, 32, 32, 3)).astype(np.float32)


def engine_of(model):
    return Engine(model, IMAGE, precision="float32")


def all_gradients(forward, layer, **options):
    blocks = forward.gradients(layer, **options)
    return np.concatenate([to_frame(block, 32, 32) for block in blocks])


def assert_is_guided_and_not(naive, model):
    """Ours equals the reference at the last convolution; what `naive` gives does not."""
    engine = engine_of(model)
    layer = engine.convolutions[-1]
    ours = all_gradients(engine.run(IMAGE), layer, target="sum")[0]
    guided = reference(model)
    np.testing.assert_allclose(ours, guided, rtol=0, atol=1e-5 * abs(guided).max())
    assert abs(naive(model, IMAGE)[0] - guided).max() > 0.05 * abs(guided).max()


def reference(model, *, guided=True):
    oracle = Oracle(model, IMAGE, guided=guided)
    return oracle.gradient(len(oracle.maps) - 1, 0, target="sum")[0]


def chain(*between):
    """Two convolutions whose output is the model's, with layers between."""
    return keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(8, 3), *between, layers.Conv2D(4, 3)]
    )


def test_an_overridden_gradient_under_a_tape_is_plain_and_ours_is_guided():
    model = chain(layers.ReLU())
    np.testing.assert_allclose(
        naive.overridden(model, IMAGE)[0], reference(model, guided=False), atol=1e-5
    )
    assert_is_guided_and_not(naive.overridden, model)


def test_a_cloned_model_misses_a_nested_backbone_and_ours_does_not():
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), model_zoo.backbone(), layers.Conv2D(4, 3)]
    )
    assert_is_guided_and_not(naive.cloned, model)


def test_a_cloned_model_misses_a_rectifier_that_is_a_layer_and_ours_does_not():
    assert_is_guided_and_not(naive.cloned, chain(layers.ReLU(max_value=6)))


def test_the_mirrored_half_of_a_prelu_is_not_gated():
    model = chain(layers.PReLU("uniform"))
    assert_is_guided_and_not(naive.gating_every_relu, model)
    engine = engine_of(model)
    layer = engine.convolutions[-1]
    forward = engine.run(IMAGE)
    np.testing.assert_array_equal(
        all_gradients(forward, layer), all_gradients(forward, layer, method="gradient")
    )
    assert engine.guidance(layer).ungated == ("prelu",)


def test_grouped_convolutions_hide_in_compiled_calls_and_ours_are_found():
    model = chain(layers.ReLU(), layers.Conv2D(8, 3, groups=2, activation="relu"))
    assert naive.convolutions_in_graph(model, IMAGE) == 2
    assert len(engine_of(model).convolutions) == 3


def test_a_graph_tagged_for_guided_gradients_gives_no_plain_ones_and_ours_does():
    model = chain(layers.ReLU())
    plain = reference(model, guided=False)
    tagged = naive.plain_of_tagged(model, IMAGE)[0]
    assert abs(tagged - plain).max() > 0.05 * abs(plain).max()
    engine = engine_of(model)
    forward, layer = engine.run(IMAGE), engine.convolutions[-1]
    list(forward.gradients(layer, target="sum"))
    ours = all_gradients(forward, layer, method="gradient", target="sum")[0]
    np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-5 * abs(plain).max())


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
