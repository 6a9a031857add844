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
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.engine.backward.active_channels import ActiveChannels
from tensorboard_plugin_convlens.tracing.types import DType, Operation, Tensor, TensorId, Value

Cotangents = Sequence[Value]
"""One tensor `[filter, *shape]` per output or input; None stands for zero."""


Key = Hashable
"""Names a derived value: what it is, and `id` of the operation or tensor that it is of."""


class Residuals:
    """Values of the forward pass, as the backward pass wants them.

    Attributes:
      dtype: Of the cotangents; `float32`, or `bfloat16` where that is faster.
      guided: Whether the rectifiers of the pass let no negative gradient through.
      channels: Which channels the cotangents have, where they do not have all.
    """

    def __init__(
        self,
        values: dict[TensorId, Value],
        dtype: DType,
        *,
        guided: bool = False,
        channels: ActiveChannels | None = None,
    ) -> None:
        """`values`: `id` of a tensor of the trace → its value."""
        self._values = values
        self._derived: dict[Key, Value] = {}
        self.dtype = dtype
        self.guided = guided
        self.channels = channels or ActiveChannels({}, lambda rectifier: None)

    def raw(self, tensor: Tensor) -> Value:
        """The value of a tensor of the trace, in its own type."""
        return self._values[id(tensor)]

    def value(self, tensor: Tensor) -> Value:
        """The value of a tensor of the trace, in the type of the cotangents."""
        return self.derived(id(tensor), lambda: tf.cast(self.raw(tensor), self.dtype))

    # The same value is wanted for each block of filters, and a cast or a mask costs as much as
    # a pass through a small operation. So what is derived is kept while the image is.
    def derived(self, key: Key, make: Callable[[], Value]) -> Value:
        """`make()`, computed once for each key."""
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    def at(self, tensor: Tensor, key: Key, make: Callable[[], Value]) -> Value:
        """The part of a value that the pass looks at: here its active channels.

        Args:
          tensor: The tensor of the trace that the value lies like, place by place.
          key: Of the value, for it is made only once.
          make: Makes it.
        """
        return self.derived(*self.active_part(tensor, key, make))

    def active_part(
        self, tensor: Tensor, key: Key, make: Callable[[], Value]
    ) -> tuple[Key, Callable[[], Value]]:
        """(key, maker) of the active channels of a value that lies like `tensor`."""
        chosen = self.channels.of(tensor)
        if chosen is None:
            return key, make
        return ("active channels", key), lambda: take(make(), chosen, -1)

    def width(self, tensor: Tensor) -> int:
        """How many channels the cotangent of a tensor has, channels last."""
        chosen = self.channels.of(tensor)
        return int(tensor.shape[-1]) if chosen is None else len(chosen)

    def kernel(self, operation: Operation) -> Value:
        """The kernel of a convolution, between the active channels at both of its ends."""
        images, kernel = operation.inputs
        before, after = (self.channels.of(tensor) for tensor in (images, operation.outputs[0]))
        # The kernel is [height, width, channel before, filter]. A filter that is inactive has
        # no gradient to carry back; a channel before that is inactive would be multiplied by
        # zero at the next rectifier. Both are left out.
        if before is None and after is None:
            return self.value(kernel)

        def make() -> Value:
            narrow = self.raw(kernel)
            if before is not None:
                narrow = take(narrow, before, 2)
            # The last axis of a depthwise kernel is the multiplier, not a filter: its channels
            # are those before.
            if after is not None and operation.type != "DepthwiseConv2dNative":
                narrow = take(narrow, after, 3)
            return tf.cast(narrow, self.dtype)

        return self.derived(self.kernel_key(operation), make)

    def kernel_key(self, operation: Operation) -> Key:
        """Of `kernel`: for what is derived from it."""
        ends = (operation.inputs[0], operation.outputs[0])
        return ("kernel", id(operation), *(self.channels.of(tensor) is None for tensor in ends))

    def one_hot(self, tensor: Tensor, channels: IntArray, depth: int) -> Value:
        """`[len(channels), channel]`: a one at each of some channels of a tensor.

        Args:
          tensor: Of the trace.
          channels: Active ones.
          depth: How many channels the tensor has.
        """
        # Channel 7 of all is, say, number 3 of those that are computed.
        chosen = self.channels.of(tensor)
        if chosen is None:
            return tf.one_hot(channels, depth, dtype=self.dtype)
        return tf.one_hot(np.searchsorted(chosen, channels), len(chosen), dtype=self.dtype)

    def beginning_at(self, tensor: Tensor, channels: IntArray) -> Residuals:
        """For gradients of some channels of a tensor; see `ActiveChannels.beginning_at`."""
        return self.choose(
            guided=self.guided, channels=self.channels.beginning_at(tensor, channels)
        )

    def choose(self, *, guided: bool, channels: ActiveChannels) -> Residuals:
        """The same values, sharing what was derived, for another kind of pass."""
        other = Residuals(self._values, self.dtype, guided=guided, channels=channels)
        other._derived = self._derived
        return other


def take(value: Value, chosen: IntArray, axis: int) -> Value:
    """Some entries along an axis; NumPy does it eight times as fast as TensorFlow."""
    return tf.constant(np.take(value.numpy(), chosen, axis))


Pull = Callable[[Cotangents, Residuals], Cotangents]
"""(cotangents of the outputs, values) → cotangents of the inputs."""


@dataclass(frozen=True, slots=True)
class Vjp:
    """How to differentiate one operation backwards.

    Attributes:
      residuals: Tensors of the trace whose values `pull` reads.
      pull: (cotangents of the outputs, values) → cotangents of the inputs.
    """

    residuals: tuple[Tensor, ...]
    pull: Pull


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
