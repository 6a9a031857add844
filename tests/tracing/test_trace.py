"""The trace: every layer call is seen, and the model does not notice."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.core.errors import InputError, UnsupportedModelError
from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.nodes import build_nodes
from tensorboard_plugin_convlens.tracing.trace import trace_model
from tests.models import model_zoo

IMAGE = np.zeros((1, 32, 32, 3), np.float32)


def keys(model, inputs=IMAGE):
    nodes = build_nodes(trace_model(model, inputs))
    return [node.key for node in nodes if node.convolutions]


def named(name, **options):
    return layers.Conv2D(3, 3, padding="same", name=name, **options)


def test_a_nested_layer_is_named_by_its_way_from_the_top():
    assert keys(model_zoo.nested()) == ["backbone/conv1", "backbone/conv2", "top"]


def test_every_call_of_a_shared_layer_is_a_node():
    assert keys(model_zoo.shared())[:3] == ["shared", "shared#1", "shared#2"]


def test_a_model_called_twice_has_its_layers_twice():
    found = keys(model_zoo.nested_twice())
    assert found[:4] == [
        "backbone/conv1", "backbone/conv2", "backbone/conv1#1", "backbone/conv2#1",
    ]  # fmt: skip


def test_two_layers_of_one_name_in_a_subclassed_model_are_distinguished():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = named("conv"), named("conv")

        def call(self, images):
            return self.other(self.one(images))

    model = Model()
    model(IMAGE)
    assert keys(model) == ["conv", "conv_1"]


def test_a_convolution_that_a_model_computes_itself_is_named_by_its_kernel():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = named("first")

        def build(self, shape):
            self.own = self.add_weight(shape=(3, 3, 3, 4), name="own")
            super().build(shape)

        def call(self, images):
            return tf.nn.conv2d(self.first(images), self.own, 1, "SAME")

    model = Model()
    model(IMAGE)
    assert keys(model) == ["first", "own"]


def test_a_convolution_with_a_fixed_kernel_has_no_filters():
    class Blur(layers.Layer):
        def call(self, images):
            return tf.nn.conv2d(images, tf.ones((3, 3, 3, 3)), 1, "SAME")

    model = keras.Sequential([keras.Input((32, 32, 3)), Blur(), named("conv")])
    assert keys(model) == ["conv"]


def test_time_steps_of_one_layer_are_one_node():
    found = keys(model_zoo.over_time(), np.zeros((1, 4, 16, 16, 3), np.float32))
    assert len(found) == 2


def test_a_layer_that_returns_its_input_still_stands_between_its_neighbours():
    image = keras.Input((32, 32, 3))
    x = named("first")(image)
    dropped = layers.Dropout(0.5, name="drop")(x)
    model = keras.Model(image, [named("after")(dropped), named("beside")(x)])
    nodes = build_nodes(trace_model(model, IMAGE))
    read = {node.key: [nodes[one].key for one in node.inbound] for node in nodes}
    assert read["after"] == ["drop"]
    assert read["beside"] == ["first"]


def test_edges_pass_through_operations_between_the_layers():
    model = model_zoo.called(model_zoo.Subclassed(), (32, 32, 3))
    nodes = build_nodes(trace_model(model, IMAGE))
    first, second, mixed = (
        index for index, node in enumerate(nodes) if node.class_name == "Conv2D" and index < 4
    )
    assert nodes[mixed].inbound == (first, second)


def test_the_model_is_left_as_it_was():
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip(seed=1),
            named("conv", activity_regularizer="l2"),
            layers.Dropout(0.5, seed=2),
            layers.BatchNormalization(),
        ]
    )
    model(IMAGE, training=True)
    losses = len(model.losses)
    before = [np.array(one) for one in model.variables]
    attributes = {id(one): set(vars(one)) for one in model.layers}
    trace_model(model, IMAGE)
    assert len(model.losses) == losses > 0
    assert {id(one): set(vars(one)) for one in model.layers} == attributes
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_other_threads_may_call_the_model_while_it_is_traced():
    model, results = model_zoo.functional(), []
    expected = np.asarray(model(IMAGE))
    stop = threading.Event()

    def call():
        while not stop.is_set():
            results.append(np.asarray(model(IMAGE)))

    thread = threading.Thread(target=call)
    thread.start()
    counts = {len(trace_model(model, IMAGE).calls) for _ in range(5)}
    stop.set()
    thread.join()
    assert len(counts) == 1
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_compiled_functions_are_opened_and_the_switch_is_put_back():
    trace = trace_model(model_zoo.compiled(), IMAGE)
    kinds = {operation.type for operation in trace.operations}
    assert not kinds & set(internals.COMPILED_CALLS)
    assert not tf.config.functions_run_eagerly()


def test_a_model_whose_name_begins_with_an_underscore_is_traced():
    image = keras.Input((32, 32, 3))
    assert keys(keras.Model(image, named("conv")(image), name="_hidden")) == ["conv"]


class Unbuilt(keras.Model):
    def call(self, images):
        return images


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Unbuilt(), "may have no weights yet: call it once"),
        (lambda images: images, "Expected a keras.Model of Keras 3"),
    ],
)
def test_models_that_cannot_be_traced_are_refused_with_a_sentence(model, sentence):
    with pytest.raises(UnsupportedModelError, match=sentence):
        trace_model(model, IMAGE)


def test_a_model_that_does_not_run_in_a_graph_is_refused_with_its_reason():
    class Eager(keras.Model):
        def call(self, images):
            return images * float(np.asarray(images).mean())

    model = Eager()
    model(IMAGE)
    with pytest.raises(UnsupportedModelError, match="could not be run as a graph on inputs"):
        trace_model(model, IMAGE)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            np.zeros((1, 30, 32, 3)),
            r"has shape \(1, 30, 32, 3\); expected \('batch', 32, 32, 3\)",
        ),
        (np.zeros((1, 32, 32)), r"has shape \(1, 32, 32\)"),
        ([IMAGE, IMAGE], "takes 1 inputs; got 2"),
        (np.zeros((0, 32, 32, 3)), "at least one"),
        (np.array([["text"]]), "expected numbers"),
        ([], "No input images"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_both_shapes(inputs, sentence):
    with pytest.raises(InputError, match=sentence):
        trace_model(model_zoo.functional(), inputs)
