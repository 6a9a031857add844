"""Runs parts of a traced graph with operations that the processor has."""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.tracing import internals

LACKING = (
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.UnimplementedError,
)
"""Errors of TensorFlow if it has no code for an operation."""

_PARTIAL = re.compile("Conv|Pool|BatchNorm|DepthToSpace|SpaceToDepth|LRN")
"""Types of operations that TensorFlow's CPU computes for some layouts, groups, dilations or
types only."""

_NODE = re.compile(r"\{\{node ([^}]+)\}\}")


class GraphFunction:
    """A function that `internals.trace_graph(…).prune` made.

    TensorFlow's CPU has no code for some operations, such as a grouped convolution of three
    dimensions. In `fit` and `predict`, Keras has XLA compile the model. A traced graph holds
    the operations themselves. So when a call fails at such an operation, XLA compiles the
    function, for this call and all later ones. Compiled convolutions take several times as
    long; most layouts need no compiling, see `internals.adapted_graphs`.
    """

    def __init__(self, pruned: Any) -> None:
        self._pruned = pruned
        self._compiled: Any = None

    def __call__(self, *tensors: Any) -> Any:
        """The results of the function.

        Raises:
          UnsupportedModelError: This processor cannot compute one of its operations.
          OpError: The same, as one of `LACKING`, of a function that is not to be compiled.
        """
        if self._compiled is not None:
            return self._compiled(*tensors)
        try:
            with internals.adapted_graphs():
                return self._pruned(*tensors)
        except LACKING as error:
            if not self._is_lack(error):
                raise
            return self._compile(error, tensors)

    @property
    def is_compiled(self) -> bool:
        """Whether a call so far had to be compiled."""
        return self._compiled is not None

    def _compile(self, error: Exception, tensors: Any) -> Any:
        compiled = tf.function(self._pruned, jit_compile=True)
        try:
            results = compiled(*tensors)
        except tf.errors.OpError as second:
            raise UnsupportedModelError(
                f"TensorFlow cannot compute this model on this processor: {_reason(error)} "
                f"With XLA, it fails too: {_reason(second)} Start the process with the "
                "environment variable TF_ENABLE_ONEDNN_OPTS=1, or on a machine with a graphics "
                "card."
            ) from error
        self._compiled = compiled
        return results

    def _is_lack(self, error: Exception) -> bool:
        """Whether TensorFlow lacks an operation; not that an assertion failed."""
        text = str(error)
        if isinstance(error, tf.errors.UnimplementedError) or "No OpKernel" in text:
            return True
        types = {
            operation.name: operation.type for operation in self._pruned.graph.get_operations()
        }
        return any(_PARTIAL.search(types.get(name, "")) for name in _NODE.findall(text))


def _reason(error: Exception) -> str:
    """The message of TensorFlow, without the place in the code."""
    lines = [line.strip() for line in str(error).splitlines()]
    reasons = [
        line for line in lines if line and not line.startswith(("Detected at", "File", "[["))
    ]
    return " ".join(reasons[-1:])[:300].rstrip(".") + "."
