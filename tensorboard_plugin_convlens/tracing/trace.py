"""One run of the model into a private TensorFlow graph, with every layer call recorded.

Running a model on placeholders computes nothing: TensorFlow appends to a graph each operation
that the model would compute, in the order in which it would. For `Conv2D(8, 3,
activation="relu")` on an image of 32 x 32 x 3 that is

    operation   reads                        makes
    Conv2D      [1, 32, 32, 3], [3, 3, 3, 8]  [1, 30, 30, 8]
    BiasAdd     that, [8]                    [1, 30, 30, 8]
    Relu        that                         [1, 30, 30, 8]

An operation does not say which layer it belongs to, and its name is no help: names are changed
to be unique, and a layer that is called twice, or that lives in a list, has no name of its own
in the graph. So the calls of the layers are watched. The operations that come into being
between the beginning and the end of a call are that call's, a range of the list; those of a
call inside it are a range within. That gives every operation its layer, its call and the
nesting.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.custom_gradients import OwnGradient, see_through
from tensorboard_plugin_convlens.tracing.model_inputs import (
    ModelInputs,
    check_against,
    input_names,
    to_arrays,
    to_signature,
)
from tensorboard_plugin_convlens.tracing.private_graph import called, private_graph
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

ONE_NODE = (keras.layers.TimeDistributed, keras.layers.RNN, keras.layers.Bidirectional)
"""Layers that call others once per time step: shown as one node."""


@dataclass(slots=True)
class LayerCall:
    """One call of one layer or `keras.ops` operation.

    Attributes:
      operation: The Keras object that was called.
      path: Names of the nesting below the model (`"backbone/conv1"`); "" for the model.
      call: How many calls of the same path came before.
      parent: Index of the enclosing call, or None.
      first, stop: The operations that the call made: a range in `Trace.operations`.
      outputs: Tensors that it returned.
      is_leaf: Whether no other call happened inside.
    """

    operation: Any
    path: str
    call: int
    parent: int | None
    first: int
    stop: int = -1
    outputs: tuple[Tensor, ...] = ()
    is_leaf: bool = True


@dataclass(frozen=True)
class Trace:
    """A model as a graph of TensorFlow operations for one image.

    Attributes:
      model: The user's model; its variables are read by reference.
      wrapped: Handle of the graph; see `internals.trace_graph`.
      operations: The forward operations, each after those it reads.
      inputs: Placeholders, one per input array, batch of one.
      input_names: Their names.
      outputs: What the model returned, flat.
      output_names: Their names.
      calls: In order of their beginning; the model itself is the first.
      owners: Per operation, the index of the innermost call that made it, or -1.
      variables: `id` of a placeholder of a variable → (layer, Keras variable or None).
      own_gradients: `id` of an operation → the function with a gradient of its own that it
        is the end of.
    """

    model: keras.Model
    wrapped: Any
    operations: tuple[Operation, ...]
    inputs: tuple[Tensor, ...]
    input_names: tuple[str, ...]
    outputs: tuple[Tensor, ...]
    output_names: tuple[str, ...]
    calls: tuple[LayerCall, ...]
    owners: tuple[int, ...]
    variables: dict[TensorId, tuple[Any, Any]]
    own_gradients: dict[TensorId, OwnGradient]
    position: dict[TensorId, int] = field(repr=False)

    def owner(self, operation: Operation) -> LayerCall | None:
        """The innermost call that made an operation."""
        index = self.owners[self.position[id(operation)]]
        return None if index < 0 else self.calls[index]


class _Recorder:
    """Notes the beginning, end and tensors of every call in one graph and thread."""

    def __init__(self) -> None:
        self.calls: list[LayerCall] = []
        self._open: list[int] = []
        self._thread = threading.get_ident()
        self._graph: Any = None
        self._paths: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}

    def start(self, graph: Any) -> None:
        """Forgets everything and records `graph` from now on."""
        self.__init__()  # type: ignore[misc]
        self._graph = graph

    def replace(self, operation: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        """A pass-through of `call` that records."""

        @functools.wraps(call)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if not self._watches():
                return call(*args, **kwargs)
            index = self._begin(operation)
            try:
                result = self._own_tensors(call(*args, **kwargs), (args, kwargs))
            finally:
                self._open.pop()
            self._end(index, result)
            return result

        return recorded

    def _watches(self) -> bool:
        if threading.get_ident() != self._thread or self._graph is None:
            return False
        # Such a layer makes its calls once per time step: one node, not one per step.
        if self._open and isinstance(self.calls[self._open[-1]].operation, ONE_NODE):
            return False
        # A layer may run something in a graph of its own meanwhile (a tf.function, a loop's
        # body): operations there are numbered anew, and would be taken for other layers'.
        return tf.compat.v1.get_default_graph() is self._graph

    def _begin(self, operation: Any) -> int:
        parent = self._open[-1] if self._open else None
        path = ""
        if parent is not None:
            self.calls[parent].is_leaf = False
            above = self.calls[parent].path
            path = self._unique_path(f"{above}/{operation.name}".lstrip("/"), operation)
        call = self._counts.get(path, 0)
        self._counts[path] = call + 1
        first = self._graph.num_operations()
        self.calls.append(LayerCall(operation, path, call, parent, first))
        self._open.append(len(self.calls) - 1)
        return self._open[-1]

    def _unique_path(self, path: str, operation: Any) -> str:
        """`path`, numbered if another layer of the same name came before."""
        key = (path, id(operation))
        if key not in self._paths:
            taken = sum(other == path for other, _ in self._paths)
            self._paths[key] = path if taken == 0 else f"{path}_{taken}"
        return self._paths[key]

    def _own_tensors(self, result: Any, arguments: Any) -> Any:
        """`result`, with a new tensor wherever the call returned an argument.

        Dropout at inference returns the tensor that it was given. Two layers would have one and
        the same output then, and the second would vanish from the graph between nodes.
        """
        given = {id(argument) for argument in tf.nest.flatten(arguments)}

        def own(tensor: Tensor) -> Tensor:
            if id(tensor) not in given or not tf.is_tensor(tensor):
                return tensor
            return internals.copied(tensor)

        return tf.nest.map_structure(own, result)

    def _end(self, index: int, result: Any) -> None:
        call = self.calls[index]
        call.stop = self._graph.num_operations()
        flat = tf.nest.flatten(result)
        call.outputs = tuple(value for value in flat if tf.is_tensor(value))


def trace_model(model: keras.Model, inputs: ModelInputs) -> Trace:
    """Runs `model(inputs, training=False)` once, for one image, without computing.

    Raises:
      InputError: If the inputs do not have the shapes that the model declares.
      UnsupportedModelError: If the model was never built, does not have all of its weights
        yet, or does not run in a graph.
    """
    _check_kind(model)
    check_against(model, inputs)
    signature = to_signature(to_arrays(inputs))
    keras_operations = internals.operations_of(model)
    recorder = _Recorder()

    def run(*tensors: Tensor) -> list[Tensor]:
        recorder.start(tf.compat.v1.get_default_graph())
        results = called(model, keras.tree.pack_sequence_as(inputs, list(tensors)))
        names[:] = _output_names(model, results)
        return [tf.convert_to_tensor(result) for result in tf.nest.flatten(results)]

    names: list[str] = []
    wrapped = private_graph(model, run, signature, keras_operations, recorder.replace)
    return _to_trace(model, wrapped, recorder.calls, input_names(model, inputs), names)


def _check_kind(model: Any) -> None:
    if not isinstance(model, keras.Model):
        raise UnsupportedModelError(
            f"Expected a keras.Model of Keras 3; got {type(model).__module__}."
            f"{type(model).__name__}. Load it with keras.models.load_model."
        )
    if keras.backend.backend() != "tensorflow":
        raise UnsupportedModelError(
            f"Keras runs on {keras.backend.backend()!r}; ConvLens captures models on "
            "TensorFlow: set KERAS_BACKEND=tensorflow."
        )
    if not model.built:
        raise UnsupportedModelError(
            f"The model {model.name!r} has never been called, so it may have no weights yet: "
            "call it once on a batch, or give its input shape with build(). Where its "
            "train_step calls only parts of it, capture a part: "
            "ConvLensCallback(…, model=gan.discriminator)."
        )


def _output_names(model: keras.Model, results: Any) -> list[str]:
    if isinstance(results, dict):
        return [str(key) for key in sorted(results)]
    count = len(tf.nest.flatten(results))
    own = list(getattr(model, "output_names", ()))
    if len(own) == count:
        return own
    return ["output" if index == 0 else f"output_{index}" for index in range(count)]


def _to_trace(
    model: keras.Model,
    wrapped: Any,
    calls: list[LayerCall],
    names: list[str],
    output_names: list[str],
) -> Trace:
    graph = wrapped.graph
    operations = tuple(graph.get_operations())
    owners = [-1] * len(operations)
    # Ranges are nested, and an inner call begins after the one around it: written in the order
    # of their beginning, the innermost call of each operation is what stays.
    for index, call in enumerate(calls):
        owners[call.first : call.stop] = [index] * (call.stop - call.first)
    handles = internals.variable_handles(internals.operations_of(model))
    variables = {
        inner: handles.get(outer, (None, None))
        for inner, outer in internals.captured_variables(graph).items()
    }
    inputs = tuple(graph.inputs[: len(names)])
    replaced, own_gradients = see_through(wrapped, operations, inputs)
    for call in calls:
        call.outputs = tuple(replaced.get(id(tensor), tensor) for tensor in call.outputs)
    return Trace(
        model=model,
        wrapped=wrapped,
        operations=operations,
        inputs=inputs,
        input_names=tuple(names),
        outputs=tuple(replaced.get(id(tensor), tensor) for tensor in graph.outputs),
        output_names=tuple(output_names),
        calls=tuple(calls),
        owners=tuple(owners),
        variables=variables,
        own_gradients=own_gradients,
        position={id(operation): index for index, operation in enumerate(operations)},
    )
