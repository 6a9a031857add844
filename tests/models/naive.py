"""Ways to compute gradients of rectifier networks that are often found and silently wrong.

Each does what it promises on some networks. The tests show on which ones it does not, so that
a test of the engine on the same network is known to be one that can fail.
"""

from __future__ import annotations

from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import attr_value_pb2
from tensorflow.python.ops import gen_nn_ops


@tf.RegisterGradient("NaivelyGuided")
def _gated(operation: Any, upstream: Any) -> Any:
    passes = tf.cast(operation.outputs[0] > 0, upstream.dtype)
    return tf.raw_ops.Relu(features=upstream) * passes


@tf.custom_gradient
def _guided_relu(x: Any) -> Any:
    value = tf.raw_ops.Relu(features=x)
    passes = tf.cast(value > 0, x.dtype)
    return value, lambda upstream: tf.raw_ops.Relu(features=upstream) * passes


def _taped(model: keras.Model, image: Any, channel: int) -> Any:
    pixels = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        total = tf.reduce_sum(model(pixels)[..., channel])
    return tape.gradient(total, pixels)


def overridden(model: keras.Model, image: Any, channel: int = 0) -> NDArray[np.float32]:
    """`gradient_override_map` and a tape: the tape does not look at the map."""

    @tf.function
    def gradient() -> Any:
        with tf.compat.v1.get_default_graph().gradient_override_map({"Relu": "NaivelyGuided"}):
            return _taped(model, image, channel)

    return np.asarray(gradient())


def cloned(model: keras.Model, image: Any, channel: int = 0) -> NDArray[np.float32]:
    """A clone with `activation` replaced in `model.layers`: misses layers of layers."""
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for layer in clone.layers:
        if getattr(layer, "activation", None) is keras.activations.relu:
            layer.activation = _guided_relu
    return np.asarray(_taped(clone, image, channel))


def gating_every_relu(model: keras.Model, image: Any, channel: int = 0) -> NDArray[np.float32]:
    """Every `relu` operation is gated, whatever function it is a part of."""

    def relu(features: Any, name: str | None = None) -> Any:
        return _guided_relu(features)

    with mock.patch.object(gen_nn_ops, "relu", relu), mock.patch.object(tf.nn, "relu", relu):
        return np.asarray(_taped(model, image, channel))


def convolutions_in_graph(model: keras.Model, image: Any) -> int:
    """Number of `Conv2D` operations that one sees in the graph of the model."""
    function = tf.function(lambda pixels: model(pixels)).get_concrete_function(image)
    return sum(operation.type == "Conv2D" for operation in function.graph.get_operations())


def plain_of_tagged(model: keras.Model, image: Any, channel: int = 0) -> NDArray[np.float32]:
    """What is meant to be the plain gradient, from a graph tagged for the guided one."""

    @tf.function
    def gradient() -> Any:
        pixels = tf.constant(image)
        total = tf.reduce_sum(model(pixels)[..., channel])
        for operation in tf.compat.v1.get_default_graph().get_operations():
            if operation.type == "Relu":
                operation._set_attr(
                    "_gradient_op_type", attr_value_pb2.AttrValue(s=b"NaivelyGuided")
                )
        return tf.gradients(total, pixels)[0]

    return np.asarray(gradient())
