"""Maps before and after an activation function, from the model to the server's answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens import capture
from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.server import to_wire
from tensorboard_plugin_convlens.server.captures import Captures, StepOf, TileOf
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tests.models.model_rows import ROWS

IMAGES = np.random.default_rng(4).normal(size=(2, 24, 24, 3)).astype(np.float32)


def build():
    """Activation functions inside a layer, after normalization, and none at all."""
    keras.utils.set_random_seed(9)
    image = keras.Input((24, 24, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="own")(image)
    x = layers.Conv2D(5, 3, name="normalized")(x)
    x = layers.BatchNormalization(beta_initializer=keras.initializers.Constant(-0.3))(x)
    x = layers.Activation("gelu", name="function")(x)
    x = layers.Conv2D(3, 3, name="rectified")(x)
    x = layers.ReLU(name="rectifier")(x)
    return keras.Model(image, layers.Conv2D(2, 3, name="linear")(x))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    model = build()
    return model, capture(model, IMAGES, logs), Reader(logs)


def output_of(model, key):
    part = keras.Model(model.input, model.get_layer(key).output)
    return np.moveaxis(np.asarray(part(IMAGES)), -1, 1)


def stages(record, graph):
    found = {}
    for layer in record.layers:
        maps = [one for one in layer.sheets if one.method == "activation" and one.input == 1]
        found[graph.layers[layer.layer].key] = [one.stage for one in maps]
    return found


def test_a_second_sheet_is_kept_only_where_a_later_layer_applies_the_function(written):
    _, record, reader = written
    graph = reader.model_graph(".")
    assert stages(record, graph) == {
        "own": ["after"],
        "normalized": ["before", "after"],
        "rectified": ["before", "after"],
        "linear": ["none"],
    }
    assert stages(reader.capture(".", 0), graph) == stages(record, graph)


@pytest.mark.parametrize(
    ("key", "after"), [("normalized", "function"), ("rectified", "rectifier"), ("own", "own")]
)
def test_both_sheets_are_the_outputs_of_the_layers_that_they_name(written, key, after):
    model, _, reader = written
    for index in (0, 1):
        for stage, name in (("own", key), ("after", after)):
            values = reader.feature_maps(".", 0, key, input_index=index, stage=stage)
            expected = output_of(model, name)[index]
            scale = abs(expected).max(axis=(1, 2), keepdims=True)
            assert (abs(values - expected) <= scale / 254 * 1.01 + 1e-6).all()


def test_a_layer_without_an_activation_function_has_no_map_after_one(written):
    _, _, reader = written
    with pytest.raises(NotCapturedError, match="'linear' has no feature maps after"):
        reader.feature_maps(".", 0, "linear", stage="after")


def test_silent_filters_are_counted_after_the_activation_function(tmp_path):
    model = build()
    kernel, bias = model.get_layer("rectified").get_weights()
    bias[1] = -1e6
    model.get_layer("rectified").set_weights([kernel, bias])
    record = capture(model, IMAGES, tmp_path)
    answer = to_wire.step(".", record, record.layers, ())
    assert [one["silent"] for one in answer["layers"]] == [0, 0, 1, 0]
    apoz = [one for one in record.layers[2].statistics if one.name == "apoz"]
    assert [one.values[1] for one in apoz] == [1.0, 1.0]


def test_the_answers_of_the_server_say_which_is_which(written):
    _, record, _ = written
    layer = to_wire.layer_capture(".", 0, record.layers[2], 1)
    maps = [one for one in layer["sheets"] if one["method"] == "activation"]
    assert [one["stage"] for one in maps] == ["before", "after"]


def test_a_tile_is_of_the_asked_stage_or_of_the_only_one(tmp_path):
    record = capture(build(), IMAGES, tmp_path)
    captures = Captures(lambda: {".": RunDirectory(tmp_path)})
    step = StepOf(".", StepKey(record.step, record.session))

    def stage_of(layer, stage):
        sheet = captures.tile_sheet(TileOf(step, layer, 1, 1, "activation", "values", stage))
        return None if sheet is None else sheet.stage

    both, only = record.layers[2].layer, record.layers[0].layer
    assert [stage_of(both, "before"), stage_of(both, "after")] == ["before", "after"]
    assert stage_of(only, "before") == stage_of(only, "after") != ""


@pytest.mark.parametrize("row", ROWS[:19], ids=lambda row: row.name)
def test_every_kind_of_model_says_where_its_maps_stand(row, tmp_path):
    record = capture(row.model(), row.inputs(), tmp_path, methods=["activation"])
    graph = Reader(tmp_path).model_graph(".")
    for layer in record.layers:
        stage = graph.layers[layer.layer].activation_stage
        expected = ["before", "after"] if stage == "before" else [stage]
        assert [one.stage for one in layer.sheets] == expected
