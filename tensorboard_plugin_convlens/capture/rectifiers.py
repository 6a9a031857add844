"""Which operations are rectifiers that guided backpropagation gates, and which are not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.capture.trace import ONE_NODE, Trace
from tensorboard_plugin_convlens.core.records import Guidance

RECTIFIERS = frozenset({"Relu", "Relu6"})

_NAMES = {
    "Elu": "elu",
    "Erf": "gelu",
    "Erfc": "gelu",
    "LeakyRelu": "leaky_relu",
    "Maximum": "maximum",
    "Relu": "relu",
    "Relu6": "relu6",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "PartitionedCall": "compiled function",
    "StatefulPartitionedCall": "compiled function",
}
"""Type of a non-linear operation → name of the activation function that it belongs to."""

_DAMPING = frozenset({"leaky_relu", "prelu", "relu", "relu6", "maximum"})
"""Rectifiers that are not gated: they pass, or may pass, something below zero."""

_GATED_FUNCTIONS = frozenset({"", "linear", "relu", "relu6"})


class Rectifiers:
    """The rectifiers of a trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.gated: frozenset[int] = frozenset(
            id(one)
            for one in trace.operations
            if one.type in RECTIFIERS
            and not _is_half(one)
            and self._function(one) in _GATED_FUNCTIONS
        )
        """`id` of each operation at which a guided pass stops negative gradient."""

    def guidance(self, path: Iterable[Any]) -> Guidance:
        """What is gated among the operations between a layer and the input."""
        operations = list(path)
        guided = len({self._place(one) for one in operations if id(one) in self.gated})
        ungated = {key: name for one in operations for key, name in self._ungated(one)}
        damping = sum(name in _DAMPING for name in ungated.values())
        return Guidance(guided, guided + damping, tuple(sorted(set(ungated.values()))))

    def _ungated(self, operation: Any) -> list[tuple[Any, str]]:
        """(where, name) of the ungated activation function of an operation, if any."""
        if operation.type not in _NAMES or id(operation) in self.gated:
            return []
        if operation.type == "Maximum" and not self._rectifies(operation):
            return []
        name = self._function(operation) or _NAMES[operation.type]
        if name == "sigmoid" and _is_silu(operation):
            name = "silu"
        owner = self._trace.owner(operation)
        where = id(owner) if owner is not None and owner.is_leaf else id(_operand(operation))
        return [(where, name)]

    def _place(self, operation: Any) -> int:
        """The same for all time steps of a layer that is called once per step."""
        owner = self._trace.owner(operation)
        is_one = owner is not None and isinstance(owner.operation, ONE_NODE)
        return id(owner) if is_one else id(operation)

    def _rectifies(self, operation: Any) -> bool:
        """Whether it is `maximum(x, 0)`, and not the cap of a gated rectifier."""
        values = [tf.get_static_value(one) for one in operation.inputs]
        owner = self._trace.owner(operation)
        function = "" if owner is None or not owner.is_leaf else self._function(operation)
        return function not in ("relu", "relu6") and any(
            value is not None and not value.any() for value in values
        )

    def _function(self, operation: Any) -> str:
        """Name of the activation function of the layer call around, or ""."""
        owner = self._trace.owner(operation)
        if owner is None or not owner.is_leaf:
            return ""
        return activation_function(owner.operation)


def activation_function(operation: Any) -> str:
    """Name of the function that a Keras object applies to its result, or ""."""
    own = getattr(operation, "activation", None)
    if own is not None:
        name = getattr(own, "__name__", None) or getattr(own, "name", type(own).__name__)
        return "" if name == "linear" else str(name)
    kind = type(operation).__name__
    if kind == "ReLU" and type(operation).__module__.startswith("keras"):
        if getattr(operation, "negative_slope", 0):
            return "leaky_relu"
        return "relu" if not getattr(operation, "threshold", 0) else "thresholded_relu"
    known = {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}
    if kind in known:
        return known[kind]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    return snake if snake in _KERAS_FUNCTIONS else ""


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


def _operand(operation: Any) -> Any:
    """What a function is applied to, the same for both halves of a PReLU."""
    tensor = operation.inputs[0]
    return tensor.op.inputs[0] if tensor.op.type == "Neg" else tensor


def _is_half(operation: Any) -> bool:
    """Whether `relu(x)` and `relu(-x)` are added up, as in PReLU: then neither is gated."""
    tensor = _operand(operation)
    partners = [
        relu
        for user in tensor.consumers()
        for relu in ([user] if user.type in RECTIFIERS else _rectified_negative(user))
        if relu is not operation
        and (operation.inputs[0].op.type == "Neg") != (relu.inputs[0].op.type == "Neg")
    ]
    return any(_sums(operation) & _sums(partner) for partner in partners)


def _rectified_negative(user: Any) -> list[Any]:
    if user.type != "Neg":
        return []
    return [one for one in user.outputs[0].consumers() if one.type in RECTIFIERS]


def _sums(operation: Any) -> set[int]:
    """The sums that a rectifier's output enters, at once or after a factor."""
    found: set[int] = set()
    waiting = [(one, 0) for one in operation.outputs[0].consumers()]
    while waiting:
        user, distance = waiting.pop()
        if user.type in ("Add", "AddV2", "Sub"):
            found.add(id(user))
        elif user.type in ("Mul", "Neg", "Cast") and distance < 3:
            waiting += [(one, distance + 1) for one in user.outputs[0].consumers()]
    return found


def _is_silu(operation: Any) -> bool:
    """`x * sigmoid(x)`."""
    argument = operation.inputs[0]
    return any(
        user.type == "Mul" and any(one is argument for one in user.inputs)
        for user in operation.outputs[0].consumers()
    )
