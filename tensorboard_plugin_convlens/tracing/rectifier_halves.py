"""Rectifiers of `x` and of `-x` that are added up, as in PReLU and leaky functions.

    PReLU:      relu(x) + slope · -relu(-x)
    leaky ReLU: relu(x) - slope · relu(-x)
    threshold:  where(x > θ, x, 0) - slope · relu(θ - x)

Each half is zero where the other is not, so that the sum is zero almost nowhere: it does not
rectify. Such a pair is found by its shape in the graph, in any code: two functions that
are applied to the same tensor with opposite signs, constant terms aside, and whose results meet
in a sum after at most a factor and a cap. CReLU, which concatenates both halves instead of
adding them, has no such sum: its halves are rectifiers.
"""

from __future__ import annotations

from collections.abc import Iterator

import tensorflow as tf

from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

_SUMS = frozenset({"Add", "AddV2", "Sub"})
_SCALING = frozenset({"Mul", "Neg", "Cast", "Minimum", "Maximum", "ClipByValue"})


def is_half(operation: Operation) -> bool:
    """Whether `f(x)` and `g(-x)` are added up: then neither rectifies the sum."""
    base, negative = _signed_operand(operation)
    sums = _sums(operation)
    return bool(sums) and any(
        sums & _sums(partner) for partner in _partners(operation, base, negative)
    )


def operand(operation: Operation) -> Tensor:
    """The argument of a function, the same for both halves."""
    return _signed_operand(operation)[0]


def is_constant(tensor: Tensor) -> bool:
    """Whether a tensor has a value that is known without running the graph."""
    return tf.get_static_value(tensor) is not None


def _signed_operand(operation: Operation) -> tuple[Tensor, bool]:
    """(what a function is applied to, constant terms left out; whether with a minus)."""
    tensor, negative = operation.inputs[0], False
    while True:
        kind, inputs = tensor.op.type, list(tensor.op.inputs)
        if kind == "Neg":
            tensor, negative = inputs[0], not negative
        elif kind in _SUMS and is_constant(inputs[1]):
            tensor = inputs[0]
        elif kind in _SUMS and is_constant(inputs[0]):
            tensor, negative = inputs[1], negative != (kind == "Sub")
        else:
            return tensor, negative


def _partners(operation: Operation, base: Tensor, negative: bool) -> Iterator[Operation]:
    """Possible other halves: applied to the same argument, with the other sign."""
    seen = {id(operation)}
    waiting = [base]
    while waiting:
        for user in waiting.pop().consumers():
            if id(user) in seen:
                continue
            seen.add(id(user))
            if user.type in RECTIFIERS:
                if _signed_operand(user)[1] != negative:
                    yield user
            elif negative and _selects(user, base):
                yield user
            elif user.type == "Neg" or (
                user.type in _SUMS and any(map(is_constant, user.inputs))
            ):
                waiting += user.outputs


def _selects(operation: Operation, base: Tensor) -> bool:
    """Whether it is `where(x > threshold, x, 0)`, as Keras' `relu(threshold=…)` has it."""
    return bool(
        operation.type == "SelectV2"
        and operation.inputs[1] is base
        and operation.inputs[0].op.type in ("Greater", "GreaterEqual")
    )


def _sums(operation: Operation) -> set[TensorId]:
    """The sums that an operation's output enters, at once or after a factor and a cap."""
    found: set[TensorId] = set()
    waiting = [(reader, 0) for reader in operation.outputs[0].consumers()]
    while waiting:
        user, distance = waiting.pop()
        if user.type in _SUMS:
            found.add(id(user))
        elif user.type in _SCALING and distance < 4:
            waiting += [(reader, distance + 1) for reader in user.outputs[0].consumers()]
    return found
