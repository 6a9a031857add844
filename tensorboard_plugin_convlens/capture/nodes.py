"""The calls of a trace that are nodes of the model graph, and the edges between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tensorboard_plugin_convlens.capture.trace import Trace

CONVOLUTIONS = frozenset(
    {
        "Conv2D",
        "Conv3D",
        "Conv2DBackpropInput",
        "Conv3DBackpropInputV2",
        "DepthwiseConv2dNative",
    }
)
"""Operations that convolve; the second input of each is the kernel."""

TRANSPOSED = frozenset({"Conv2DBackpropInput", "Conv3DBackpropInputV2"})


@dataclass(frozen=True)
class Node:
    """An input, a layer call without calls inside, or a convolution beside sublayers.

    Attributes:
      path, call: As in `records.Layer`.
      operation: The Keras object, or None for an input.
      operations: The TensorFlow operations that belong to the node.
      outputs: What the node returns, float tensors of three axes or more first.
      convolutions: Those of `operations` that convolve with a learned kernel.
      inbound: Indices of the nodes that this one reads.
    """

    path: str
    call: int
    operation: Any
    operations: tuple[Any, ...]
    outputs: tuple[Any, ...]
    convolutions: tuple[Any, ...]
    inbound: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """As `records.Layer.key`."""
        return self.path if self.call == 0 else f"{self.path}#{self.call}"

    @property
    def class_name(self) -> str:
        """Of the Keras object; of the operation where there is none."""
        if self.operation is None:
            return "InputLayer" if not self.convolutions else str(self.convolutions[0].type)
        return type(self.operation).__name__


def build_nodes(trace: Trace) -> tuple[Node, ...]:
    """Inputs first, then the leaf calls in the order of the computation."""
    kernels = _Kernels(trace)
    nodes = [
        Node(name, 0, None, (tensor.op,), (tensor,), ())
        for name, tensor in zip(trace.input_names, trace.inputs, strict=True)
    ]
    leaves = [
        _leaf(trace, index, kernels)
        for index, call in enumerate(trace.calls)
        if call.is_leaf and call.outputs
    ]
    alone = _convolutions_beside_sublayers(trace, kernels)
    ordered = sorted(
        (node for node in (*leaves, *alone) if node.operations),
        key=lambda node: trace.position[id(node.operations[0])],
    )
    return _with_edges([*nodes, *ordered])


class _Kernels:
    """Finds the variable that a convolution's kernel comes from."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._inputs = {id(tensor) for tensor in trace.inputs}

    def is_learned(self, operation: Any) -> bool:
        """Whether an operation convolves with a kernel made from variables alone."""
        return operation.type in CONVOLUTIONS and self.variable(operation) is not None

    def variable(self, operation: Any) -> tuple[Any, Any] | None:
        """(layer, Keras variable) behind the kernel; None if there is none, or an input."""
        found = None
        for tensor in ancestors([operation.inputs[1]]):
            if id(tensor) in self._inputs:
                return None
            found = self._trace.variables.get(id(tensor), found)
        return found


def ancestors(tensors: Iterable[Any]) -> list[Any]:
    """The tensors and everything that they are computed from."""
    seen: dict[int, Any] = {}
    waiting = list(tensors)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in seen:
            seen[id(tensor)] = tensor
            waiting.extend(tensor.op.inputs)
    return list(seen.values())


def _leaf(trace: Trace, index: int, kernels: _Kernels) -> Node:
    call = trace.calls[index]
    operations = trace.operations[call.first : call.stop]
    found = tuple(one for one in operations if kernels.is_learned(one))
    outputs = tuple(sorted(call.outputs, key=lambda one: not _is_map(one)))
    if found and not _is_map(outputs[0]):
        outputs = (found[-1].outputs[0], *outputs)
    return Node(call.path, call.call, call.operation, operations, outputs, found)


def _is_map(tensor: Any) -> bool:
    return bool(tensor.dtype.is_floating and tensor.shape.rank in (3, 4, 5))


def _convolutions_beside_sublayers(trace: Trace, kernels: _Kernels) -> list[Node]:
    """Convolutions that a layer or model computes itself, though it calls sublayers."""
    counts: dict[str, int] = {}
    nodes = []
    for operation in trace.operations:
        call = trace.owner(operation)
        if operation.type not in CONVOLUTIONS or call is None or call.is_leaf:
            continue
        source = kernels.variable(operation)
        if source is None:
            continue
        name = "kernel" if source[1] is None else source[1].name
        path = f"{call.path}/{name}".lstrip("/")
        nodes.append(
            Node(path, counts.get(path, 0), None, (operation,), operation.outputs, (operation,))
        )
        counts[path] = counts.get(path, 0) + 1
    return nodes


def _with_edges(nodes: list[Node]) -> tuple[Node, ...]:
    owner = {id(one): index for index, node in enumerate(nodes) for one in node.operations}

    def inbound(index: int) -> tuple[int, ...]:
        own = {id(one) for one in nodes[index].operations}
        read = [t for one in nodes[index].operations for t in one.inputs if id(t.op) not in own]
        return tuple(sorted(_producers(read, lambda op: owner.get(id(op)))))

    return tuple(
        node if node.class_name == "InputLayer" else replace(node, inbound=inbound(index))
        for index, node in enumerate(nodes)
    )


def _producers(tensors: list[Any], owner: Callable[[Any], int | None]) -> set[int]:
    """Owners of the nearest owned operations that the tensors are computed from."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting = list(tensors)
    while waiting:
        operation = waiting.pop().op
        if id(operation) in seen:
            continue
        seen.add(id(operation))
        index = owner(operation)
        if index is None:
            waiting.extend(operation.inputs)
        else:
            found.add(index)
    return found
