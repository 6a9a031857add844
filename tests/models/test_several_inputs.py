"""Models of several inputs and layers of several calls, up to the server's answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens import capture
from tensorboard_plugin_convlens.server import to_wire
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.models import model_zoo

RANDOM = np.random.default_rng(12)
LEFT, RIGHT = RANDOM.normal(size=(2, 2, 16, 16, 3)).astype(np.float32)


def siamese():
    """One encoder for two images, then a convolution over both."""
    keras.utils.set_random_seed(4)
    left, right = (keras.Input((16, 16, 3), name=name) for name in ("left", "right"))
    encoder = layers.Conv2D(4, 3, activation="relu", name="encoder")
    both = layers.Concatenate()([encoder(left), encoder(right)])
    return keras.Model([left, right], layers.Conv2D(3, 3, name="both")(both))


def answers(record, logs, index=0):
    """What the tab gets of every captured layer at an input image, by key."""
    graph = to_wire.graph(Reader(logs).model_graph("."))
    return {
        graph["layers"][one.layer]["key"]: to_wire.layer_capture(".", 0, one, index)
        for one in record.layers
    }


def test_each_call_of_a_shared_encoder_has_its_gradients_at_its_own_image(tmp_path):
    record = capture(siamese(), [LEFT, RIGHT], tmp_path)
    found = answers(record, tmp_path, index=1)
    assert list(found) == ["encoder", "encoder#1", "both"]
    sources = {
        key: {one["placement"]["source"] for one in layer["sheets"] if one["placement"]}
        for key, layer in found.items()
    }
    assert sources == {"encoder": {0}, "encoder#1": {1}, "both": {0}}
    inputs = Reader(tmp_path).inputs(".").inputs
    assert [len(image.pictures) for image in inputs] == [2, 2]


def test_a_layer_that_depends_on_two_images_names_the_image_of_its_gradients(tmp_path):
    record = capture(siamese(), [LEFT, RIGHT], tmp_path)
    assert [(one.what, one.reason.split(", ")[-1]) for one in record.skipped] == [
        ("gradients of both at right", "left")
    ]


def test_the_maps_of_each_call_are_those_of_its_image(tmp_path):
    model = siamese()
    capture(model, [LEFT, RIGHT], tmp_path)
    encoder = model.get_layer("encoder")
    for key, images in (("encoder", LEFT), ("encoder#1", RIGHT)):
        maps = Reader(tmp_path).feature_maps(".", 0, key, input_index=1)
        expected = np.moveaxis(np.asarray(encoder(images))[1], -1, 0)
        np.testing.assert_allclose(maps, expected, atol=expected.max() / 254)


@pytest.mark.parametrize("name", ["dictionary", "several_outputs", "over_time", "shared"])
def test_every_other_kind_is_answered_layer_by_layer(tmp_path, name):
    image = RANDOM.normal(size=(1, 32, 32, 3)).astype(np.float32)
    inputs = {
        "dictionary": {"color": image, "extra": np.ones((1, 4), np.float32)},
        "over_time": RANDOM.normal(size=(1, 4, 16, 16, 3)).astype(np.float32),
    }.get(name, image)
    record = capture(getattr(model_zoo, name)(), inputs, tmp_path)
    found = answers(record, tmp_path)
    graph = to_wire.graph(Reader(tmp_path).model_graph("."))
    assert list(found) == [one["key"] for one in graph["layers"] if one["isConvolution"]]
    for layer in found.values():
        methods = {one["method"] for one in layer["sheets"]}
        assert methods >= {"activation", "guided", "kernel"}
        assert all(one["channels"] == layer["sheets"][0]["channels"] for one in layer["sheets"])
    calls = [one["call"] for one in graph["layers"] if one["isConvolution"]]
    assert max(calls) == (2 if name == "shared" else 0)
