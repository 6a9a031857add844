"""One run of a model into a private TensorFlow graph that leaves the model as it was.

No variable is made meanwhile: if a layer would make its weights only now, the model is refused,
and everything that building it changed is restored. Otherwise Keras would give such weights
values that nobody has seen before and nobody will use again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.tracing import internals, untouched
from tensorboard_plugin_convlens.tracing.reason import reason_of

Replace = Callable[[Any, Callable[..., Any]], Callable[..., Any]]
"""(operation, its call) → the function that is called instead."""


def called(model: keras.Model, inputs: Any) -> Any:
    """The model's results at inference, inside the function that `private_graph` runs.

    The scope has its own name, because that of a model may start with "_", which is not allowed
    for an outermost scope.
    """
    scope = keras.StatelessScope(collect_losses=True, initialize_variables=False)
    with tf.name_scope("model"), scope:
        return model(inputs, training=False)


def private_graph(
    model: keras.Model,
    run: Callable[..., Any],
    signature: Sequence[tf.TensorSpec],
    replaced: Sequence[Any],
    replace: Replace,
) -> Any:
    """Runs `run` on placeholders, looking into compiled functions.

    Args:
      model: Whose results `run` takes with `called`.
      run: Gets the placeholders, returns tensors.
      signature: The shapes and types of the placeholders.
      replaced: Layers and operations whose call is another one meanwhile.
      replace: Makes that call.

    Returns:
      The graph's handle; see `internals.trace_graph`.

    Raises:
      UnsupportedModelError: The model does not run in a graph, or does not have all of its
        weights yet.
    """
    with _left_as_it_was(model, replaced, replace) as refused:

        def watched(*tensors: Any) -> Any:
            with tf.variable_creator_scope(refused.creator):
                return run(*tensors)

        try:
            wrapped = _traced(model, watched, list(signature))
        except Exception as fault:
            if refused.paths:
                raise UnsupportedModelError(_unbuilt(model, refused.paths[0])) from fault
            shapes = [tuple(spec.shape) for spec in signature]
            raise UnsupportedModelError(
                f"The model {model.name!r} could not be run as a graph on inputs of shape "
                f"{shapes}: {reason_of(fault)}"
            ) from fault
        if refused.paths:  # A layer went on without what it could not make.
            raise UnsupportedModelError(_unbuilt(model, refused.paths[0]))
        return wrapped


def _traced(model: keras.Model, run: Callable[..., Any], signature: list[tf.TensorSpec]) -> Any:
    """Looks into compiled functions, if there are any.

    At once in a model that is not built and called throughout: a `tf.function` may make
    variables at its first call alone, and that one is not ours to take.
    """
    if all(map(untouched.is_in_use, internals.operations_of(model))):
        wrapped = internals.trace_graph(run, signature)
        kinds = {operation.type for operation in wrapped.graph.get_operations()}
        if not kinds.intersection(internals.COMPILED_CALLS):
            return wrapped
    with internals.inlined_functions():
        return internals.trace_graph(run, signature)


@contextlib.contextmanager
def _left_as_it_was(
    model: keras.Model, replaced: Sequence[Any], replace: Replace
) -> Iterator[untouched.RefusedVariables]:
    operations = internals.operations_of(model)
    with (
        untouched.kept_state(operations),
        internals.replaced_calls(list(replaced), replace),
        untouched.without_recomputation(operations),
        untouched.kept_losses(operations),
        untouched.refused_variables() as refused,
    ):
        yield refused


def _unbuilt(model: keras.Model, path: str) -> str:
    layer, _, weight = path.removeprefix(f"{model.name}/").rpartition("/")
    whose = f"its layer {layer!r} makes" if layer else "it makes"
    return (
        f"The model {model.name!r} does not have all of its weights yet: {whose} {weight!r} "
        "only when it is called. Call the model once on a batch, model(batch), and try again. "
        "If this error comes back, the layer makes new weights at every call: make them in "
        "__init__ or build() instead."
    )
