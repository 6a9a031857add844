"""A model with a gate on every filter: removed channels become zero, or any other constant.

ConvLens runs the model once into a private graph; meanwhile it replaces the call of each layer
at which a gate stands. The model itself does not change, and gates open and close without a new
trace.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import UnknownLayerError, UnsupportedModelError
from tensorboard_plugin_convlens.core.judgments.ablation import Filters
from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.engine.plan import Plan
from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.activations import gate_node
from tensorboard_plugin_convlens.tracing.graph_function import GraphFunction
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, to_arrays
from tensorboard_plugin_convlens.tracing.nodes import Node
from tensorboard_plugin_convlens.tracing.private_graph import called, private_graph
from tensorboard_plugin_convlens.tracing.trace import Trace


@dataclass(frozen=True)
class Gate:
    """Where the channels of a convolution can be closed.

    Attributes:
      channels: Number of channels.
      axis: Axis of the channels in the layer's result.
      operation: The layer at whose result the gate stands; see `activations.gate_node`.
      call: Number of earlier calls of that layer.
      factor, offset: `float32 [channel]`; the gate gives `result * factor + offset`.
    """

    channels: int
    axis: int
    operation: Any
    call: int
    factor: tf.Variable
    offset: tf.Variable

    def apply(self, result: Any) -> Any:
        """The result with closed channels replaced."""
        shape = [1] * result.shape.rank
        shape[self.axis] = self.channels
        factor, offset = (tf.reshape(one, shape) for one in (self.factor, self.offset))
        return result * tf.cast(factor, result.dtype) + tf.cast(offset, result.dtype)


class GatedModel:
    """Computes outputs with some channels closed.

    Attributes:
      filters: Key of each layer → its number of filters, in the order of the model.
      fingerprint: Fingerprint of the model graph.
      is_probability: Whether the output comes from a softmax or a sigmoid.
    """

    def __init__(self, model: keras.Model, inputs: ModelInputs) -> None:
        """Traces the model.

        Args:
          model: A built Keras 3 model with one output.
          inputs: Inputs of the model; only their shapes and types are used.

        Raises:
          InputError, NoConvolutionError, UnsupportedModelError: As `Engine`, or the model has
            several outputs.
        """
        one = [array[:1] for array in to_arrays(inputs)]
        plan = Plan(model, keras.tree.pack_sequence_as(inputs, one), None)
        if len(plan.trace.outputs) != 1:
            raise UnsupportedModelError(
                f"The model {model.name!r} has {len(plan.trace.outputs)} outputs; ConvLens "
                "tests only models with one. Build a model with only the output that matters."
            )
        self._gates = _find_gates(plan)
        self.filters: dict[str, int] = {key: one.channels for key, one in self._gates.items()}
        self.fingerprint = plan.graph.fingerprint
        self.is_probability = any(head.is_probability for head in plan.heads)
        self._run, self._means = self._trace(model, inputs)

    def close(self, filters: Filters, values: Mapping[str, FloatArray] | None = None) -> None:
        """Closes channels and opens all others.

        Args:
          filters: The filters to close.
          values: Key of a layer → `float32 [channel]`, what replaces closed ones;
            zero by default.

        Raises:
          UnknownLayerError: The model has no such layer or filter.
        """
        for key, channels in filters.items():
            if key not in self._gates or max(channels, default=0) >= self.filters[key]:
                raise UnknownLayerError(
                    f"The model has no filter {max(channels, default=0)} in a layer "
                    f"{key[:200]!r}; its convolutions are {', '.join(self.filters)[:500]}."
                )
        for key, gate in self._gates.items():
            closed = np.zeros(gate.channels, np.bool_)
            closed[list(filters.get(key, ()))] = True
            filled = np.zeros(gate.channels) if values is None else values[key]
            gate.factor.assign(np.where(closed, 0, 1).astype(np.float32))
            gate.offset.assign(np.where(closed, filled, 0).astype(np.float32))

    def outputs(self, arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """`[batch, …]` of the model's output, with the gates as they are."""
        return np.asarray(self._run(*map(tf.constant, arrays)))

    def means(self, arrays: Sequence[NDArray[Any]]) -> dict[str, FloatArray]:
        """Key of each layer → `float32 [channel]`, the mean at its gate over a batch."""
        means = self._means(*map(tf.constant, arrays))
        return {key: np.asarray(one) for key, one in zip(self._gates, means, strict=True)}

    def _trace(
        self, model: keras.Model, inputs: ModelInputs
    ) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Functions from a batch to the output, and to the mean of every channel."""
        signature = [
            tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in to_arrays(inputs)
        ]
        passed: dict[str, Any] = {}

        def run(*tensors: Any) -> Any:
            calls.clear()
            results = called(model, keras.tree.pack_sequence_as(inputs, list(tensors)))
            return tf.nest.flatten(results)[0], [passed[key] for key in self._gates]

        calls: dict[int, Iterator[int]] = {}
        gated = {id(one.operation): one.operation for one in self._gates.values()}
        replace = _replacement(self._gates, calls, passed)
        with internals.inlined_functions():
            wrapped = private_graph(model, run, signature, list(gated.values()), replace)
        output, *means = wrapped.graph.outputs
        feeds = wrapped.graph.inputs[: len(signature)]
        return (
            GraphFunction(wrapped.prune(feeds, output)),
            GraphFunction(wrapped.prune(feeds, means)),
        )


def _replacement(
    gates: Mapping[str, Gate], calls: dict[int, Iterator[int]], passed: dict[str, Any]
) -> Callable[[Any, Callable[..., Any]], Callable[..., Any]]:
    """Puts each gate after its call, and computes the mean of its values."""
    by_call: dict[tuple[int, int], list[tuple[str, Gate]]] = {}
    for key, gate in gates.items():
        by_call.setdefault((id(gate.operation), gate.call), []).append((key, gate))

    def replace(operation: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        def gated(*arguments: Any, **named: Any) -> Any:
            result = call(*arguments, **named)
            count = next(calls.setdefault(id(operation), itertools.count()))
            for key, gate in by_call.get((id(operation), count), ()):
                axes = [axis for axis in range(result.shape.rank) if axis != gate.axis]
                passed[key] = tf.reduce_mean(tf.cast(result, tf.float32), axes)
                result = gate.apply(result)
            return result

        return gated

    return replace


def _find_gates(plan: Plan) -> dict[str, Gate]:
    gates = {}
    for convolution in plan.convolutions:
        node = plan.nodes[gate_node(plan.nodes, convolution.index)]
        axis = convolution.layout.channel_axis
        if node.operation is None or axis is None:
            continue  # A convolution beside sublayers: no call of its own to stand behind.
        channels = convolution.layout.channels
        gates[convolution.node.key] = Gate(
            channels=channels,
            axis=axis + 1,
            operation=node.operation,
            call=_call_of(plan.trace, node),
            factor=tf.Variable(tf.ones([channels]), trainable=False),
            offset=tf.Variable(tf.zeros([channels]), trainable=False),
        )
    return gates


def _call_of(trace: Trace, node: Node) -> int:
    """Number of calls of the node's layer before its own."""
    same = [one for one in trace.calls if one.operation is node.operation]
    return next(
        place
        for place, one in enumerate(same)
        if (one.path, one.call) == (node.path, node.call)
    )
