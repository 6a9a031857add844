"""Vector-Jacobian products of rectifiers and other element by element operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.capture.vjp import (
    Cotangents,
    Residuals,
    Vjp,
    rule,
    sum_to,
)

SMOOTH = ["Abs", "Asinh", "Atan", "ClipByValue", "Cos", "Elu", "Erf", "Erfc", "Exp", "Expm1", "Inv", "LeakyRelu", "Log", "Log1p", "Neg", "Reciprocal", "Rsqrt", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Square", "Tanh"]
"""Operations of one tensor whose derivative is a slope per element."""

CAPS = {"Relu": None, "Relu6": 6.0}


def open_units(operation: Any, residuals: Residuals) -> Any:
    """Where a rectifier lets its gradient through: 1 where 0 < output (< cap), else 0."""

    def mask() -> Any:
        output, cap = residuals.raw(operation.outputs[0]), CAPS[operation.type]
        passes = output > 0 if cap is None else (output > 0) & (output < cap)
        return tf.cast(passes, residuals.dtype)

    return residuals.derived(("open units", id(operation)), mask)


def rectifier(operation: Any, *, gated: bool) -> Vjp:
    """ReLU or ReLU6; Springenberg et al. 2015, arXiv 1412.6806, figure 1.

    Args:
      operation: Of type `Relu` or `Relu6`.
      gated: Whether a guided pass stops negative gradient here. False for the halves of
        a PReLU, and inside other activation functions.
    """

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        passes = residuals.at(operation.outputs[0], open_units(operation, residuals))
        gradient = cotangents[0] * passes
        return (tf.nn.relu(gradient) if gated and residuals.guided else gradient,)

    return Vjp((operation.outputs[0],), pull)


@rule(*SMOOTH)
def smooth(operation: Any) -> Vjp:
    """The slope is computed once, in the forward pass, by TensorFlow's own gradient."""
    output = operation.outputs[0]
    return _sloped(operation, 0, _slope(operation, operation.inputs[0]))


def _slope(operation: Any, argument: Any) -> Any:
    """A tensor of the trace: the derivative of each element of the first output."""
    output = operation.outputs[0]
    return tf.gradients(output, argument, tf.ones_like(output))[0]


def _sloped(operation: Any, position: int, slope: Any) -> Vjp:
    count = len(operation.inputs)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradient = cotangents[0] * residuals.at(operation.outputs[0], residuals.value(slope))
        return tuple(gradient if index == position else None for index in range(count))

    return Vjp((slope,), pull)


@rule("IdentityN")
def silu(operation: Any) -> Vjp | None:
    """TensorFlow writes `tf.nn.silu` as an identity of `x * sigmoid(x)` and `x`."""
    if not is_silu_identity(operation):
        return None
    return _sloped(operation, 1, _slope(operation, operation.inputs[1]))


def is_silu_identity(operation: Any) -> bool:
    """Whether an `IdentityN` is the one that `tf.nn.silu` makes."""
    product = operation.inputs[0].op
    return bool(
        operation.type == "IdentityN"
        and product.type == "Mul"
        and len(operation.inputs) >= 2
        and any(one is operation.inputs[1] for one in product.inputs)
        and any(one.op.type == "Sigmoid" for one in product.inputs)
    )


@rule("Identity", "Cast", "CheckNumerics", "PreventGradient", "EnsureShape", "Snapshot")
def unchanged(operation: Any) -> Vjp:
    """The cotangents keep their own type, so a change of type changes nothing."""
    return Vjp((), lambda cotangents, residuals: (cotangents[0],))


@rule("AddV2", "Add", "AddN")
def addition(operation: Any) -> Vjp:
    """Each term has the sum's gradient."""
    terms, total = tuple(operation.inputs), operation.outputs[0]
    return Vjp((), lambda ct, residuals: tuple(sum_to(ct[0], one, total) for one in terms))


@rule("Sub")
def subtraction(operation: Any) -> Vjp:
    """The second term has the negative gradient."""
    (left, right), total = operation.inputs, operation.outputs[0]
    return Vjp(
        (), lambda ct, residuals: (sum_to(ct[0], left, total), sum_to(-ct[0], right, total))
    )


Slopes = Callable[[Any, Any], tuple[Any, Any]]

SLOPES: dict[str, Slopes] = {
    "Mul": lambda left, right: (right, left),
    "RealDiv": lambda left, right: (1 / right, -left / right**2),
    "Maximum": lambda left, right: (left >= right, left < right),
    "Minimum": lambda left, right: (left <= right, left > right),
    "SquaredDifference": lambda left, right: (2 * (left - right), 2 * (right - left)),
}
"""Partial derivatives with respect to both operands; a comparison stands for 0 and 1."""


@rule(*SLOPES)
def binary(operation: Any) -> Vjp:
    """Operations of two tensors, one of which may be broadcast."""
    operands, output = tuple(operation.inputs), operation.outputs[0]
    slopes = SLOPES[operation.type]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        def both() -> list[Any]:
            values = slopes(*(residuals.raw(one) for one in operands))
            return [tf.cast(one, residuals.dtype) for one in values]

        factors = residuals.derived(("slopes", id(operation)), both)
        return tuple(
            sum_to(cotangents[0] * residuals.at(output, factor), operand, output)
            for factor, operand in zip(factors, operands, strict=True)
        )

    return Vjp(operands, pull)


@rule("SelectV2")
def selection(operation: Any) -> Vjp:
    """Of `tf.where`: each branch has the gradient where it was taken."""
    condition, first, second = operation.inputs
    output = operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        taken = residuals.at(output, tf.cast(residuals.raw(condition), residuals.dtype))
        return (
            None,
            sum_to(cotangents[0] * taken, first, output),
            sum_to(cotangents[0] * (1 - taken), second, output),
        )

    return Vjp((condition,), pull)


@rule("Softmax")
def softmax(operation: Any) -> Vjp:
    """`y (d - Σ y d)` over the last axis."""
    output = operation.outputs[0]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        weighted = cotangents[0] * residuals.value(output)
        total = tf.reduce_sum(weighted, -1, keepdims=True)
        return (weighted - residuals.value(output) * total,)

    return Vjp((output,), pull)
