"""Every kind of operation has its own rule; TensorFlow's gradient is for the rest."""

from __future__ import annotations

import importlib
import pkgutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tensorboard_plugin_convlens.engine.backward import rules
from tensorboard_plugin_convlens.engine.backward.backward_pass import RULES, Differentiation
from tensorboard_plugin_convlens.tracing.trace import trace_model

IMAGE = np.zeros((1, 8, 8, 4), np.float32)

LAYERS = {
    "convolution": lambda: layers.Conv2D(4, 3),
    "convolution that is transposed": lambda: layers.Conv2DTranspose(4, 3),
    "normalization": lambda: layers.BatchNormalization(),
    "matrix product": lambda: layers.Dense(4),
    "smooth function": lambda: layers.Activation("tanh"),
    "SiLU": lambda: layers.Activation("silu"),
    "softmax": lambda: layers.Softmax(),
    "operation of two tensors": lambda: layers.Lambda(lambda x: ops.maximum(x, 2 * x) - x),
    "selection": lambda: layers.Lambda(lambda x: tf.where(x > 0, x, 2 * x)),
    "largest of each window": lambda: layers.MaxPooling2D(),
    "mean of each window": lambda: layers.AveragePooling2D(2),
    "mean of each channel": lambda: layers.GlobalAveragePooling2D(),
    "other shape": lambda: layers.Flatten(),
    "other order of axes": lambda: layers.Permute((2, 1, 3)),
    "padding": lambda: layers.ZeroPadding2D(),
    "cut": lambda: layers.Cropping2D(),
    "enlargement": lambda: layers.UpSampling2D(interpolation="bilinear"),
    "enlargement by copies": lambda: layers.Resizing(16, 16, interpolation="nearest"),
    "tensors side by side": lambda: layers.Lambda(lambda x: tf.concat([x, x], -1)),
    "parts": lambda: layers.Lambda(lambda x: tf.split(x, 2, axis=-1)[1]),
    "stack": lambda: layers.Lambda(lambda x: tf.stack(tf.unstack(x, axis=1), axis=1)),
}
"""What a layer does to a tensor → the layer."""


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_operations_of_common_layers_have_rules_of_their_own(build, monkeypatch):
    image = keras.Input(IMAGE.shape[1:])
    trace = trace_model(keras.Model(image, build()(image)), IMAGE)
    without_rule: list[str] = []
    monkeypatch.setattr(
        "tensorboard_plugin_convlens.engine.backward.backward_pass.registered_gradient",
        lambda wrapped, operation, forward: without_rule.append(operation.type),
    )
    differentiation = Differentiation(trace)
    path = differentiation.path(trace.outputs, [0])
    for operation in path:
        differentiation.vjp(operation)
    assert path
    assert not without_rule


def test_every_rule_of_every_module_is_in_use():
    modules = [
        importlib.import_module(f"{rules.__name__}.{module.name}")
        for module in pkgutil.iter_modules(rules.__path__)
    ]
    tables = [module.RULES for module in modules if hasattr(module, "RULES")]
    written = [name for table in tables for name in table]
    assert len(tables) > 1
    assert sorted(written) == sorted(RULES), "a type is missing, or two modules have a rule"
