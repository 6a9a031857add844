"""The name of the activation function that a layer applies to its result.

Keras lets a model name the same function in several ways, and each has one name here:

    Conv2D(activation="relu")                   an attribute, a function          "relu"
    Conv2D(activation=keras.layers.ReLU())      an attribute, a layer             "relu"
    Conv2D(activation=partial(relu, …))         an attribute, a partial function  "leaky_relu"
    keras.layers.LeakyReLU()                    a layer of its own                "leaky_relu"
    keras.ops.hard_sigmoid(x)                   an operation, "HardSigmoid"       "hard_sigmoid"
"""

from __future__ import annotations

import functools
import re
from typing import Any

import keras


def activation_function(operation: Any) -> str:
    """Name of the function that a Keras object applies to its result, or ""."""
    own = getattr(operation, "activation", None)
    if own is not None:
        return _name_of(own)
    kind = type(operation).__name__
    # The class ReLU is three functions, depending on its arguments.
    if kind == "ReLU" and type(operation).__module__.startswith("keras"):
        if getattr(operation, "negative_slope", 0):
            return "leaky_relu"
        return "relu" if not getattr(operation, "threshold", 0) else "thresholded_relu"
    known = {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}
    if kind in known:
        return known[kind]
    # An operation of a functional model is a class: `keras.ops.hard_tanh` makes a `HardTanh`.
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    return snake if snake in _KERAS_FUNCTIONS else ""


def _name_of(function: Any) -> str:
    """Name of the value of `activation=`: a function, a partial one, or a layer."""
    if isinstance(function, functools.partial):
        name = _name_of(function.func)
        leaks = function.keywords.get("negative_slope")
        return "leaky_relu" if name == "relu" and leaks else name
    if isinstance(function, keras.Operation):
        return activation_function(function) or str(function.name)
    name = getattr(function, "__name__", None) or type(function).__name__
    return "" if name == "linear" else str(name)


_KERAS_FUNCTIONS = frozenset(
    [
        "relu",
        "relu6",
        "sigmoid",
        "tanh",
        "softplus",
        "softsign",
        "silu",
        "log_sigmoid",
        "leaky_relu",
        "hard_sigmoid",
        "hard_silu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "softmax",
        "hard_tanh",
        "glu",
        "squareplus",
        "sparse_plus",
        "threshold",
    ]
)
