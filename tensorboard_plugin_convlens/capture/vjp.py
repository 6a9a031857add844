"""Vector-Jacobian products of TensorFlow operations, for many cotangents at once.

A `Vjp` turns cotangents of an operation's outputs into cotangents of its inputs. Every
cotangent has one axis more than its tensor, in front: one entry per filter. So a tensor
`[1, height, width, channel]` has cotangents `[filter, 1, height, width, channel]`, and one
forward pass of one image serves every filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Cotangents = Sequence[Any]
"""One tensor `[filter, *shape]` per output or input; None stands for zero."""


class Residuals:
    """Values of the forward pass, as the backward pass wants them.

    Attributes:
      dtype: Of the cotangents; `float32`, or `bfloat16` where that is faster.
      guided: Whether the rectifiers of the pass let no negative gradient through.
    """

    def __init__(self, values: dict[int, Any], dtype: Any, *, guided: bool) -> None:
        """`values`: `id` of a tensor of the trace → its value."""
        self._values = values
        self._derived: dict[Any, Any] = {}
        self.dtype = dtype
        self.guided = guided

    def raw(self, tensor: Any) -> Any:
        """The value of a tensor of the trace, in its own type."""
        return self._values[id(tensor)]

    def value(self, tensor: Any) -> Any:
        """The value of a tensor of the trace, in the type of the cotangents."""
        return self.derived(id(tensor), lambda: tf.cast(self.raw(tensor), self.dtype))

    def derived(self, key: Any, make: Callable[[], Any]) -> Any:
        """`make()`, computed once for each key."""
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    def at(self, tensor: Any, key: Any, make: Callable[[], Any]) -> Any:
        """The part of a value that the pass looks at: here all of it.

        Args:
          tensor: The tensor of the trace that the value lies like, place by place.
          key: Of the value, for it is made only once.
          make: Makes it.
        """
        return self.derived(key, make)

    def with_guidance(self, guided: bool) -> Residuals:
        """The same values, sharing what was derived, for the other kind of gradient."""
        other = Residuals(self._values, self.dtype, guided=guided)
        other._derived = self._derived
        return other


@dataclass(frozen=True, slots=True)
class Vjp:
    """How to differentiate one operation backwards.

    Attributes:
      residuals: Tensors of the trace whose values `pull` reads.
      pull: (cotangents of the outputs, values) → cotangents of the inputs.
    """

    residuals: tuple[Any, ...]
    pull: Callable[[Cotangents, Residuals], Cotangents]


Live = Callable[[Any], bool]
"""Whether an input of an operation depends on the input of the model."""

Rule = Callable[[Any, Live], Vjp | None]
"""Makes the Vjp of one operation; None where the rule does not cover it."""

RULES: dict[str, Rule] = {}
"""Type of operation → rule. What is not here has the gradient registered with TensorFlow."""


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Registers a rule for types of operations."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(types, function))
        return function

    return register


def merge_filters(cotangent: Any) -> Any:
    """`[filter, batch, …]` → `[filter * batch, …]`, for operations that work per image."""
    shape = cotangent.shape.as_list()
    return tf.reshape(cotangent, [shape[0] * shape[1], *shape[2:]])


def split_filters(value: Any, filters: int) -> Any:
    """The inverse of `merge_filters`."""
    shape = value.shape.as_list()
    return tf.reshape(value, [filters, shape[0] // filters, *shape[1:]])


def repeat_filters(value: Any, filters: int) -> Any:
    """One image's value `[batch, …]` for each of the filters, merged into the batch."""
    return tf.tile(value, [filters] + [1] * (value.shape.rank - 1))


def sum_to(cotangent: Any, operand: Any, output: Any) -> Any:
    """Adds up the axes along which `operand` was broadcast to make `output`."""
    shape, full = operand.shape.as_list(), output.shape.as_list()
    if shape == full:
        return cotangent
    missing = len(full) - len(shape)
    axes = list(range(1, 1 + missing)) + [
        1 + missing + axis
        for axis, size in enumerate(shape)
        if size == 1 and full[missing + axis] != 1
    ]
    return tf.reshape(tf.reduce_sum(cotangent, axes), [cotangent.shape[0], *shape])
