"""Guided gradients made the slow and plain way, sharing nothing with the engine.

TensorFlow's own rectifier functions are replaced for the whole process, the model runs
eagerly, and a tape differentiates one channel at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.src.activations.activations import ReLU as KerasReLU
from keras.src.backend.tensorflow import nn as backend_nn
from numpy.typing import NDArray
from tensorflow.python.ops import gen_nn_ops, nn_ops

from tests.oracle_convolutions import plain_convolutions

CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)


class _Guided:
    """`relu` and `relu6` whose gradient is guided, except inside `plain()`."""

    def __init__(self) -> None:
        self._plain = 0

    @contextlib.contextmanager
    def plain(self) -> Iterator[None]:
        self._plain += 1
        try:
            yield
        finally:
            self._plain -= 1

    def relu(self, features: Any, name: str | None = None) -> Any:
        return self._apply(tf.raw_ops.Relu, tf.convert_to_tensor(features), np.inf)

    def relu6(self, features: Any, name: str | None = None) -> Any:
        return self._apply(tf.raw_ops.Relu6, tf.convert_to_tensor(features), 6.0)

    def _apply(self, function: Any, features: Any, cap: float) -> Any:
        if self._plain:
            return function(features=features)

        @tf.custom_gradient
        def guided(x: Any) -> Any:
            def backward(upstream: Any) -> Any:
                passes = (x > 0) & (x < cap) & (upstream > 0)
                return tf.where(passes, upstream, tf.zeros_like(upstream))

            return function(features=x), backward

        return guided(features)


@contextlib.contextmanager
def guided_rectifiers(model: keras.Model) -> Iterator[None]:
    """Replaces every way to write a rectifier; those of other functions stay plain."""
    guided = _Guided()

    def left_plain(function: Any, when: Any = lambda *a, **k: True) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with guided.plain() if when(*args, **kwargs) else contextlib.nullcontext():
                return function(*args, **kwargs)

        return call

    def leaks(*args: Any, **kwargs: Any) -> bool:
        return bool(kwargs.get("negative_slope", 0))

    stored = [
        one for one in model._flatten_layers() if getattr(one, "activation", None) is tf.nn.relu
    ]
    with contextlib.ExitStack() as stack:
        for module, name, function in (
            (gen_nn_ops, "relu", guided.relu),
            (tf.nn, "relu", guided.relu),
            (tf.nn, "relu6", guided.relu6),
            (nn_ops, "relu6", guided.relu6),
            (backend_nn, "hard_sigmoid", left_plain(backend_nn.hard_sigmoid)),
            (layers.PReLU, "call", left_plain(layers.PReLU.call)),
            (KerasReLU, "static_call", staticmethod(left_plain(KerasReLU.static_call, leaks))),
        ):
            stack.enter_context(mock.patch.object(module, name, function))
        for layer in stored:
            stack.enter_context(mock.patch.object(layer, "activation", guided.relu))
        yield


@contextlib.contextmanager
def _recorded_convolutions() -> Iterator[list[Any]]:
    """Outputs of the convolution layers, in the order of their calls."""
    outputs: list[Any] = []
    original = keras.layers.Layer.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        inner = self.layer if isinstance(self, layers.TimeDistributed) else self
        if isinstance(inner, CONVOLUTIONS):
            outputs.append(result)
        return result

    with mock.patch.object(keras.layers.Layer, "__call__", call):
        yield outputs


class Oracle:
    """Reference maps and gradients of one model at one image.

    Attributes:
      maps: Output of every convolution, in the order of the calls, as Keras gives it.
    """

    def __init__(self, model: keras.Model, inputs: Any, *, guided: bool = True) -> None:
        eager = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        rectifiers = guided_rectifiers(model) if guided else contextlib.nullcontext()
        self._tape = tf.GradientTape(persistent=True)
        self._inputs = keras.tree.map_structure(tf.constant, inputs)
        try:
            with (
                rectifiers,
                plain_convolutions(),
                _recorded_convolutions() as outputs,
                self._tape,
            ):
                for one in keras.tree.flatten(self._inputs):
                    self._tape.watch(one)
                model(self._inputs, training=False)
                self._outputs = list(outputs)
        finally:
            tf.config.run_functions_eagerly(eager)
        self.maps = [one.numpy().astype(np.float32) for one in self._outputs]

    def gradient(
        self, convolution: int, channel: int, *, target: str, source: int = 0, axis: int = -1
    ) -> NDArray[np.float32]:
        """`[1, *input shape]`: of one channel of one convolution at one input."""
        with self._tape:
            units = tf.reshape(tf.gather(self._outputs[convolution], channel, axis=axis), [-1])
            wanted = tf.reduce_sum(units) if target == "sum" else units[int(tf.argmax(units))]
        image = keras.tree.flatten(self._inputs)[source]
        gradient = self._tape.gradient(wanted, image)
        value = np.zeros(image.shape) if gradient is None else tf.convert_to_tensor(gradient)
        return np.asarray(value, np.float32)
