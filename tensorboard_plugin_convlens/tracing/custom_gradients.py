"""Custom gradients: replaces those that equal the ordinary derivative.

`tf.custom_gradient` computes a function in the graph, and hides its result behind an operation
(`IdentityN`) whose gradient is whatever the author wrote. Where that is the function's ordinary
derivative, computed anew to save memory (`tf.recompute_grad`, `keras.remat`), the operation is
taken out of the trace: what is left is the network without it, whose rectifiers can be guided.
Anything else, a straight-through estimator, say, keeps its gradient, and its rectifiers count
as not guided. See docs/decisions/0048.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.graph_function import GraphFunction
from tensorboard_plugin_convlens.tracing.operations import (
    RECTIFIERS,
    ancestors,
    is_differentiable,
    is_silu_identity,
)
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

_TOLERANCE = {tf.float32: 1e-4, tf.float64: 1e-4}
"""The largest difference of equal derivatives, as a share of the largest; else 5e-2."""


@dataclass(frozen=True, slots=True)
class OwnGradient:
    """A function that keeps a gradient of its own.

    Attributes:
      arguments: Tensors that its gradient goes to.
      rectifiers: Number of rectifiers in its computation.
    """

    arguments: tuple[Tensor, ...]
    rectifiers: int


def see_through(
    wrapped: Any, operations: Sequence[Operation], inputs: Sequence[Tensor]
) -> tuple[dict[TensorId, Tensor], dict[TensorId, OwnGradient]]:
    """Takes operations with the ordinary gradient out of a graph.

    Args:
      wrapped: Handle of the graph; what reads such an operation reads the function's own
        result from now on.
      operations: The operations of the forward pass.
      inputs: The inputs of the model, for a trial.

    Returns:
      `id` of each tensor that nothing reads any more → the one that is read instead; `id` of
      each operation that keeps its gradient → what is known of it.
    """
    replaced: dict[TensorId, Tensor] = {}
    kept: dict[TensorId, OwnGradient] = {}
    outputs = {id(tensor) for tensor in wrapped.graph.outputs}
    for operation in operations:
        if not internals.has_own_gradient(operation) or is_silu_identity(operation):
            continue
        results = [
            index
            for index, one in enumerate(operation.outputs)
            if one.consumers() or id(one) in outputs
        ]
        arguments = [
            one
            for index, one in enumerate(operation.inputs)
            if index not in results and is_differentiable(one)
        ]
        if internals.recomputes(operation) or _is_ordinary(
            wrapped, operation, results, arguments, inputs
        ):
            replaced |= internals.bypassed(operation)
        else:
            made = ancestors([operation.inputs[index] for index in results], stop=arguments)
            count = sum(
                before.type in RECTIFIERS
                for before in {id(tensor.op): tensor.op for tensor in made}.values()
            )
            kept[id(operation)] = OwnGradient(tuple(arguments), count)
    return replaced, kept


def _is_ordinary(
    wrapped: Any,
    operation: Operation,
    results: Sequence[int],
    arguments: Sequence[Tensor],
    inputs: Sequence[Tensor],
) -> bool:
    """Whether the gradient is the derivative of the function, by a trial.

    Uses small and large random gradients, to recognize clipping. False if a trial is impossible
    or proves nothing: unknown shapes, NaN, zeros throughout.
    """
    results = [index for index in results if is_differentiable(operation.outputs[index])]
    if not results or not arguments:
        return False
    try:
        with wrapped.graph.as_default():
            seeds = [
                tf.compat.v1.placeholder(one.dtype, one.shape)
                for one in (operation.outputs[index] for index in results)
            ]
            own, ordinary = (
                tf.gradients(
                    [side[index] for index in results],
                    arguments,
                    seeds,
                    stop_gradients=arguments,
                    unconnected_gradients=tf.UnconnectedGradients.ZERO,
                )
                for side in (operation.outputs, operation.inputs)
            )
        feeds = list({id(tensor): tensor for tensor in (*inputs, *arguments)}.values())
        run = GraphFunction(wrapped.prune([*feeds, *seeds], [*own, *ordinary]))
        return all(_agree(run, feeds, seeds, scale) for scale in (1e-3, 1.0, 1e6))
    except Exception:  # The author's code, and TensorFlow's, may refuse in any way.
        return False


def _agree(run: Any, feeds: Sequence[Tensor], seeds: Sequence[Tensor], scale: float) -> bool:
    random = np.random.default_rng(0)
    values = [tf.constant(_drawn(feed, random, 1.0), feed.dtype) for feed in feeds]
    values += [tf.constant(_drawn(seed, random, scale), seed.dtype) for seed in seeds]
    found = [np.asarray(tf.cast(result, tf.complex128)) for result in run(*values)]
    count = len(found) // 2
    own, ordinary = (
        np.concatenate([gradient.ravel() for gradient in half])
        for half in (found[:count], found[count:])
    )
    largest = np.abs(ordinary).max()
    tolerance = min(_TOLERANCE.get(feed.dtype, 5e-2) for feed in feeds)
    return bool(0 < largest < np.inf and np.abs(own - ordinary).max() <= tolerance * largest)


def _drawn(tensor: Tensor, random: np.random.Generator, scale: float) -> NDArray[Any]:
    shape = tensor.shape.as_list()
    if not is_differentiable(tensor):
        return np.zeros(shape)
    drawn: NDArray[Any] = random.normal(size=shape) * scale
    return drawn
