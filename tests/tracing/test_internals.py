"""Each means beyond TensorFlow's and Keras' documented interface still does its work."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from keras.src.backend.common import global_state

from tensorboard_plugin_convlens.tracing import internals, untouched
from tests.models import model_zoo


def test_layers_in_lists_and_operations_of_functional_models_are_found():
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, ops.relu(layers.Conv2D(2, 3, name="conv")(image)))
    names = [type(one).__name__ for one in internals.operations_of(model)]
    assert {"Functional", "Conv2D", "Relu"} <= set(names)
    listed = model_zoo.called(model_zoo.Subclassed(), (8, 8, 3))
    assert sum(isinstance(one, layers.Conv2D) for one in internals.operations_of(listed)) == 5


def test_a_call_is_replaced_for_a_while_and_then_put_back():
    layer = layers.Conv2D(2, 3)
    layer.build((None, 8, 8, 3))
    calls = []

    def replace(operation, call):
        def counted(*args, **kwargs):
            calls.append(operation)
            return call(*args, **kwargs)

        return counted

    with internals.replaced_calls([layer], replace):
        layer(np.zeros((1, 8, 8, 3), np.float32))
    layer(np.zeros((1, 8, 8, 3), np.float32))
    assert calls == [layer]
    assert "call" not in vars(layer)


def test_a_pruned_graph_reads_new_weights_without_a_new_trace():
    variable, traces = tf.Variable(2.0), []

    def double(x):
        traces.append(x)
        return [x * variable]

    wrapped = internals.trace_graph(double, [tf.TensorSpec([])])
    function = wrapped.prune(wrapped.inputs[:1], wrapped.outputs)
    assert float(function(tf.constant(3.0))[0]) == 6
    variable.assign(5.0)
    assert float(function(tf.constant(3.0))[0]) == 15
    assert len(traces) == 1


def test_a_captured_variable_leads_to_its_layer():
    model = model_zoo.sequential()
    wrapped = internals.trace_graph(lambda x: model(x), [tf.TensorSpec((1, 32, 32, 3))])
    handles = internals.variable_handles(internals.operations_of(model))
    found = {
        handles[one][1].path for one in internals.captured_variables(wrapped.graph).values()
    }
    assert found == {one.path for one in model.variables}


def test_captured_values_are_those_of_the_moment_constants_too_and_no_tables():
    model = model_zoo.sequential()
    constant = tf.constant([1.5, 2.5])
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([0]), tf.constant([7])), -1
    )

    def run(x):
        known = tf.cast(table.lookup(tf.zeros(1, tf.int32)), tf.float32)
        return model(x) + tf.reduce_sum(constant) + known

    graph = internals.trace_graph(run, [tf.TensorSpec((1, 32, 32, 3))]).graph
    model.variables[0].assign(model.variables[0] + 1)
    handles = internals.variable_handles(internals.operations_of(model))
    expected = {key: np.asarray(variable) for key, (_, variable) in handles.items()}

    values = internals.captured_values(graph)

    assert sum(value is None for value in values) == 1
    for (outer, _), value in zip(graph.captures, values, strict=True):
        if id(outer) in expected:
            np.testing.assert_array_equal(value, expected.pop(id(outer)))
        elif value is not None:
            assert value.tolist() in ([1.5, 2.5], -1)
    assert not expected


def test_functions_are_inlined_only_inside():
    @tf.function
    def function(x):
        return x + 1

    def kinds():
        graph = internals.trace_graph(lambda x: function(x), [tf.TensorSpec([])]).graph
        return {one.type for one in graph.get_operations()}

    with internals.inlined_functions():
        assert not kinds() & set(internals.COMPILED_CALLS)
    assert kinds() & set(internals.COMPILED_CALLS)


def test_a_variable_that_is_made_in_a_stateless_scope_is_refused_and_never_noted():
    made = pytest.raises(RuntimeError, match="'new/kernel' is made while")
    with untouched.refused_variables() as refused, keras.StatelessScope(), made:
        layers.Dense(2, name="new").build((None, 3))
    assert refused.paths == ["new/kernel"]
    assert not global_state.get_global_attribute("uninitialized_variables")
    layers.Dense(2).build((None, 3))


def test_a_variable_of_tensorflow_is_refused_by_its_creator():
    with (
        untouched.refused_variables() as refused,
        pytest.raises(RuntimeError),
        tf.variable_creator_scope(refused.creator),
    ):
        tf.Variable(1.0, name="own")
    assert refused.paths == ["own"]


def test_a_layer_that_is_built_meanwhile_is_put_back():
    layer, count = layers.BatchNormalization(), keras.backend.get_uid("dense")
    with untouched.kept_state([layer]):
        layer(np.zeros((1, 3), np.float32))
        layers.Dense(1)
        assert layer.built
    assert not layer.built
    assert not layer.variables
    assert keras.backend.get_uid("dense") == count + 1
    assert layer(np.zeros((1, 3), np.float32)).shape == (1, 3)


def test_layers_of_a_rematerialization_scope_run_in_a_graph():
    with keras.RematScope(mode="full"):
        model = model_zoo.sequential()
    with untouched.without_recomputation(internals.operations_of(model)):
        internals.trace_graph(lambda x: model(x), [tf.TensorSpec((1, 32, 32, 3))])
    assert all(one._remat_mode.mode == "full" for one in model.layers)


def test_losses_are_put_back():
    model = model_zoo.regularized()
    model(np.ones((1, 32, 32, 3), np.float32))
    before = [float(one) for one in model.losses]
    with untouched.kept_losses(internals.operations_of(model)):
        model(np.zeros((1, 32, 32, 3), np.float32))
    assert [float(one) for one in model.losses] == before


def test_a_copied_tensor_keeps_its_mask():
    masked = layers.Masking()(tf.constant([[[0.0], [4.0]]]))
    copy = internals.copied(masked)

    average = layers.GlobalAveragePooling1D()
    assert copy is not masked
    assert float(average(copy)[0, 0]) == float(average(masked)[0, 0]) == 4.0
    assert float(average(tf.identity(masked))[0, 0]) == 2.0


def test_the_list_that_calls_a_hook_is_found_through_whatever_calls_it():
    found = []

    class Asks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            found.append(internals.calling_list())

    class Around(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.inner = Asks()

        def on_train_begin(self, logs=None):
            self.inner.on_train_begin(logs)

    for callback in (Asks(), Around()):
        callbacks = keras.callbacks.CallbackList([callback])
        callbacks.on_train_begin()
        assert found.pop() is callbacks
    Asks().on_train_begin()
    assert found == [None]
