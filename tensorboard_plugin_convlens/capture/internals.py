"""Every means of TensorFlow and Keras beyond their documented interface, and why.

Each function here has a test in `tests/capture/test_internals.py` that fails when a new
release takes the means away.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.eager import context

_TRACING = threading.RLock()
"""Instance attributes and the eager switch are visible to every thread: one at a time."""

COMPILED_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def operations_of(model: keras.Model) -> list[Any]:
    """Every layer and `keras.ops` operation inside a model, each once, the model first.

    Why not `model.layers`: it leaves out layers kept in attributes of other layers.
    """
    found: dict[int, Any] = {}
    for layer in model._flatten_layers():
        found.setdefault(id(layer), layer)
        for operation in getattr(layer, "operations", ()):
            found.setdefault(id(operation), operation)
    return list(found.values())


@contextlib.contextmanager
def replaced_calls(
    operations: list[Any], replace: Callable[[Any, Callable[..., Any]], Callable[..., Any]]
) -> Iterator[None]:
    """Puts `replace(operation, its call)` before the `call` of each operation for a while.

    Why on the instance, past Keras' attribute tracking: no class is changed, so other
    models are not touched, and the layer does not notice a new attribute.
    """
    with _TRACING:
        kept = [(one, vars(one).get("call")) for one in operations]
        try:
            for operation in operations:
                vars(operation)["call"] = replace(operation, operation.call)
            yield
        finally:
            for operation, own in kept:
                vars(operation).pop("call", None)
                if own is not None:
                    vars(operation)["call"] = own


@contextlib.contextmanager
def inlined_functions() -> Iterator[None]:
    """Traces through `@tf.function` instead of hiding it in one operation.

    Keras runs a grouped convolution in a compiled function of its own. The switch is the
    process's: functions that other threads call meanwhile run eagerly, with the same
    results.
    """
    with _TRACING:
        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(before)


def trace_graph(function: Callable[..., Any], signature: list[tf.TensorSpec]) -> Any:
    """Runs `function` on placeholders in a new private graph, and returns the graph's handle.

    Why `wrap_function`: its result has `prune`, which cuts a function out of the graph and
    keeps the model's variables by reference, so that new weights need no new trace.
    """
    return tf.compat.v1.wrap_function(function, signature)


def captured_variables(graph: Any) -> dict[int, int]:
    """`id` of each placeholder of a captured resource → `id` of the resource itself."""
    return {id(inner): id(outer) for outer, inner in graph.captures}


def captured_values(graph: Any) -> list[NDArray[Any] | None]:
    """The value of all that a graph captured, in the order of `graph.captures`.

    Variables as they are now, constants; None for anything else (a table, say). Why not by
    Keras' variables: a `call` may read a TensorFlow variable that belongs to no layer.
    """
    values: list[NDArray[Any] | None] = []
    for outer, _ in graph.captures:
        if outer.dtype != tf.resource:
            values.append(np.asarray(outer))
            continue
        known = getattr(outer, "_handle_data", None)
        if known is None or not known.is_set or len(known.shape_and_type) != 1:
            values.append(None)
            continue
        dtype = tf.as_dtype(known.shape_and_type[0].dtype)
        values.append(np.asarray(tf.raw_ops.ReadVariableOp(resource=outer, dtype=dtype)))
    return values


def variable_handles(operations: list[Any]) -> dict[int, tuple[Any, Any]]:
    """`id` of each variable's resource → (layer that owns it, Keras variable)."""
    handles: dict[int, tuple[Any, Any]] = {}
    for operation in operations:
        own = [
            *getattr(operation, "_trainable_variables", ()),
            *getattr(operation, "_non_trainable_variables", ()),
        ]
        for variable in own:
            handle = getattr(variable.value, "handle", None)
            if handle is not None:
                handles[id(handle)] = (operation, variable)
    return handles


def copied(tensor: Any) -> Any:
    """A tensor of the same values, and with the mask that Keras hangs on tensors.

    Why: `tf.identity` loses the mask (of a `Masking` or an `Embedding`), and the next layer
    would count what is masked.
    """
    copy = tf.identity(tensor)
    mask = getattr(tensor, "_keras_mask", None)
    if mask is not None:
        copy._keras_mask = mask
    return copy


@contextlib.contextmanager
def kept_losses(operations: list[Any]) -> Iterator[None]:
    """Restores what `model.losses` holds: Keras empties it on entry of every call."""
    names = ("_losses", "_loss_ids")
    kept = [
        (one, name, vars(one)[name].copy())
        for one in operations
        for name in names
        if name in vars(one)
    ]
    try:
        yield
    finally:
        for operation, name, value in kept:
            current = vars(operation)[name]
            current.clear()
            (current.update if isinstance(current, set) else current.extend)(value)


@contextlib.contextmanager
def adapted_graphs() -> Iterator[None]:
    """Runs functions of this thread without fusing operations, and with channels last.

    Why not fused: oneDNN's fused convolution and rectifier turns NaN into 0, so that a filter
    with broken weights would look silent. Why channels last: without oneDNN, and with it in all
    types but float32, TensorFlow's CPU has no code for convolutions and poolings with channels
    first; its optimizer puts transpositions around them. `tf.config.optimizer` has some
    of these switches, but for the whole process, the training of the user among it; these
    options are the thread's own.
    """
    eager = context.context()
    before = eager.function_call_options
    config = config_pb2.ConfigProto()
    config.CopyFrom(eager.config)
    rewriting = config.graph_options.rewrite_options
    rewriting.remapping = rewriter_config_pb2.RewriterConfig.OFF
    rewriting.cpu_layout_conversion = rewriter_config_pb2.RewriterConfig.NCHW_TO_NHWC
    rewriting.min_graph_nodes = -1  # Small graphs, too.
    eager.function_call_options = context.FunctionCallOptions(
        executor_type=before.executor_type, config_proto=config
    )
    try:
        yield
    finally:
        eager.function_call_options = before
