"""Vector-Jacobian products of rectifiers and other element by element operations.

For `y[i] = f(x[i])` the Jacobian is diagonal, so going back multiplies by a slope per element,
which all filters share:

    dx [filter, 1, 56, 56, 64] = g [filter, 1, 56, 56, 64] · f'(x) [1, 56, 56, 64]

A rectifier `y = max(x, 0)` has the slope 1 where x > 0 and 0 elsewhere. It can be read off the
output, `[y > 0]`; ReLU6, `min(max(x, 0), 6)`, has 1 where `0 < y < 6`. Guided backpropagation
(Springenberg et al. 2015, arXiv 1412.6806, figure 1) also stops what is negative:

    dx = g · [y > 0]            the plain gradient
    dx = max(g, 0) · [y > 0]    the guided one

Operations of two tensors have a slope for each. Where one of them is broadcast, what comes
back to it is added up over the copies (`vjp.sum_to`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.bit_masks import (
    limited,
    masked,
    to_bit_mask,
    to_limit,
)
from tensorboard_plugin_convlens.engine.backward.vjp import (
    Cotangents,
    Live,
    Rules,
    Vjp,
    elementwise,
    sum_to,
)
from tensorboard_plugin_convlens.engine.residuals.residuals import Derived, Residuals
from tensorboard_plugin_convlens.tracing.operations import is_silu_identity
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, Value

SMOOTH = [
    "Abs",
    "Asinh",
    "Atan",
    "ClipByValue",
    "Cos",
    "Elu",
    "Erf",
    "Erfc",
    "Exp",
    "Expm1",
    "Inv",
    "LeakyRelu",
    "Log",
    "Log1p",
    "Neg",
    "Reciprocal",
    "Rsqrt",
    "Selu",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Square",
    "Tanh",
]
"""Operations of one tensor whose derivative is a slope per element."""

CAPS = {"Relu": None, "Relu6": 6.0}


def passes(rectifier: Operation, output: Value) -> Value:
    """For each unit of a rectifier's output, whether gradient passes."""
    cap = CAPS[rectifier.type]
    return output > 0 if cap is None else (output > 0) & (output < cap)


def at_output(operation: Operation, tensor: Tensor, residuals: Residuals) -> Value:
    """The value of a tensor that lies like the output of an operation, or is broadcast."""
    return residuals.look(
        Derived(
            ("value", id(tensor)),
            operation.outputs[0],
            lambda: tf.cast(residuals.raw(tensor), residuals.dtype),
        )
    )


def rectifier(operation: Operation, *, gated: bool) -> Vjp:
    """ReLU or ReLU6; Springenberg et al. 2015, arXiv 1412.6806, figure 1.

    A gradient passes where 0 < output (< cap). In a guided pass one operation does both
    halves of the gate: what is positive, up to a limit of zero where the unit lets nothing
    through.

    Args:
      operation: An operation of type `Relu` or `Relu6`.
      gated: Whether a guided pass stops negative gradient here. False for the halves of
        a PReLU, and inside other activation functions.
    """
    output = operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        def passing() -> Value:
            return passes(operation, residuals.raw(output))

        if not (gated and residuals.guided):
            mask = Derived(
                ("bit mask", id(operation)),
                output,
                lambda: to_bit_mask(passing(), residuals.dtype),
            )
            return (masked(cotangents[0], residuals.look(mask)),)
        limits = Derived(
            ("limits", id(operation)), output, lambda: to_limit(passing(), residuals.dtype)
        )
        limit = residuals.look(limits)
        # Over the whole frame the limit has no axis for filters; windows have one each.
        if limit.shape.rank < cotangents[0].shape.rank:
            limit = limit[None]
        return (limited(cotangents[0], limit),)

    # Beyond the tensor masks and limits are zero, so nothing is left of what arrives there.
    return elementwise((output,), pull, clears=True)


def smooth(operation: Operation, live: Live) -> Vjp:
    """The slope is computed once, in the forward pass, by TensorFlow's own gradient."""
    return _sloped(operation, 0, _slope(operation, operation.inputs[0]))


def _slope(operation: Operation, argument: Tensor) -> Tensor:
    """A tensor of the trace: the derivative of each element of the first output."""
    # With ones for g, dx is the slope itself: the Jacobian is diagonal.
    output = operation.outputs[0]
    return tf.gradients(output, argument, tf.ones_like(output))[0]


def _sloped(operation: Operation, position: int, slope: Tensor) -> Vjp:
    count = len(operation.inputs)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradient = cotangents[0] * at_output(operation, slope, residuals)
        return tuple(gradient if index == position else None for index in range(count))

    return elementwise((slope,), pull)


def silu(operation: Operation, live: Live) -> Vjp | None:
    """TensorFlow writes `tf.nn.silu` as an identity of `x * sigmoid(x)` and `x`."""
    if not is_silu_identity(operation):
        return None
    return _sloped(operation, 1, _slope(operation, operation.inputs[1]))


def unchanged(operation: Operation, live: Live) -> Vjp:
    """The cotangents keep their own type, so a change of type changes nothing."""
    return elementwise((), lambda cotangents, residuals: (cotangents[0],))


def addition(operation: Operation, live: Live) -> Vjp:
    """Each term has the sum's gradient."""
    terms, total = tuple(operation.inputs), operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        return tuple(
            sum_to(cotangents[0], term, total) if live(term) else None for term in terms
        )

    return elementwise((), pull)


def subtraction(operation: Operation, live: Live) -> Vjp:
    """The second term has the negative gradient."""
    (left, right), total = operation.inputs, operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        return (
            sum_to(cotangents[0], left, total) if live(left) else None,
            sum_to(-cotangents[0], right, total) if live(right) else None,
        )

    return elementwise((), pull)


Slope = Callable[[Value, Value], Value]

SLOPES: dict[str, tuple[Slope, Slope]] = {
    "RealDiv": (lambda left, right: 1 / right, lambda left, right: -left / right**2),
    "Maximum": (lambda left, right: left >= right, lambda left, right: left < right),
    "Minimum": (lambda left, right: left <= right, lambda left, right: left > right),
    "SquaredDifference": (
        lambda left, right: 2 * (left - right),
        lambda left, right: 2 * (right - left),
    ),
}
"""Derivatives with respect to both operands; a comparison stands for 0 and 1."""


def product(operation: Operation, live: Live) -> Vjp:
    """Each factor has the other's multiple."""
    factors, output = tuple(operation.inputs), operation.outputs[0]
    wanted = [index for index in (0, 1) if live(factors[index])]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradients: list[Value] = [None, None]
        for index in wanted:
            other = at_output(operation, factors[1 - index], residuals)
            gradients[index] = sum_to(cotangents[0] * other, factors[index], output)
        return gradients

    return elementwise(tuple(factors[1 - index] for index in wanted), pull)


def binary(operation: Operation, live: Live) -> Vjp:
    """Other operations of two tensors, one of which may be broadcast."""
    operands, output = tuple(operation.inputs), operation.outputs[0]
    wanted = [index for index in (0, 1) if live(operands[index])]

    def factor(index: int, residuals: Residuals) -> Value:
        value = SLOPES[operation.type][index](*(residuals.raw(operand) for operand in operands))
        return tf.cast(value, residuals.dtype)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradients: list[Value] = [None, None]
        for index in wanted:
            slope = Derived(
                ("slope", id(operation), index),
                output,
                functools.partial(factor, index, residuals),
            )
            gradient = cotangents[0] * residuals.look(slope)
            gradients[index] = sum_to(gradient, operands[index], output)
        return gradients

    return elementwise(operands, pull)


def selection(operation: Operation, live: Live) -> Vjp:
    """Goes back through `tf.where`: each branch gets the gradient where it was taken."""
    condition, first, second = operation.inputs
    output = operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        taken = at_output(operation, condition, residuals)
        return (
            None,
            sum_to(cotangents[0] * taken, first, output) if live(first) else None,
            sum_to(cotangents[0] * (1 - taken), second, output) if live(second) else None,
        )

    return elementwise((condition,), pull)


def softmax(operation: Operation, live: Live) -> Vjp:
    """`dx = y · (g - Σ y g)` over the last axis: `dy[i]/dx[j] = y[i] · ([i = j] - y[j])`."""
    output = operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        weighted = cotangents[0] * residuals.value(output)
        total = tf.reduce_sum(weighted, -1, keepdims=True)
        return (weighted - residuals.value(output) * total,)

    return Vjp((output,), pull)


RULES: Rules = {
    **dict.fromkeys(SMOOTH, smooth),
    "IdentityN": silu,
    "Identity": unchanged,
    "Cast": unchanged,
    "CheckNumerics": unchanged,
    "PreventGradient": unchanged,
    "EnsureShape": unchanged,
    "Snapshot": unchanged,
    "AddV2": addition,
    "Add": addition,
    "AddN": addition,
    "Sub": subtraction,
    "Mul": product,
    **dict.fromkeys(SLOPES, binary),
    "SelectV2": selection,
    "Softmax": softmax,
}
