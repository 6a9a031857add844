"""The backward pass: from the units of a layer to an input of the model.

The chain rule in reverse. The operations between a layer and an input are a path in the traced
graph. They are visited from the last to the first, so that when an operation's turn comes, all
that read its outputs have already added their part:

    dx = Σ over the operations f that read x of  Jᵀ_f · (cotangent of the output of f)

`waiting` holds the cotangents that have arrived at a tensor whose operation has not been
visited. For `x → Conv2D → a → Relu → b` and a gradient of b: `{b: g}` → `{a: Jᵀg}` → `{x: …}`,
each `[filter, 1, height, width, channel]`.

Which tensors depend on an input at all is found once, by walking the graph forwards with one
bit per input. A tensor without a bit (weights, shapes, whatever was rounded) gets no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.rules import (
    convolution,
    pointwise,
    pooling,
    shape,
)
from tensorboard_plugin_convlens.engine.backward.rules.registered import registered_gradient
from tensorboard_plugin_convlens.engine.backward.vjp import Rules, Vjp
from tensorboard_plugin_convlens.engine.residuals.residuals import Residuals
from tensorboard_plugin_convlens.tracing.operations import (
    RECTIFIERS,
    is_complex,
    is_differentiable,
)
from tensorboard_plugin_convlens.tracing.reason import reason_of
from tensorboard_plugin_convlens.tracing.rectifiers import Rectifiers
from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId, Value

RULES: Rules = {**convolution.RULES, **pointwise.RULES, **pooling.RULES, **shape.RULES}
"""Type of operation → rule.

All other operations, and all complex ones, use the gradient registered with TensorFlow.
"""

_CONSTANT = frozenset(
    [
        "Shape",
        "ShapeN",
        "Size",
        "Rank",
        "ZerosLike",
        "OnesLike",
        "StopGradient",
        "ArgMax",
        "ArgMin",
        "Ceil",
        "Floor",
        "Rint",
        "Round",
        "Sign",
    ]
)
"""Operations through which no gradient passes."""

_MOST_ELEMENTS = 1 << 22
"""The most elements of a cotangent for all filters of a block: 16 MiB in float32."""


class Differentiation:
    """Knows which operations lie between a tensor and an input, and how to go back."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._forward = frozenset(id(operation) for operation in trace.operations)
        self._vjps: dict[int, Vjp] = {}
        self._sources = _sources(trace)
        self.rectifiers = Rectifiers(trace)
        self.most_elements = _MOST_ELEMENTS

    def sources(self, tensor: Tensor) -> tuple[int, ...]:
        """Indices of the model's inputs that a tensor depends on differentiably."""
        mask = self._sources.get(id(tensor), 0)
        return tuple(index for index in range(mask.bit_length()) if mask >> index & 1)

    def path(self, targets: Iterable[Tensor], sources: Sequence[int]) -> tuple[Operation, ...]:
        """The operations between the inputs and the targets, from the last to the first."""
        wanted = sum(1 << index for index in sources)
        seen: dict[int, Operation] = {}
        waiting = [tensor.op for tensor in targets if self._depends(tensor, wanted)]
        while waiting:
            operation = waiting.pop()
            if id(operation) in seen or operation.type == "Placeholder":
                continue
            seen[id(operation)] = operation
            # Only towards the inputs that are wanted: the weights on the way lead nowhere.
            read = _differentiated(self._trace, operation)
            waiting += [tensor.op for tensor in read if self._depends(tensor, wanted)]
        # The trace has each operation after those it reads. Backwards, each comes before those.
        position = self._trace.position
        return tuple(sorted(seen.values(), key=lambda operation: -position[id(operation)]))

    def _depends(self, tensor: Tensor, wanted: int) -> bool:
        return bool(self._sources.get(id(tensor), 0) & wanted)

    def residuals(self, path: Iterable[Operation]) -> list[Tensor]:
        """The forward tensors that the backward pass along a path needs; builds its rules."""
        return [tensor for operation in path for tensor in self.vjp(operation).residuals]

    def obstacle(self, path: Iterable[Operation]) -> str:
        """Why no gradient can be taken along a path; "" if one can.

        The whole gradient is then given up, because a part would look like a whole one.
        """
        for operation in path:
            try:
                self.vjp(operation)
            except Exception as fault:  # TensorFlow's, or of a gradient that the user wrote.
                return (
                    f"the gradient of the operation {operation.name!r} ({operation.type}), "
                    f"which lies between it and the input, cannot be taken: {reason_of(fault)}"
                )
        return ""

    def vjp(self, operation: Operation) -> Vjp:
        """The rule for an operation, built once."""
        known = self._vjps.get(id(operation))
        if known is None:
            with self._trace.wrapped.graph.as_default():
                known = self._vjps[id(operation)] = self._build(operation)
        return known

    def _build(self, operation: Operation) -> Vjp:
        # The rules are for real numbers: of complex ones, TensorFlow takes the conjugate.
        if is_complex(operation):
            return registered_gradient(self._trace.wrapped, operation, self._forward)
        if operation.type in RECTIFIERS:
            gated = id(operation) in self.rectifiers.gated
            return pointwise.rectifier(operation, gated=gated)
        rule = RULES.get(operation.type)
        own = rule(operation, self._is_live) if rule is not None else None
        return own or registered_gradient(self._trace.wrapped, operation, self._forward)

    def _is_live(self, tensor: Tensor) -> bool:
        return id(tensor) in self._sources

    def pull_back(
        self,
        path: Sequence[Operation],
        waiting: dict[TensorId, Value],
        residuals: Residuals,
        *,
        keep: Callable[[TensorId], bool] = lambda tensor: False,
    ) -> dict[TensorId, Value]:
        """Carries cotangents from the end of a path to its beginning.

        Args:
          path: From `path`.
          waiting: `id` of a tensor → its cotangent `[filter, *shape]`; used up.
          residuals: Values of the forward pass.
          keep: Whether the cotangent of the tensor with this `id` is wanted, too.

        Returns:
          `id` of each input of the model (and of what is kept) → its cotangent.
        """
        kept = {}
        for operation in path:
            for tensor in operation.outputs:
                if id(tensor) in waiting and keep(id(tensor)):
                    kept[id(tensor)] = waiting[id(tensor)]
            self.pull(operation, waiting, residuals)
        inputs = {id(tensor) for tensor in self._trace.inputs}
        return {key: value for key, value in waiting.items() if key in inputs} | kept

    def pull(
        self, operation: Operation, waiting: dict[TensorId, Value], residuals: Residuals
    ) -> None:
        """Takes the cotangents of an operation's outputs; adds those of its inputs."""
        cotangents = [waiting.pop(id(tensor), None) for tensor in operation.outputs]
        if all(cotangent is None for cotangent in cotangents):
            return
        pulled = self.vjp(operation).pull(cotangents, residuals)
        for tensor, gradient in zip(operation.inputs, pulled, strict=True):
            if gradient is not None and self._is_live(tensor):
                # A tensor that several operations read gets the sum: the chain rule.
                before = waiting.get(id(tensor))
                waiting[id(tensor)] = gradient if before is None else before + gradient

    def gradient_in_parts(
        self,
        path: Sequence[Operation],
        waiting: dict[TensorId, Value],
        residuals: Residuals,
        source: Tensor,
    ) -> Value | None:
        """The cotangent of one input; splits the filters in half if they get too large.

        Args:
          path: From `path`.
          waiting: See `pull_back`.
          residuals: Values of the forward pass.
          source: The input.

        Returns:
          `float32 [filter, *shape]`, or None if no gradient gets there.
        """
        for index, operation in enumerate(path):
            count = max((cotangent.shape[0] for cotangent in waiting.values()), default=0)
            # Late layers are small and early ones large. All filters start together, because
            # small convolutions are slow for a few, and are halved where a cotangent of all
            # would take too much memory.
            if count > 1 and count * _elements(operation) > self.most_elements:
                halves = _halves(waiting, count // 2)
                # Frees the whole while the halves are on their way.
                waiting.clear()
                parts = [
                    self.gradient_in_parts(path[index:], half, residuals, source)
                    for half in halves
                ]
                return None if parts[0] is None else tf.concat(parts, 0)
            self.pull(operation, waiting, residuals)
        found = waiting.get(id(source))
        return None if found is None else tf.cast(found, tf.float32)


def _differentiated(trace: Trace, operation: Operation) -> Sequence[Tensor]:
    """What an operation's gradient may go to; of a function with its own, its arguments."""
    own = trace.own_gradients.get(id(operation))
    return list(operation.inputs) if own is None else own.arguments


def _elements(operation: Operation) -> int:
    """The number of elements of the first input or the first output, whichever is larger."""
    ends = (*operation.outputs[:1], *operation.inputs[:1])
    return max(int(np.prod([size or 1 for size in tensor.shape.as_list()])) for tensor in ends)


def _halves(waiting: dict[TensorId, Value], middle: int) -> list[dict[TensorId, Value]]:
    first = {key: cotangent[:middle] for key, cotangent in waiting.items()}
    return [first, {key: cotangent[middle:] for key, cotangent in waiting.items()}]


def _sources(trace: Trace) -> dict[TensorId, int]:
    """`id` of a tensor → bits of the inputs that it depends on differentiably."""
    # An operation depends on every input that something it reads depends on: an "or" of bits.
    masks = {id(tensor): 1 << index for index, tensor in enumerate(trace.inputs)}
    for operation in trace.operations:
        mask = 0
        for tensor in _differentiated(trace, operation):
            mask |= masks.get(id(tensor), 0)
        if not mask or operation.type in _CONSTANT or _is_stepwise(operation, masks):
            continue
        for tensor in operation.outputs:
            # Integers are followed too: an image of bytes is cast to float32 first. What a
            # value is turned into by rounding was excluded above.
            if is_differentiable(tensor) or tensor.dtype.is_integer:
                masks[id(tensor)] = mask
    return masks


def _is_stepwise(operation: Operation, masks: dict[TensorId, int]) -> bool:
    """Whether an operation rounds, or looks something up by an integer."""
    if operation.type == "Cast":
        return is_differentiable(operation.inputs[0]) and not is_differentiable(
            operation.outputs[0]
        )
    depending = [tensor for tensor in operation.inputs if id(tensor) in masks]
    return all(tensor.dtype.is_integer for tensor in depending) and any(
        is_differentiable(tensor) for tensor in operation.outputs
    )
