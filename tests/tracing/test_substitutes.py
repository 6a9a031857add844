"""Substitutes of convolutions and poolings give what the operations themselves give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.tracing import substitutes
from tensorboard_plugin_convlens.tracing.graph_function import GraphFunction
from tensorboard_plugin_convlens.tracing.internals import trace_graph


def drawn(*shape):
    return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "convolution": (
        "Conv2D",
        {
            "input": drawn(2, 9, 11, 4),
            "filter": drawn(3, 3, 4, 6),
            "strides": [1, 2, 2, 1],
            "padding": "EXPLICIT",
            "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0],
            "dilations": [1, 1, 1, 1],
        },
    ),
    "dilated": (
        "Conv2D",
        {
            "input": drawn(2, 9, 11, 4),
            "filter": drawn(3, 3, 4, 6),
            "strides": [1, 1, 1, 1],
            "padding": "SAME",
            "dilations": [1, 3, 2, 1],
        },
    ),
    "gradient of a convolution": (
        "Conv2DBackpropInput",
        {
            "input_sizes": [2, 9, 11, 4],
            "filter": drawn(3, 3, 4, 6),
            "out_backprop": drawn(2, 5, 6, 6),
            "strides": [1, 2, 2, 1],
            "padding": "SAME",
            "dilations": [1, 1, 1, 1],
        },
    ),
    "gradient of a pooling": (
        "AvgPoolGrad",
        {
            "orig_input_shape": [2, 9, 11, 4],
            "grad": drawn(2, 4, 5, 4),
            "ksize": [1, 3, 3, 1],
            "strides": [1, 2, 2, 1],
            "padding": "VALID",
        },
    ),
}


def channels_first(arguments):
    order = [0, 3, 1, 2]
    turned = {}
    for key, value in arguments.items():
        if key == "filter" or isinstance(value, str):
            turned[key] = value
        elif key == "explicit_paddings":
            turned[key] = [*value[:2], *value[6:], *value[2:6]]
        elif isinstance(value, list):
            turned[key] = [value[axis] for axis in order]
        else:
            turned[key] = tf.transpose(value, order)
    return turned | {"data_format": "NCHW"}


@pytest.mark.parametrize(("name", "arguments"), CALLS.values(), ids=CALLS)
def test_channels_first_is_channels_last_turned(name, arguments):
    expected = getattr(tf.raw_ops, name)(**arguments, data_format="NHWC").numpy()
    found = substitutes._channels_last(name, channels_first(arguments)).numpy()
    np.testing.assert_allclose(np.moveaxis(found, 1, -1), expected, rtol=0, atol=1e-5)
    usual = substitutes.call(name, **channels_first(arguments)).numpy()
    np.testing.assert_allclose(np.moveaxis(usual, 1, -1), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "arguments"), CALLS.values(), ids=CALLS)
def test_compiled_operations_give_the_same(name, arguments):
    expected = getattr(tf.raw_ops, name)(**arguments, data_format="NHWC").numpy()
    found = substitutes._compiled(name, arguments | {"data_format": "NHWC"}).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_dilated_kernel_is_one_with_zeros_between():
    name, arguments = CALLS["dilated"]
    expected = tf.raw_ops.Conv2D(**arguments, data_format="NHWC").numpy()
    found = substitutes._undilated(name, arguments | {"data_format": "NHWC"}).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def graph_function(function):
    wrapped = trace_graph(lambda x: [function(x)], [tf.TensorSpec((2, 4, 4, 4, 4))])
    return GraphFunction(wrapped.prune(wrapped.inputs[:1], wrapped.outputs))


def test_a_graph_is_compiled_where_tensorflow_has_no_code_for_a_convolution():
    kernel = drawn(1, 1, 1, 2, 6)
    run = graph_function(lambda x: tf.nn.conv3d(x, kernel, [1] * 5, "VALID"))
    image = drawn(2, 4, 4, 4, 4)
    [found] = run(image)
    assert run.is_compiled
    parts = [
        np.tensordot(part, filters[0, 0, 0], 1)
        for part, filters in zip(
            np.split(image.numpy(), 2, -1), np.split(kernel.numpy(), 2, -1), strict=True
        )
    ]
    np.testing.assert_allclose(found, np.concatenate(parts, -1), rtol=0, atol=1e-5)


def test_an_assertion_of_a_model_is_not_compiled_away():
    def asserting(x):
        with tf.control_dependencies([tf.debugging.assert_positive(x, "must be positive")]):
            return tf.identity(x)

    run = graph_function(asserting)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be positive"):
        run(-tf.ones((2, 4, 4, 4, 4)))
    assert not run.is_compiled


def test_a_model_that_cannot_be_compiled_either_is_reported():
    kernel = drawn(1, 1, 1, 2, 6)

    def text(x):
        volumes = tf.nn.conv3d(x, kernel, [1] * 5, "VALID")
        return tf.strings.length(tf.strings.as_string(volumes))

    with pytest.raises(UnsupportedModelError, match="cannot compute this model") as raised:
        graph_function(text)(drawn(2, 4, 4, 4, 4))
    assert "TF_ENABLE_ONEDNN_OPTS=1" in str(raised.value)
