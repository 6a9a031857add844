"""Every use of undocumented parts of TensorFlow and Keras, and the reason.

Each function here has a test in `tests/tracing/test_internals.py` that fails when a new
release takes the means away.
"""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.util import _pywrap_util_port

from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

TRACING = threading.RLock()
"""Instance attributes and the eager switch are visible to all threads, so one at a time."""

COMPILED_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def calling_list() -> Any | None:
    """The `CallbackList` that is calling a hook now, or None if there is none.

    Why from the stack: Keras gives a callback its model and no way to the list that it is in,
    and only the list can call something after all other callbacks. Any list will do, also that
    of a training loop of one's own, and one around a callback that calls other callbacks.
    """
    frame = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals.get("self")
        if isinstance(found, keras.callbacks.CallbackList):
            return found
        frame = frame.f_back  # type: ignore[assignment]  # None at the bottom.
    return None


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
    with TRACING:
        kept = [(operation, vars(operation).get("call")) for operation in operations]
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
    with TRACING:
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


def has_own_gradient(operation: Operation) -> bool:
    """Whether an operation is the end of a function in a `tf.custom_gradient`."""
    kind = (
        operation.node_def.attr["_gradient_op_type"].s if operation.type == "IdentityN" else b""
    )
    return bool(kind.startswith(b"CustomGradient-"))


def gradient_function(operation: Operation) -> Any:
    """The Python function that TensorFlow has registered for the gradient of an operation.

    Why: the name under which it is registered has a number that differs between processes.
    """
    return ops.get_gradient_function(operation)


def recomputes(operation: Operation) -> bool:
    """Whether the gradient of an operation is that of `tf.recompute_grad`.

    Why by the function that TensorFlow has registered: that one has the ordinary gradient
    whatever the weights are, and a trial would say nothing of weights that are zero or NaN.
    """
    function = ops.get_gradient_function(operation)
    waiting, module = [function], tf.custom_gradient.__module__
    while waiting:
        one = waiting.pop()
        if getattr(one, "__module__", "") != module or not hasattr(one, "__closure__"):
            continue
        if one.__qualname__.startswith("recompute_grad."):
            return True
        if one.__qualname__.startswith("_graph_mode_decorator."):
            waiting += [cell.cell_contents for cell in one.__closure__ or () if _is_set(cell)]
    return False


def _is_set(cell: Any) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:  # empty
        return False


def bypassed(operation: Operation) -> dict[TensorId, Tensor]:
    """Connects the readers of an `IdentityN` directly with its inputs.

    Why in the graph itself: code that follows the graph afterwards need not know.

    Returns:
      `id` of each of its outputs → the tensor that is read instead.
    """
    pairs = list(zip(operation.outputs, operation.inputs, strict=True))
    for output, given in pairs:
        for user in output.consumers():
            for index, one in enumerate(user.inputs):
                if one is output:
                    user._update_input(index, given)
    return {id(output): given for output, given in pairs}


def captured_variables(graph: Any) -> dict[int, int]:
    """`id` of each placeholder of a captured resource → `id` of the resource itself."""
    return {id(inner): id(outer) for outer, inner in graph.captures}


def captured_values(graph: Any) -> list[NDArray[Any] | None]:
    """The values of everything that a graph captured, in the order of `graph.captures`.

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


def copied(tensor: Tensor) -> Tensor:
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


def uses_onednn() -> bool:
    """Whether TensorFlow computes with oneDNN in this process.

    Why not by `TF_ENABLE_ONEDNN_OPTS`: without it the processor decides.
    """
    return bool(_pywrap_util_port.IsMklEnabled())


@contextlib.contextmanager
def announced_variables(announce: Callable[[int], None]) -> Iterator[None]:
    """Calls `announce` with the number of values of each variable of this thread before it is.

    Why the constructor of the class: layers make their variables in many ways, but all in
    this one, with documented arguments, before anything is allocated.
    """
    thread = threading.get_ident()
    construct = keras.Variable.__init__

    @functools.wraps(construct)
    def announced(
        self: Any, initializer: Any, shape: Any = None, *rest: Any, **named: Any
    ) -> None:
        if shape is not None and threading.get_ident() == thread:
            sizes = [shape] if isinstance(shape, int) else list(shape)
            announce(math.prod(size or 0 for size in sizes))
        construct(self, initializer, shape, *rest, **named)

    with TRACING:
        own = "__init__" in vars(keras.Variable)
        keras.Variable.__init__ = announced
        try:
            yield
        finally:
            if own:
                keras.Variable.__init__ = construct
            else:
                del keras.Variable.__init__
