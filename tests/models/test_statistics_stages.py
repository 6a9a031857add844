"""Statistics before and after an activation function that is a layer of its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens import Reader, capture
from tensorboard_plugin_convlens.core.filters.criteria import values_of_layer
from tensorboard_plugin_convlens.core.filters.flags import find_flags
from tensorboard_plugin_convlens.engine.engine import Engine

IMAGE = np.random.default_rng(8).normal(size=(1, 20, 20, 3)).astype(np.float32)
OF_MAPS = ("mean", "max", "std", "taylor")


def network(function):
    """A convolution, a normalization, an activation function, and classes."""
    keras.utils.set_random_seed(6)
    image = keras.Input((20, 20, 3))
    x = layers.Conv2D(5, 3, name="conv")(image)
    norm = layers.BatchNormalization(
        gamma_initializer="random_uniform", moving_variance_initializer="ones"
    )
    x = function(norm(x))
    x = layers.Conv2D(4, 3, activation="relu", name="own")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def statistics(model, key, stage):
    engine = Engine(model, IMAGE)
    layer = next(i for i in engine.convolutions if engine.graph.layers[i].key == key)
    found = engine.run(IMAGE).statistics(layer)
    return {one.name: one.values for one in found if one.stage == stage}


def expected(model, layer):
    """From the layer's output as Keras computes it, and the gradient of a tape."""
    index = model.layers.index(layer)
    maps = keras.Model(model.input, layer.output)(IMAGE)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        x = maps
        for later in model.layers[index + 1 :]:
            x = later(x)
        value = tf.math.log(tf.reduce_max(x))
    slope = np.asarray(tape.gradient(value, maps))[0]
    maps = np.asarray(maps)[0]
    return {
        "mean": maps.mean(axis=(0, 1)),
        "max": maps.max(axis=(0, 1)),
        "std": maps.std(axis=(0, 1)),
        "taylor": np.abs((maps * slope).mean(axis=(0, 1))),
    }


@pytest.mark.parametrize(
    "function",
    [layers.ReLU(), layers.LeakyReLU(), layers.ELU(), layers.Activation("tanh"),
     layers.PReLU(shared_axes=(1, 2)), layers.ReLU(max_value=0.5)],
    ids=lambda one: one.name,
)  # fmt: skip
def test_statistics_of_maps_are_taken_before_and_after_the_activation_function(function):
    model = network(function)
    for stage, layer in (("before", model.get_layer("conv")), ("after", function)):
        found, wanted = statistics(model, "conv", stage), expected(model, layer)
        for name in OF_MAPS:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, atol=1e-6)


def test_a_layer_with_its_own_activation_function_has_them_once():
    model = network(layers.ReLU())
    assert set(OF_MAPS) <= set(statistics(model, "own", "after"))
    assert statistics(model, "own", "before") == {}


def test_a_layer_without_an_activation_function_says_none():
    model = keras.Sequential([keras.Input((20, 20, 3)), layers.Conv2D(3, 3, name="conv")])
    assert set(OF_MAPS) <= set(statistics(model, "conv", "none"))


def test_a_log_directory_keeps_both_and_criteria_are_of_what_is_passed_on(tmp_path):
    model = network(layers.ReLU())
    capture(model, IMAGE, tmp_path, methods=("activation",), run="run")
    reader = Reader(tmp_path)
    own = reader.statistics("run", 0, "conv")
    after = reader.statistics("run", 0, "conv", stage="after")
    wanted = {
        "own": expected(model, model.get_layer("conv")),
        "after": expected(model, model.layers[3]),
    }
    for name in OF_MAPS:
        np.testing.assert_allclose(own[name], wanted["own"][name], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(after[name], wanted["after"][name], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(own["apoz"], after["apoz"])
    record = reader.capture("run", 0).layers[0]
    criteria = values_of_layer(record.statistics)
    for name in OF_MAPS:
        np.testing.assert_array_equal(criteria[name], after[name])


def test_a_filter_that_the_activation_function_silences_is_silent():
    model = network(layers.LeakyReLU(negative_slope=0.0))
    norm = model.layers[2]
    norm.beta.assign([-100.0, 0, 0, 0, 0])
    engine = Engine(model, IMAGE)
    flags = find_flags(engine.run(IMAGE).statistics(engine.convolutions[0]))
    assert [(one.channel, one.kind) for one in flags if one.kind == "silent"] == [(0, "silent")]
