"""Convolutions inside loops and branches of the graph, where they cannot be captured.

`tf.while_loop` is one operation in the graph. Its body is a function in the graph's library, a
separate graph that runs as often as the loop does, and whose tensors exist only while it runs.
A convolution in there has a map in every turn, and none of them is the map of the layer. So
ConvLens cannot show it, and lists it among what it skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.tracing.nodes import Node
from tensorboard_plugin_convlens.tracing.operations import CONVOLUTIONS
from tensorboard_plugin_convlens.tracing.types import Operation


def hidden_convolutions(nodes: Sequence[Node]) -> tuple[Skipped, ...]:
    """The layers that convolve in the body of a loop or branch, each with a sentence.

    `tf.map_fn`, `tf.while_loop` and `tf.cond` keep their bodies as functions of the graph
    that run any number of times, so that there is no single feature map of a step.
    """
    calling = [
        node for node in nodes if any(_called(operation) for operation in node.operations)
    ]
    if not calling:
        return ()
    library = calling[0].operations[0].graph.as_graph_def().library.function
    bodies = {body.signature.name: body for body in library}
    return tuple(
        Skipped(
            node.key,
            "it convolves inside a loop or branch (tf.map_fn, tf.while_loop, tf.cond), which "
            "has no single feature map per image: what is computed there is not captured",
        )
        for node in calling
        if any(
            _convolves(name, bodies)
            for operation in node.operations
            for name in _called(operation)
        )
    )


def _called(operation: Operation) -> list[str]:
    """Names of the functions that an operation of a graph runs."""
    return list(_names(operation.node_def.attr.values()))


def _names(attributes: Any) -> Iterator[str]:
    for attribute in attributes:
        for function in (attribute.func, *attribute.list.func):
            if function.name:
                yield function.name


def _convolves(name: str, bodies: dict[str, Any]) -> bool:
    """Whether a function, or one that it calls, holds a convolution."""
    seen, waiting = set(), [name]
    while waiting:
        body = bodies.get(waiting.pop())
        if body is None or body.signature.name in seen:
            continue
        seen.add(body.signature.name)
        for node in body.node_def:
            if node.op in CONVOLUTIONS:
                return True
            waiting.extend(_names(node.attr.values()))
    return False
