"""Which operations can go back on the windows of single units."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from tensorboard_plugin_convlens.engine.backward.backward_pass import RULES, Differentiation
from tensorboard_plugin_convlens.engine.windows.seen_windows import seen_window
from tensorboard_plugin_convlens.engine.windows.window_route import find_window_route
from tensorboard_plugin_convlens.tracing.trace import trace_model

IMAGE = np.zeros((1, 32, 32, 3), np.float32)


def branched() -> keras.Model:
    """A bit of everything that sees a window of fixed size."""
    image = values = keras.Input((32, 32, 3))
    values = layers.ZeroPadding2D(2)(values)
    values = layers.Conv2D(8, 3, strides=2, activation="relu")(values)
    values = layers.MaxPooling2D()(values)
    values = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(values)
    values = layers.BatchNormalization()(values)
    others = layers.Conv2D(8, 1, activation="silu")(values)
    values = layers.Add()([values, layers.Multiply()([values, others])])
    values = layers.Concatenate()([values, layers.Subtract()([values, others])])
    values = layers.AveragePooling2D(2)(layers.LeakyReLU()(values))
    values = layers.MaxPooling2D(2, strides=1)(layers.Activation("tanh")(values))
    return keras.Model(image, values)


def test_every_operation_with_a_window_of_fixed_size_has_a_rule_for_windows():
    trace = trace_model(branched(), IMAGE)
    differentiation = Differentiation(trace)
    path = differentiation.path([trace.outputs[0]], [0])

    def is_live(tensor) -> bool:
        return bool(differentiation.sources(tensor))

    seen = {
        operation.type: differentiation.vjp(operation).pull_windows
        for operation in path
        if seen_window(operation, is_live) is not None
    }
    assert {"Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "ConcatV2"} <= set(seen)
    assert [kind for kind, pull_windows in seen.items() if pull_windows is None] == []


def test_a_rule_without_a_form_for_windows_leaves_the_whole_frame(monkeypatch):
    trace = trace_model(branched(), IMAGE)
    target = trace.outputs[0]

    def route():
        differentiation = Differentiation(trace)
        path = differentiation.path([target], [0])
        return find_window_route(path, target, trace.inputs[0], differentiation)

    assert route() is not None
    # Without a rule of our own, TensorFlow's registered gradient is taken.
    monkeypatch.delitem(RULES, "Tanh")
    assert route() is None
