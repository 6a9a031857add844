"""Vector-Jacobian products of TensorFlow operations, for many cotangents at once.

An operation `y = f(x)` has a Jacobian `J = dy/dx`, which is never written down. Going back
needs only its product with the gradient `g` that arrives at `y`:

    dx = Jᵀ g

`g` and `dx` are called cotangents. Reverse-mode differentiation is this product, operation
after operation, from the last to the first (Griewank & Walther 2008, *Evaluating Derivatives*,
chapter 3; Baydin et al. 2018, arXiv 1502.05767).

`tf.GradientTape` does it for one `g`. A layer has hundreds of filters, each with a `g` of its
own, at one image. So every cotangent here has one axis more than its tensor, in front, with one
entry per filter, and the forward pass is computed once:

    tensor      [1, height, width, channel]          e.g. [1, 56, 56, 256]
    cotangent   [filter, 1, height, width, channel]  e.g. [64, 1, 56, 56, 256]

`J` depends on values of the forward pass, such as the kernel of a convolution or the sign of a
rectifier's output. These are the operation's *residuals*. They have no filter axis: all filters
share them.

Where each filter's gradient is that of a single unit, the same product is needed on the window
that this unit sees, not on the whole frame. A rule that can do that has `pull_windows`, too:

    pull            g [64, 1, 224, 224, 64] → dx [64, 1, 224, 224, 64]
    pull_windows    g [64, 1, 10, 10, 64]   → dx [64, 1, 12, 12, 64]      a 3 by 3 convolution
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.windowed_cotangent import WindowedCotangent
from tensorboard_plugin_convlens.engine.residuals.residuals import Residuals
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows
from tensorboard_plugin_convlens.engine.residuals.windowed_residuals import WindowedResiduals
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, Value

Cotangents = Sequence[Value]
"""One tensor `[filter, *shape]` per output or input; None stands for zero."""

Pull = Callable[[Cotangents, Residuals], Cotangents]
"""(cotangents of the outputs, values) → cotangents of the inputs."""


PullWindows = Callable[
    [WindowedCotangent, UnitWindows, WindowedResiduals], Sequence[WindowedCotangent | None]
]
"""(cotangent of the output on windows, what these windows see of the inputs, values) →
cotangents of the inputs, on what the windows see."""


@dataclass(frozen=True, slots=True)
class Vjp:
    """How to differentiate one operation backwards.

    Attributes:
      residuals: Tensors of the trace whose values `pull` reads.
      pull: (cotangents of the outputs, values) → cotangents of the inputs.
      pull_windows: The same on windows of single units; None for an operation that can only go
        back over the whole frame.
    """

    residuals: tuple[Tensor, ...]
    pull: Pull
    pull_windows: PullWindows | None = None


def elementwise(residuals: tuple[Tensor, ...], pull: Pull, *, clears: bool = False) -> Vjp:
    """The Vjp of an operation whose inputs and output lie place by place alike.

    A window of the output sees the same window of the inputs, and `pull` does the same there as
    over the whole frame, because the view cuts the residuals to the window.

    Args:
      residuals: Tensors of the trace whose values `pull` reads.
      pull: (cotangents of the outputs, values) → cotangents of the inputs.
      clears: Whether what comes back is zero beyond the tensor, whatever arrives there.
    """

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, values: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        is_clean = arrived.is_clean or clears
        return [
            None if cotangent is None else WindowedCotangent(cotangent, seen, is_clean)
            for cotangent in pull([arrived.value], values)
        ]

    return Vjp(residuals, pull, pull_windows)


Live = Callable[[Tensor], bool]
"""Whether an input of an operation depends on the input of the model."""

Rule = Callable[[Operation, Live], Vjp | None]
"""Makes the Vjp of one operation; None where the rule does not cover it."""

Rules = Mapping[str, Rule]
"""Type of operation → rule, for real numbers."""


def merge_filters(cotangent: Value) -> Value:
    """`[filter, batch, …]` → `[filter * batch, …]`, for operations that work per image."""
    shape = cotangent.shape.as_list()
    return tf.reshape(cotangent, [shape[0] * shape[1], *shape[2:]])


def split_filters(value: Value, filters: int) -> Value:
    """The inverse of `merge_filters`."""
    shape = value.shape.as_list()
    return tf.reshape(value, [filters, shape[0] // filters, *shape[1:]])


def repeat_filters(value: Value, filters: int) -> Value:
    """One image's value `[batch, …]` for each of the filters, merged into the batch."""
    return tf.tile(value, [filters] + [1] * (value.shape.rank - 1))


def sum_to(cotangent: Value, operand: Tensor, output: Tensor) -> Value:
    """Adds up the axes along which `operand` was broadcast to make `output`.

    The Jacobian of a copy to n places is a column of n ones, so its transpose is a sum:
    for an `operand` `[1, 1, 1, 8]` of an `output` `[1, 5, 5, 8]`, the cotangent
    `[filter, 1, 5, 5, 8]` becomes `[filter, 1, 1, 1, 8]`.
    """
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
