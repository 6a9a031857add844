"""The gradient registered with TensorFlow, for operations without a rule of their own.

TensorFlow knows how to differentiate every one of its operations, and functions with a custom
gradient say so themselves. That gradient takes one cotangent `[1, height, width, channel]`.
`tf.vectorized_map` turns it into a graph that takes all filters at once, `[filter, 1, height,
width, channel]`, by rewriting each operation in it (Agarwal & Ganichev 2019, arXiv
1903.04243). The new operations read tensors of the forward graph. These are the residuals of
the rule; where they leave off, the forward graph begins (`_frontier`).

It is correct for all operations, but slow to build (seconds for a large layer), and a fallback
in the rewriting may run the operation per filter: hence the rules for what networks are made
of. It has no form on windows: what such an operation sees around a unit is not known.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.vjp import Cotangents, Vjp
from tensorboard_plugin_convlens.engine.residuals.residuals import Residuals
from tensorboard_plugin_convlens.tracing.graph_function import GraphFunction
from tensorboard_plugin_convlens.tracing.operations import is_differentiable
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId, Value


def registered_gradient(wrapped: Any, operation: Operation, forward: frozenset[int]) -> Vjp:
    """Vectorizes TensorFlow's own gradient of one operation over the filters.

    The cotangent of a complex tensor is complex, in that tensor's own type.

    Args:
      wrapped: Handle of the graph, the default graph of the caller.
      operation: An operation of the forward graph.
      forward: `id` of every operation of the forward graph.
    """
    inputs = [tensor for tensor in operation.inputs if is_differentiable(tensor)]
    outputs = [tensor for tensor in operation.outputs if is_differentiable(tensor)]
    seeds = [
        tf.compat.v1.placeholder(tensor.dtype, [None, *tensor.shape.as_list()])
        for tensor in outputs
    ]
    reached: list[Tensor] = []

    def gradient(seed: Tensor) -> list[Tensor]:
        # Stops at the inputs: of this one operation only, not of all before.
        partial = tf.gradients(outputs, inputs, grad_ys=list(seed), stop_gradients=inputs)
        reached[:] = [
            tensor for tensor, value in zip(inputs, partial, strict=True) if value is not None
        ]
        return [tf.convert_to_tensor(value) for value in partial if value is not None]

    results = tf.vectorized_map(gradient, seeds)
    residuals = _frontier(results, forward)
    pruned = GraphFunction(wrapped.prune([*residuals, *seeds], results))

    def pull(cotangents: Cotangents, values: Residuals) -> Cotangents:
        given = [
            cotangent
            for cotangent, output in zip(cotangents, operation.outputs, strict=True)
            if is_differentiable(output)
        ]
        known = (values.raw(tensor) for tensor in residuals)
        gradients = pruned(*known, *_filled(given, seeds))
        by_input = {
            id(tensor): value if tensor.dtype.is_complex else tf.cast(value, values.dtype)
            for tensor, value in zip(reached, gradients, strict=True)
        }
        return tuple(by_input.get(id(tensor)) for tensor in operation.inputs)

    return Vjp(tuple(residuals), pull)


def _filled(cotangents: Cotangents, seeds: list[Tensor]) -> list[Value]:
    """The cotangents in the types of the seeds, zero where there is none."""
    filters = next(cotangent.shape[0] for cotangent in cotangents if cotangent is not None)
    return [
        tf.zeros([filters, *seed.shape.as_list()[1:]], seed.dtype)
        if cotangent is None
        else tf.cast(cotangent, seed.dtype)
        for cotangent, seed in zip(cotangents, seeds, strict=True)
    ]


def _frontier(results: list[Tensor], forward: frozenset[int]) -> list[Tensor]:
    """The forward tensors that the new operations read."""
    found: dict[TensorId, Tensor] = {}
    seen: set[int] = set()
    waiting = [tensor.op for tensor in results]
    while waiting:
        operation = waiting.pop()
        if id(operation) in seen:
            continue
        seen.add(id(operation))
        for tensor in operation.inputs:
            if id(tensor.op) not in forward:
                waiting.append(tensor.op)
            elif tensor.op.type != "Const" and tensor.dtype != tf.resource:
                found[id(tensor)] = tensor
    return list(found.values())
