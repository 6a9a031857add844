"""Statistics and predictions of a forward pass, against NumPy and a tape."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens import capture
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.server import to_wire
from tests.models import model_zoo

IMAGE = np.random.default_rng(8).normal(size=(1, 32, 32, 3)).astype(np.float32)


def normalized(head="softmax"):
    keras.utils.set_random_seed(6)
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(5, 3, name="first")(image)
    norm = layers.BatchNormalization(
        gamma_initializer="random_uniform", moving_variance_initializer="ones"
    )
    x = layers.ReLU()(norm(x))
    x = layers.Conv2D(4, 3, activation="relu", name="second")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(3, activation=head, name="kind")(x))


def statistics(model, key):
    engine = Engine(model, IMAGE)
    layer = next(i for i in engine.convolutions if engine.graph.layers[i].key == key)
    found = engine.run(IMAGE).statistics(layer)
    return {one.name: one for one in found}


def maps_of(model, key):
    part = keras.Model(model.input, model.get_layer(key).output)
    return np.moveaxis(np.asarray(part(IMAGE))[0], -1, 0)


def test_every_statistic_has_one_number_per_filter():
    found = statistics(normalized(), "first")
    assert set(found) == {"mean", "max", "std", "apoz", "taylor", "l1", "l2"}
    assert {one.values.shape for one in found.values()} == {(5,)}
    assert {name for name, one in found.items() if one.input is None} == {"l1", "l2"}


def test_mean_maximum_and_deviation_are_of_the_layers_own_output():
    model = normalized()
    found, maps = statistics(model, "first"), maps_of(model, "first")
    np.testing.assert_allclose(found["mean"].values, maps.mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(found["max"].values, maps.max(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(found["std"].values, maps.std(axis=(1, 2)), atol=1e-6)


def test_zeros_are_counted_after_the_activation_function_that_follows():
    model = normalized()
    rectified = maps_of(model, model.layers[3].name)
    expected = (rectified == 0).mean(axis=(1, 2))
    np.testing.assert_allclose(statistics(model, "first")["apoz"].values, expected, atol=1e-6)
    assert expected.max() > 0.1


def test_norms_fold_in_a_batch_normalization_that_directly_follows():
    model = normalized()
    kernel = np.asarray(model.get_layer("first").kernel)
    norm = model.layers[2]
    scale = np.asarray(norm.gamma) / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    folded = abs(kernel).sum(axis=(0, 1, 2)) * abs(scale)
    np.testing.assert_allclose(statistics(model, "first")["l1"].values, folded, rtol=1e-5)
    kernel = np.asarray(model.get_layer("second").kernel)
    length = np.sqrt((kernel**2).sum(axis=(0, 1, 2)))
    np.testing.assert_allclose(statistics(model, "second")["l2"].values, length, rtol=1e-5)


@pytest.mark.parametrize("head", ["softmax", "sigmoid", None])
@pytest.mark.parametrize("key", ["first", "second"])
def test_taylor_importance_is_that_of_the_strongest_class(head, key):
    model = normalized(head)
    part = keras.Model(model.input, [model.get_layer(key).output, model.output])
    with tf.GradientTape() as tape:
        maps, _ = part(IMAGE)
        tape.watch(maps)
        rest = keras.Model(model.get_layer(key).output, model.output)
        best = tf.reduce_max(rest(maps))
        loss = best if head is None else tf.math.log(best)
    gradient = np.asarray(tape.gradient(loss, maps))
    expected = abs((np.asarray(maps) * gradient).mean(axis=(0, 1, 2)))
    found = statistics(model, key)["taylor"].values
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_taylor_importance_is_not_a_number_without_an_output_of_classes():
    assert np.isnan(statistics(model_zoo.nested(), "top")["taylor"].values).all()


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_predictions_are_the_models_probabilities(head):
    model = normalized(head)
    (prediction,) = Engine(model, IMAGE).run(IMAGE).predictions
    np.testing.assert_allclose(prediction.probabilities, np.asarray(model(IMAGE))[0], atol=1e-6)
    assert prediction.output == "kind"


def test_outputs_that_are_not_probabilities_are_not_predictions():
    assert Engine(normalized(None), IMAGE).run(IMAGE).predictions == ()
    (kind,) = Engine(model_zoo.several_outputs(), IMAGE).run(IMAGE).predictions
    assert kind.output == "kind"
    assert kind.probabilities.sum() == pytest.approx(1)


def heads(*build):
    """A model with these functions of its pooled features as outputs."""
    image = keras.Input((32, 32, 3))
    features = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    return keras.Model(image, [one(features) for one in build])


def test_a_softmax_that_is_a_layer_or_an_operation_makes_logits_probabilities():
    for softmax in (layers.Softmax(), keras.ops.softmax, layers.Activation("softmax")):
        model = heads(lambda x, softmax=softmax: softmax(layers.Dense(3)(x)))
        (prediction,) = Engine(model, IMAGE).run(IMAGE).predictions
        np.testing.assert_allclose(prediction.probabilities, np.ravel(model(IMAGE)), atol=1e-6)


def test_class_names_are_of_the_output_that_has_as_many_classes(tmp_path):
    model = heads(
        layers.Dense(3, activation="softmax", name="kind"),
        layers.Dense(2, activation="sigmoid", name="side"),
        layers.Dense(4, name="logits"),
    )
    names = ("ape", "bee", "cow")
    record = capture(model, IMAGE, tmp_path, class_names=names, methods=["activation"])
    kind, side = to_wire.step(".", record, record.layers, names)["predictions"]
    assert (kind["output"], side["output"]) == ("kind", "side")
    expected = np.asarray(model(IMAGE)[0])[0]
    assert kind["classes"][0]["name"] == names[int(expected.argmax())]
    assert kind["classes"][0]["probability"] == pytest.approx(float(expected.max()), abs=1e-6)
    assert {one["name"] for one in side["classes"]} == {"class 0", "class 1"}
    assert record.skipped == ()


@pytest.mark.parametrize(
    ("head", "what", "reason"),
    [
        (layers.Dense(3), "predictions", "no output of the model comes out of a softmax"),
        (layers.Dense(5, activation="softmax"), "class names", "there are 2 names"),
    ],
)
def test_class_names_that_cannot_be_used_are_reported(tmp_path, head, what, reason):
    record = capture(heads(head), IMAGE, tmp_path, class_names=["a", "b"])
    (skipped,) = record.skipped
    assert skipped.what == what
    assert skipped.reason.startswith(reason)


def test_mixed_precision_gives_float32_statistics():
    model = model_zoo.mixed("mixed_float16")
    engine = Engine(model, IMAGE)
    for one in engine.run(IMAGE).statistics(engine.convolutions[0]):
        assert one.values.dtype == np.float32


def activated(layer):
    """A convolution of large output, and a layer that applies its activation function."""
    random = keras.initializers.RandomNormal(stddev=2, seed=1)
    pixels = keras.Input(IMAGE.shape[1:])
    maps = keras.layers.Conv2D(4, 3, kernel_initializer=random, name="first")(pixels)
    return keras.Model(pixels, layer(maps))


@pytest.mark.parametrize(
    ("layer", "ends"),
    [
        (keras.layers.ReLU(max_value=6), [6]),
        (keras.layers.ReLU(max_value=0.5), [0.5]),
        (keras.layers.Activation("relu6"), [6]),
        (keras.layers.Activation("sigmoid"), [0, 1]),
        (keras.layers.Activation("hard_tanh"), [-1, 1]),
    ],
)
def test_saturation_is_the_share_of_units_at_the_end_of_a_bounded_function(layer, ends):
    model = activated(layer)
    maps = np.asarray(model(IMAGE))[0]
    at_end = np.min([abs(maps - end) for end in ends], axis=0) <= 1e-3
    expected = at_end.mean(axis=(0, 1))
    assert expected.max() > 0
    found = statistics(model, "first")["saturation"].values
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "defined"),
    [("relu", True), ("relu6", True), ("silu", False), ("gelu", False), ("leaky_relu", False),
     ("tanh", False), ("elu", False), (None, False)],
)  # fmt: skip
def test_the_share_of_zeros_is_undefined_where_a_function_is_hardly_ever_zero(
    function, defined
):
    found = statistics(activated(keras.layers.Activation(function)), "first")["apoz"].values
    assert np.isfinite(found).all() == defined
    assert np.isnan(found).any() != defined
