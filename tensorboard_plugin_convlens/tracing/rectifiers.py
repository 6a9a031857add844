"""Which operations are rectifiers that guided backpropagation gates, and which are not.

Guided backpropagation (Springenberg et al. 2015, https://arxiv.org/abs/1412.6806) changes the
gradient of `y = max(x, 0)`: of the gradient `g` that arrives at `y`, it passes only the
positive part,

    dx = g · [x > 0]            the plain gradient
    dx = max(g, 0) · [x > 0]    the guided one

The rule is defined for rectifiers alone. A sigmoid or GELU has a derivative of its own and no
"off", so a network of them has no guided gradient, and the picture must not be called one.
Hence the count: of how many rectifiers on the way, how many were gated (`records.Guidance`).

TensorFlow's operations do not say what they are a part of. A leaky function is computed as
`relu(x) - slope · relu(-x)`, and PReLU likewise: gating either half would stop gradient that
the function passes (`rectifier_halves.py`). Keras' hard sigmoid is `relu6(x + 3) / 6`: a
saturating function, no rectifier, though its operation is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import Guidance
from tensorboard_plugin_convlens.tracing.activation_names import activation_function
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.rectifier_halves import is_constant, is_half, operand
from tensorboard_plugin_convlens.tracing.trace import ONE_NODE, Trace
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor

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


@dataclass(frozen=True, slots=True)
class _Ungated:
    """An activation function without a gate.

    Attributes:
      place: The same for all operations that it consists of.
      name: The name of the function.
      rectifies: Whether it is a rectifier that passes, or may pass, something below zero.
    """

    place: int
    name: str
    rectifies: bool


class Rectifiers:
    """The rectifiers of a trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.gated: frozenset[int] = frozenset(
            id(operation) for operation in trace.operations if _is_gated(operation)
        )
        """`id` of each operation at which a guided pass stops negative gradient."""

    def guidance(self, path: Iterable[Operation]) -> Guidance:
        """The gated operations between a layer and the input."""
        operations = list(path)
        gated = [operation for operation in operations if id(operation) in self.gated]
        # A rectifier that a layer calls in every time step counts once; so do the two halves of
        # a leaky function.
        guided = len({self._place(operation) for operation in gated})
        found = [self._ungated(operation) for operation in operations]
        ungated = {function.place: function for function in found if function is not None}
        rectifying = sum(function.rectifies for function in ungated.values())
        names = {function.name for function in ungated.values()}
        # A gradient that a user wrote is taken as it is, and its rectifiers are not gated.
        own = [self._trace.own_gradients.get(id(operation)) for operation in operations]
        hidden = sum(gradient.rectifiers for gradient in own if gradient is not None)
        if hidden:
            names.add("custom gradient")
        return Guidance(guided, guided + rectifying + hidden, tuple(sorted(names)))

    def _ungated(self, operation: Operation) -> _Ungated | None:
        """The ungated activation function that an operation is a part of, if any."""
        if operation.type not in _NAMES or id(operation) in self.gated:
            return None
        if operation.type == "Maximum" and not self._rectifies(operation):
            return None
        owner = self._trace.owner(operation)
        place = id(owner) if owner is not None and owner.is_leaf else id(operand(operation))
        is_rectifier = operation.type in RECTIFIERS and not _hard_function(operation)
        return _Ungated(
            place,
            self._name(operation),
            is_rectifier or operation.type in ("LeakyRelu", "Maximum"),
        )

    def _name(self, operation: Operation) -> str:
        """Names a function by the layer that applies it, or by what the operation does."""
        name = self._function(operation)
        if operation.type in RECTIFIERS and name in ("", *_PLAIN):
            return _hard_function(operation) or "leaky_relu"
        name = name or _NAMES[operation.type]
        return "silu" if name == "sigmoid" and _is_silu(operation) else name

    def _place(self, operation: Operation) -> int:
        """The same for all time steps of a layer that is called once per step."""
        owner = self._trace.owner(operation)
        is_one = owner is not None and isinstance(owner.operation, ONE_NODE)
        return id(owner) if is_one else id(operation)

    def _rectifies(self, operation: Operation) -> bool:
        """Whether it is `maximum(x, 0)`, and not the lower end of a gated rectifier's range."""
        return any(map(_is_zero, operation.inputs)) and not any(
            id(_uncapped(tensor).op) in self.gated for tensor in operation.inputs
        )

    def _function(self, operation: Operation) -> str:
        """Name of the activation function of the layer call around, or ""."""
        owner = self._trace.owner(operation)
        if owner is None or not owner.is_leaf:
            return ""
        return activation_function(owner.operation)


_PLAIN = ("relu", "relu6")
"""Names of the functions that are gated."""


def _is_gated(operation: Operation) -> bool:
    """Whether the operation is gated; its result decides, not its name or its caller."""
    return (
        operation.type in RECTIFIERS
        and not _hard_function(operation)
        and not is_half(operation)
    )


def _hard_function(operation: Operation) -> str:
    """`"hard_silu"` or `"hard_sigmoid"`, `relu6(x + 3) / 6`, if it is a part of Keras' own.

    By the stack at which TensorFlow made the operation: the formula alone could as well be a
    ReLU6 after a shifted BatchNormalization, which is a rectifier.
    """
    if operation.type != "Relu6":
        return ""
    frames = {frame.name for frame in operation.traceback if "keras" in frame.filename}
    if "hard_sigmoid" not in frames:
        return ""
    return "hard_silu" if "hard_silu" in frames else "hard_sigmoid"


def _is_zero(tensor: Tensor) -> bool:
    value = tf.get_static_value(tensor)
    return value is not None and not np.any(value)


def _uncapped(tensor: Tensor) -> Tensor:
    """The argument of a cap."""
    while tensor.op.type in ("Minimum", "Identity", "Cast"):
        inputs = tensor.op.inputs
        tensor = next((given for given in inputs if not is_constant(given)), inputs[0])
        if is_constant(tensor):
            break
    return tensor


def _is_silu(operation: Operation) -> bool:
    """`x * sigmoid(x)`."""
    argument = operation.inputs[0]
    return any(
        user.type == "Mul" and any(factor is argument for factor in user.inputs)
        for user in operation.outputs[0].consumers()
    )
