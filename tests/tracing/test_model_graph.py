"""The model graph: nodes, edges, and what is known of each layer."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine
from tests.models import model_zoo
from tests.models.model_rows import ROWS

IMAGE = np.random.default_rng(1).normal(size=(1, 32, 32, 3)).astype(np.float32)


def by_key(model, inputs=IMAGE):
    return {layer.key: layer for layer in Engine(model, inputs).graph.layers}


def residual():
    image = keras.Input((32, 32, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(image)
    y = layers.Conv2D(4, 3, padding="same", name="branch")(x)
    return keras.Model(image, layers.Add(name="sum")([x, y]))


def test_the_graph_begins_with_the_inputs_and_has_every_layer():
    graph = Engine(residual(), IMAGE).graph
    assert [layer.key for layer in graph.layers] == ["image", "stem", "branch", "sum"]
    assert [layer.inbound for layer in graph.layers] == [(), (0,), (1,), (1, 2)]
    assert [layer.depth for layer in graph.layers] == [0, 1, 2, 3]
    assert [layer.is_convolution for layer in graph.layers] == [False, True, True, False]


@pytest.mark.parametrize("row", ROWS[:15], ids=lambda row: row.name)
def test_every_node_reads_only_nodes_before_it(row):
    for index, layer in enumerate(Engine(row.model(), row.inputs()).graph.layers):
        assert all(one < index for one in layer.inbound)


def test_a_convolution_is_described_as_keras_configured_it():
    conv = layers.Conv2D(
        8, (3, 5), strides=(2, 1), padding="same", groups=2, activation="relu", name="conv"
    )
    model = keras.Sequential([keras.Input((32, 32, 4)), conv])
    layer = by_key(model, np.zeros((1, 32, 32, 4), np.float32))["conv"]
    assert (layer.class_name, layer.channels, layer.output_shape) == ("Conv2D", 8, (16, 32, 8))
    assert (layer.kernel_size, layer.strides, layer.dilation) == ((3, 5), (2, 1), (1, 1))
    assert (layer.padding, layer.groups, layer.data_format) == ("same", 2, "channels_last")
    assert (layer.activation_function, layer.parameters) == ("relu", 8 * 2 * 15 + 8)
    assert json.loads(layer.config)["kernel_size"] == [3, 5]


def test_the_activation_stage_says_where_the_output_stands():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="own")(image)
    x = layers.Conv2D(4, 3, name="normalized")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = keras.ops.silu(layers.Conv2D(4, 3, name="function")(x))
    x = layers.Lambda(lambda y: tf.nn.relu(y))(layers.Conv2D(4, 3, name="written")(x))
    model = keras.Model(image, layers.Conv2D(4, 3, name="linear")(x))
    stages = {key: layer.activation_stage for key, layer in by_key(model).items()}
    assert stages["own"] == "after"
    assert stages["normalized"] == stages["function"] == stages["written"] == "before"
    assert stages["linear"] == "none"


def test_a_bare_rectifier_in_a_subclassed_model_counts_as_activation():
    found = by_key(model_zoo.called(model_zoo.Subclassed(), (32, 32, 3)))
    stages = [layer.activation_stage for layer in found.values() if layer.is_convolution]
    assert stages == ["before", "before", "before", "after", "after"]


def test_receptive_fields_are_those_that_gradients_reach():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(image)
    x = layers.MaxPooling2D(2)(layers.ZeroPadding2D(1)(x))
    y = layers.Conv2D(4, (5, 1), padding="same")(x)
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", name="last")(layers.Add()([x, y]))
    model = keras.Model(image, layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x))
    found = by_key(model)
    field = found["last"].receptive_field
    assert found["pool"].receptive_field is None
    assert field is not None
    linear = keras.Model(image, x)
    for weights in linear.weights:
        weights.assign(tf.ones_like(weights))
    with tf.GradientTape() as tape:
        pixels = tf.Variable(IMAGE)
        unit = linear(tf.nn.relu(pixels) + 1)[0, 4, 4, 0]
    reached = np.argwhere(np.asarray(tape.gradient(unit, pixels))[0].any(axis=-1))
    for axis in (0, 1):
        first = field.start[axis] + 4 * field.stride[axis]
        assert first <= reached[:, axis].min()
        assert reached[:, axis].max() < first + field.size[axis]


def test_vgg16_has_the_receptive_fields_of_the_literature():
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
    found = by_key(model, np.zeros((1, 64, 64, 3), np.float32))
    sizes = {
        key: layer.receptive_field.size[0]
        for key, layer in found.items()
        if layer.receptive_field
    }
    assert [sizes[f"block{block}_conv1"] for block in range(1, 6)] == [3, 10, 24, 60, 132]
    assert sizes["block5_conv3"] == 196


def test_the_fingerprint_is_of_the_structure_and_not_of_the_weights(tmp_path):
    model = residual()
    before = Engine(model, IMAGE).graph.fingerprint
    model.set_weights([one + 1 for one in model.get_weights()])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert Engine(model, IMAGE).graph.fingerprint == before
    assert Engine(loaded, IMAGE).graph.fingerprint == before
    assert Engine(model_zoo.functional(), IMAGE).graph.fingerprint != before


def test_two_builds_of_one_architecture_have_the_same_fingerprint() -> None:
    def build() -> keras.Model:
        return keras.Sequential(
            [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu", name="conv")],
            name="twice",
        )

    image = np.zeros((1, 8, 8, 3), np.float32)
    first, second = (Engine(build(), image).graph for _ in range(2))

    assert first.layers[0].path == "input"
    assert first.fingerprint == second.fingerprint


def test_a_sequential_model_keeps_its_fingerprint_when_it_was_saved_and_loaded(tmp_path):
    # Keras counts the names of inputs through the process: keras_tensor_7, input_layer_3.
    model = model_zoo.sequential()
    before = Engine(model, IMAGE).graph
    model.save(tmp_path / "model.keras")
    for _ in range(2):
        loaded = Engine(keras.models.load_model(tmp_path / "model.keras"), IMAGE).graph
        assert loaded.fingerprint == before.fingerprint
