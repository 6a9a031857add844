"""Values of the forward pass that the backward pass reads: the residuals of its operations.

An operation `y = f(x)` is differentiated at the values it had in the forward pass. A rectifier
needs to know where its output is positive, a convolution needs its kernel. A rule describes
such a value as a `Derived`: what it is made of, and which tensor it lies like. A view decides
how much of it the pass sees:

    Residuals            the whole                       mask [1, 56, 56, 256]
    ActiveResiduals      channels that gradients reach   mask [1, 56, 56, 144]
    WindowedResiduals    windows around single units     mask [filter, 1, 12, 12, 144]

All views have the same `look`, so a rule is written once and serves all three. No value has a
filter axis, except on windows: all filters share the image.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import tensorflow as tf

from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.tracing.types import DType, Operation, Tensor, TensorId, Value

Key = Hashable
"""Key of a derived value: its kind, and the `id` of its operation or tensor."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value derived from the forward pass, computed when a view first reads it.

    Attributes:
      key: Equal keys stand for equal values.
      like: The tensor of the trace that the value lies like, place by place and channel by
        channel, or is broadcast to; None for a value that every view sees whole, such as a
        kernel.
      make: Computes the value.
    """

    key: Key
    like: Tensor | None
    make: Callable[[], Value]


class ForwardValues:
    """The values of one forward pass, and everything derived from them.

    Attributes:
      dtype: The type of the cotangents: `float32`, or `bfloat16` where that is faster.
    """

    def __init__(self, values: Mapping[TensorId, Value], dtype: DType) -> None:
        """`values`: `id` of a tensor of the trace → its value."""
        self._values = values
        self._derived: dict[Key, Value] = {}
        self.dtype = dtype

    def raw(self, tensor: Tensor) -> Value:
        """The value of a tensor of the trace, in its own type."""
        return self._values[id(tensor)]

    # Every block of filters needs the same masks and kernels, and making one costs as much as
    # going back through a small operation. So derived values stay as long as the image does.
    def derived(self, key: Key, make: Callable[[], Value]) -> Value:
        """`make()`, computed once for each key."""
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]


class Residuals:
    """The view of a pass over the whole frame and all channels.

    Attributes:
      forward: The values that are looked at.
      guided: Whether the rectifiers of the pass let no negative gradient through.
    """

    def __init__(self, forward: ForwardValues, *, guided: bool = False) -> None:
        self.forward = forward
        self.guided = guided

    @property
    def dtype(self) -> DType:
        """The type of the cotangents."""
        return self.forward.dtype

    def raw(self, tensor: Tensor) -> Value:
        """The value of a tensor of the trace, whole and in its own type."""
        return self.forward.raw(tensor)

    def value(self, tensor: Tensor) -> Value:
        """The value of a tensor of the trace, whole, in the type of the cotangents."""
        return self.forward.derived(
            id(tensor), lambda: tf.cast(self.raw(tensor), self.forward.dtype)
        )

    def look(self, derived: Derived) -> Value:
        """The part of a value that the pass needs: here the whole value."""
        return self.forward.derived(derived.key, derived.make)

    def width(self, tensor: Tensor) -> int:
        """How many channels the cotangent of a tensor has, channels last."""
        return int(tensor.shape[-1])

    def kernel(self, operation: Operation) -> Derived:
        """The kernel of a convolution, in the type of the cotangents."""
        kernel = operation.inputs[1]
        return Derived(
            ("kernel", id(operation)), None, lambda: tf.cast(self.raw(kernel), self.dtype)
        )

    def one_hot(self, tensor: Tensor, channels: IntArray, depth: int) -> Value:
        """`[len(channels), width]`: a one at each of some channels of a tensor.

        Args:
          tensor: A tensor of the trace.
          channels: `int32 [n]`, those that the view has.
          depth: How many channels the tensor has.
        """
        return tf.one_hot(channels, depth, dtype=self.dtype)
