"""A model that does not have all of its weights yet is refused, and nothing else notices."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens import CaptureSession, ConvLensCallback, Reader, feature_maps
from tensorboard_plugin_convlens.ablating.gated_model import GatedModel
from tensorboard_plugin_convlens.core.errors import UnsupportedModelError

IMAGE = np.random.default_rng(0).normal(size=(1, 16, 16, 3)).astype(np.float32)


class Block(layers.Layer):
    """Calls layers that its `build` does not build, as much code for Keras 2 does."""

    def __init__(self, *inner: layers.Layer, **options: Any) -> None:
        super().__init__(**options)
        self.inner = list(inner)

    def build(self, shape: Any) -> None:
        super().build(shape)

    def call(self, images: Any) -> Any:
        for layer in self.inner:
            images = layer(images)
        return images

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], 8)


class MadeInBuild(Block):
    def build(self, shape: Any) -> None:
        self.made = Block(layers.Conv2D(8, 3, padding="same", name="late"), name="made")
        super().build(shape)

    def call(self, images: Any) -> Any:
        return self.made(images)


class MadeInCall(Block):
    def call(self, images: Any) -> Any:
        return layers.Conv2D(8, 3, padding="same", name="anew")(images)


class PlainVariable(Block):
    kernel: Any = None

    def call(self, images: Any) -> Any:
        if self.kernel is None:
            self.kernel = tf.Variable(tf.ones((3, 3, 3, 8)), name="kernel")
        return tf.nn.conv2d(images, self.kernel, 1, "SAME")


class Compiled(Block):
    @tf.function
    def call(self, images: Any) -> Any:
        return self.inner[0](images)


class Swallowing(Block):
    def call(self, images: Any) -> Any:
        try:
            return super().call(images)
        except Exception:
            return tf.concat([images, images, images[..., :2]], -1)


def conv(**options: Any) -> layers.Layer:
    return layers.Conv2D(8, 3, padding="same", name="inner", **options)


def around(block: layers.Layer) -> keras.Model:
    image = keras.Input((16, 16, 3))
    return keras.Model(image, layers.Conv2D(4, 3, name="top")(block(image)), name="whole")


def two_activation_layers() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3, activation=layers.PReLU(name="slope"), name="c1"),
            layers.Conv2D(4, 3, activation=layers.PReLU(name="slope"), name="top"),
        ],
        name="whole",
    )


UNBUILT = {
    "a convolution": (lambda: around(Block(conv(), name="block")), "block/inner"),
    "a separable one": (
        lambda: around(
            Block(layers.SeparableConv2D(8, 3, padding="same", name="inner"), name="block")
        ),
        "block/inner",
    ),
    "two activation layers": (two_activation_layers, "c1/slope"),
    "an inner Sequential": (
        lambda: around(Block(keras.Sequential([conv()], name="many"), name="block")),
        "inner",
    ),
    "a block in a block": (
        lambda: around(Block(Block(conv(), name="second"), name="block")),
        "block/second/inner",
    ),
    "a compiled call": (lambda: around(Compiled(conv(), name="block")), "block/inner"),
    "a call that goes on": (lambda: around(Swallowing(conv(), name="block")), "block/inner"),
}


@pytest.fixture(params=list(UNBUILT))
def unbuilt(request: Any) -> tuple[keras.Model, str]:
    build, layer = UNBUILT[request.param]
    model = build()
    assert model.built
    return model, layer


def refusal(model: keras.Model) -> str:
    with pytest.raises(UnsupportedModelError) as caught:
        feature_maps(model, IMAGE, "top")
    return str(caught.value)


def state(model: keras.Model) -> list[Any]:
    """All that a layer consists of, lists and sets by their content."""
    found = []
    for layer in model._flatten_layers():
        attributes = {name: repr(value) for name, value in vars(layer).items()}
        attributes["_tracker"] = repr(vars(layer._tracker))
        found.append((id(layer), attributes))
    return found


def test_a_model_without_all_of_its_weights_is_refused_by_the_name_of_the_layer(unbuilt):
    model, layer = unbuilt
    text = refusal(model)
    assert text.startswith("The model 'whole' does not have all of its weights yet: its layer")
    assert f"{layer}' makes '" in text
    assert "Call the model once on a batch" in text


def test_a_refused_model_is_what_it_was(unbuilt):
    model, _ = unbuilt
    before, drawn, count = state(model), random.getstate(), keras.backend.get_uid("conv2d")
    refusal(model)
    assert state(model) == before
    assert random.getstate() == drawn
    assert keras.backend.get_uid("conv2d") == count + 1


def test_after_its_first_call_a_refused_model_is_captured_as_any_other(unbuilt):
    model, _ = unbuilt
    refusal(model)
    expected = np.asarray(model(IMAGE))[0]
    count = len(model.weights)
    np.testing.assert_allclose(
        feature_maps(model, IMAGE, "top")[0], np.moveaxis(expected, -1, 0), atol=1e-5
    )
    assert len(model.weights) == count


def test_a_session_of_a_refused_model_captures_nothing_and_of_a_called_one_its_weights(
    unbuilt, tmp_path: Path
):
    model, _ = unbuilt
    with pytest.raises(UnsupportedModelError):
        CaptureSession(model, IMAGE, tmp_path / "early", methods=("activation",))
    model(IMAGE)
    session = CaptureSession(
        model, IMAGE, tmp_path / "late", run="own", methods=("activation",)
    )
    for variable in model.weights:
        variable.assign(variable * 1.5)
    session.capture(step=1)
    expected = np.moveaxis(np.asarray(model(IMAGE))[0], -1, 0)
    found = Reader(tmp_path / "late").feature_maps("own", 1, "top")
    np.testing.assert_allclose(found, expected, atol=0.005 * abs(expected).max())


def test_after_a_refusal_every_other_model_works_and_a_fit_is_captured(unbuilt, tmp_path: Path):
    refused, _ = unbuilt
    model = around(layers.Conv2D(8, 3, padding="same", activation="relu", name="plain"))
    expected = feature_maps(model, IMAGE, "top")
    refusal(refused)
    np.testing.assert_array_equal(feature_maps(model, IMAGE, "top"), expected)
    GatedModel(
        keras.Sequential([model, layers.GlobalAveragePooling2D(), layers.Dense(2)]), IMAGE
    )
    model.compile("sgd", "mse")
    model.fit(
        IMAGE,
        np.zeros((1, 14, 14, 4)),
        verbose=0,
        callbacks=[ConvLensCallback(tmp_path, IMAGE, run="fit")],
    )
    assert Reader(tmp_path).feature_maps("fit", 1, "top").shape == (4, 14, 14)


@pytest.mark.parametrize(
    ("block", "weight"),
    [
        (MadeInBuild, "'block/second/made/late' makes 'kernel'"),
        (MadeInCall, "'block/second/anew' makes 'kernel'"),
        (PlainVariable, "makes 'kernel'"),
    ],
)
def test_weights_that_code_of_a_layer_makes_on_its_own_are_refused_too(
    block: Callable[..., Any], weight: str
):
    model = around(Block(block(name="second"), name="block"))
    before = state(model)
    assert weight in refusal(model)
    assert state(model) == before


def test_layers_without_weights_need_not_be_built_and_stay_as_they_are():
    image = keras.Input((16, 16, 3))
    several = (
        layers.Dropout(0.5),
        layers.ReLU(),
        layers.Flatten(),
        layers.Reshape((16, 16, 8)),
    )
    x = Block(*several, name="block")(layers.Conv2D(8, 3, padding="same")(image))
    model = keras.Model(image, layers.Conv2D(4, 3, name="top")(x))
    before = state(model)
    assert feature_maps(model, IMAGE, "top").shape == (1, 4, 14, 14)
    assert state(model) == before
