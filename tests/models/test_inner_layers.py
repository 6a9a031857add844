"""A layer that convolves and calls another layer is one layer, with its own name and result."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens import capture, feature_maps
from tensorboard_plugin_convlens.ablating.gated_model import GatedModel
from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.core.judgments.mask import FilterMask
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.pruning.prune import mask_filters, prune_filters
from tests.models import unusual_models

RANDOM = np.random.default_rng(0)
BIAS = keras.initializers.Constant([-50.0, 50.0, 0.5])

KINDS = {
    "Conv1D": lambda **o: layers.Conv1D(3, 3, **o),
    "Conv2D": lambda **o: layers.Conv2D(3, 3, **o),
    "Conv3D": lambda **o: layers.Conv3D(3, 3, **o),
    "Conv1DTranspose": lambda **o: layers.Conv1DTranspose(3, 3, **o),
    "Conv2DTranspose": lambda **o: layers.Conv2DTranspose(3, 3, **o),
    "Conv3DTranspose": lambda **o: layers.Conv3DTranspose(3, 3, **o),
    "DepthwiseConv1D": lambda **o: layers.DepthwiseConv1D(3, **o),
    "DepthwiseConv2D": lambda **o: layers.DepthwiseConv2D(3, **o),
    "SeparableConv1D": lambda **o: layers.SeparableConv1D(3, 3, **o),
    "SeparableConv2D": lambda **o: layers.SeparableConv2D(3, 3, **o),
    "dilated": lambda **o: layers.Conv2D(3, 3, dilation_rate=2, **o),
    "causal": lambda **o: layers.Conv1D(3, 3, padding="causal", **o),
    "strided": lambda **o: layers.Conv2D(3, 3, strides=2, padding="same", **o),
}

ACTIVATIONS = {
    "ReLU": layers.ReLU,
    "ReLU6": lambda: layers.ReLU(max_value=6.0),
    "LeakyReLU": lambda: layers.LeakyReLU(0.2),
    "PReLU": lambda: layers.PReLU("uniform"),
    "ELU": layers.ELU,
    "Activation": lambda: layers.Activation("tanh"),
    "Lambda": lambda: layers.Lambda(lambda values: values * 2),
    "Softmax": layers.Softmax,
}


def image_for(kind: str) -> np.ndarray:
    axes = 1 if "1D" in kind or kind == "causal" else 3 if "3D" in kind else 2
    return RANDOM.normal(size=(1, *(12,) * axes, 3)).astype(np.float32)


def model_of(kind: str, activation: object, image: np.ndarray) -> keras.Model:
    layer = KINDS[kind](activation=activation, bias_initializer=BIAS, name="c1")
    top = [layers.Flatten(), layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input(image.shape[1:]), layer, *top])
    model(image)
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", ["ReLU", "PReLU"])
def test_every_convolving_layer_with_a_layer_as_activation_shows_its_own_result(
    kind, activation
):
    image = image_for(kind)
    model = model_of(kind, ACTIVATIONS[activation](), image)
    expected = np.moveaxis(np.asarray(model.layers[0](image)), -1, 1)
    found = feature_maps(model, image, "c1")
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_kind_of_activation_layer_counts_into_the_maps(activation):
    image = image_for("Conv2D")
    model = model_of("Conv2D", ACTIVATIONS[activation](), image)
    expected = np.moveaxis(np.asarray(model.layers[0](image)), -1, 1)
    np.testing.assert_allclose(feature_maps(model, image, "c1"), expected, rtol=1e-5, atol=1e-4)
    engine = Engine(model, image)
    assert [engine.graph.layers[one].key for one in engine.convolutions] == ["c1"]
    kernels = engine.kernels(engine.convolutions[0])
    assert kernels is not None
    assert kernels.shape == (3, 3, 3, 3)


def test_statistics_and_guidance_are_those_of_the_same_function_by_name(tmp_path: Path):
    image = image_for("Conv2D")
    inner, named = (model_of("Conv2D", one, image) for one in (layers.ReLU(), "relu"))
    named.set_weights(inner.get_weights())
    first, second = (
        capture(one, image, tmp_path / str(index)).layers[0]
        for index, one in enumerate((inner, named))
    )
    assert [one.name for one in first.statistics] == [one.name for one in second.statistics]
    for ours, expected in zip(first.statistics, second.statistics, strict=True):
        np.testing.assert_allclose(ours.values, expected.values, rtol=1e-4, atol=1e-30)
    graphs = [Engine(one, image).graph.layers[1] for one in (inner, named)]
    assert [one.activation_function for one in graphs] == ["relu", "relu"]
    assert [one.activation_stage for one in graphs] == ["after", "after"]


def test_a_convolution_that_normalizes_inside_shows_what_it_returns():
    image = image_for("Conv2D")
    model = keras.Sequential(
        [
            keras.Input(image.shape[1:]),
            unusual_models.Normalizing(3, 3, bias_initializer=BIAS, name="cn"),
        ]
    )
    expected = np.moveaxis(np.asarray(model(image)), -1, 1)
    np.testing.assert_allclose(feature_maps(model, image, "cn"), expected, rtol=1e-5, atol=1e-4)


def test_a_convolution_beside_convolving_sublayers_includes_its_bias_and_has_its_name():
    class Gated(layers.Conv2D):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.gate = layers.Conv2D(3, 3, activation="sigmoid", name="gate")

        def build(self, shape):
            super().build(shape)
            self.gate.build(shape)

        def call(self, images):
            return super().call(images) * self.gate(images)

    image = image_for("Conv2D")
    model = keras.Sequential(
        [keras.Input(image.shape[1:]), Gated(3, 3, bias_initializer=BIAS, name="gc")]
    )
    expected = np.asarray(layers.Conv2D.call(model.layers[0], image))
    found = feature_maps(model, image, "gc")
    np.testing.assert_allclose(found, np.moveaxis(expected, -1, 1), rtol=1e-5, atol=1e-4)
    assert feature_maps(model, image, "gc/gate").shape == found.shape


@pytest.mark.parametrize("activation", ["ReLU", "LeakyReLU", "PReLU", "Activation"])
def test_filters_of_it_are_closed_as_those_of_any_layer(activation):
    image = image_for("Conv2D")
    model = model_of("Conv2D", ACTIVATIONS[activation](), image)
    gated = GatedModel(model, image)
    assert gated.filters == {"c1": 3}
    gated.close({"c1": (1,)})
    maps = np.array(model.layers[0](image))
    maps[..., 1] = 0
    expected = model.layers[2](model.layers[1](maps))
    np.testing.assert_allclose(gated.outputs([image]), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["Conv2D", "Conv1D", "Conv2DTranspose", "SeparableConv2D"])
@pytest.mark.parametrize("activation", ["ReLU", "LeakyReLU", "PReLU", "ELU", "Activation"])
def test_filters_of_it_are_cut_out_with_what_belongs_to_them(kind, activation):
    image = image_for(kind)
    model = model_of(kind, ACTIVATIONS[activation](), image)
    mask = FilterMask({"c1": np.array([True, False, True])})
    smaller, masked = prune_filters(model, mask), mask_filters(model, mask)
    assert smaller.layers[1].output.shape[-1] == 2
    np.testing.assert_allclose(smaller(image), masked(image), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("activation", [layers.Softmax(), "softmax"])
def test_filters_are_not_cut_out_before_a_function_across_channels(activation):
    image = image_for("Conv2D")
    model = model_of("Conv2D", activation, image)
    with pytest.raises(UnsupportedModelError, match=r"'c1' .* works across channels"):
        prune_filters(model, FilterMask({"c1": np.array([True, False, True])}))
