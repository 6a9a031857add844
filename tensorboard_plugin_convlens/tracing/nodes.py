"""The calls of a trace that are nodes of the model graph, and the edges between them.

Three kinds of things become nodes: the inputs, calls of layers that call no other layer, and
convolutions that stand beside sublayers in the `call` of a layer or model. An edge leads from
node to node wherever a path of operations does that belong to no node in between, such as the
`+` of a residual connection that is written as `x + y`.

A kernel counts as learned if it is computed from variables alone, in any way: weight
normalization and spectral normalization compute it again at every call. A tensor that depends
on an input is not a kernel, even if it is the second operand of a convolution (dynamic
filters).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras

from tensorboard_plugin_convlens.tracing.operations import CONVOLUTIONS, ancestors
from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor


@dataclass(frozen=True)
class Node:
    """An input, a layer call, or a convolution beside sublayers.

    The call of a layer is a node if it calls no other, or if it convolves, what it calls does
    not, and its result is the map of that convolution: `Conv2D(activation=layers.ReLU())`.

    Attributes:
      path, call: See `records.Layer`.
      operation: The Keras object, or None for an input.
      operations: The TensorFlow operations that belong to the node.
      outputs: What the node returns, float tensors of three axes or more first.
      convolutions: Those of `operations` that convolve with a learned kernel.
      inbound: Indices of the nodes that this one reads.
      is_fixed: Whether the kernels are weights that were never meant to be trained.
    """

    path: str
    call: int
    operation: Any
    operations: tuple[Operation, ...]
    outputs: tuple[Tensor, ...]
    convolutions: tuple[Operation, ...]
    inbound: tuple[int, ...] = ()
    is_fixed: bool = False

    @property
    def key(self) -> str:
        """The key of the layer; see `records.Layer.key`."""
        return self.path if self.call == 0 else f"{self.path}#{self.call}"

    @property
    def class_name(self) -> str:
        """Name of the Keras object, or of the operation if there is none."""
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
    whole = frozenset(_whole_layers(trace, kernels))
    leaves = [
        _leaf(trace, index, kernels)
        for index, call in enumerate(trace.calls)
        if call.outputs
        and (index in whole or (call.is_leaf and not _is_inside(trace, index, whole)))
    ]
    alone = _convolutions_beside_sublayers(trace, kernels, whole)
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

    def is_learned(self, operation: Operation) -> bool:
        """Whether an operation convolves with a kernel made from variables alone."""
        return operation.type in CONVOLUTIONS and self.variable(operation) is not None

    def is_fixed(self, operation: Operation) -> bool:
        """Whether all weights behind the kernel were made as not trainable.

        A layer that was frozen later does not count: its kernels were learned. The bases of an
        `STFTSpectrogram` were not, so it counts as fixed while it is frozen.
        """
        tensors = ancestors([operation.inputs[1]])
        sources = [self._trace.variables.get(id(tensor)) for tensor in tensors]
        known = [source for source in sources if source is not None]
        return bool(known) and not any(_is_learned(*source) for source in known)

    def is_computed(self, tensor: Tensor) -> bool:
        """Whether a tensor depends on an input of the model."""
        return any(id(before) in self._inputs for before in ancestors([tensor]))

    def name(self, operation: Operation) -> str:
        """The name of the variable behind the kernel."""
        source = self.variable(operation)
        return "kernel" if source is None or source[1] is None else str(source[1].name)

    def variable(self, operation: Operation) -> tuple[Any, Any] | None:
        """(layer, Keras variable) behind the kernel; None if there is none, or an input."""
        found = None
        for tensor in ancestors([operation.inputs[1]]):
            if id(tensor) in self._inputs:
                return None
            found = self._trace.variables.get(id(tensor), found)
        return found


def _is_learned(layer: Any, variable: Any) -> bool:
    """Whether a variable was made to be trained, frozen or not.

    `trainable = False` on a layer sets that flag on its variables, too, so the flag does not
    tell a frozen kernel from a fixed one. Which list Keras keeps a variable in does: that is
    decided when the variable is made.
    """
    if variable is None:
        return True
    if isinstance(layer, keras.layers.STFTSpectrogram):
        return bool(variable.trainable)
    return any(known is variable for known in layer._trainable_variables)


def _leaf(trace: Trace, index: int, kernels: _Kernels) -> Node:
    call = trace.calls[index]
    operations = trace.operations[call.first : call.stop]
    found = tuple(operation for operation in operations if kernels.is_learned(operation))
    outputs = tuple(sorted(call.outputs, key=lambda tensor: not _is_map(tensor)))
    if found and not _is_map(outputs[0]):
        outputs = (found[-1].outputs[0], *outputs)
    is_fixed = bool(found) and all(map(kernels.is_fixed, found))
    return Node(
        call.path, call.call, call.operation, operations, outputs, found, is_fixed=is_fixed
    )


def _is_map(tensor: Tensor) -> bool:
    return bool(tensor.dtype.is_floating and tensor.shape.rank in (3, 4, 5))


def _whole_layers(trace: Trace, kernels: _Kernels) -> Iterator[int]:
    """Indices of the calls that are one node although they call sublayers."""
    own: dict[int, list[Operation]] = {}
    for operation in filter(kernels.is_learned, trace.operations):
        owner = trace.owners[trace.position[id(operation)]]
        own.setdefault(owner, []).append(operation)
    for index, found in own.items():
        call = trace.calls[index]
        if index < 0 or call.is_leaf or not call.outputs:
            continue
        if isinstance(call.operation, keras.Model) or any(
            _is_inside(trace, other, {index}) for other in own
        ):
            continue
        result = _completed(trace, found[-1], kernels)[-1].outputs[0]
        output = min(call.outputs, key=lambda tensor: not _is_map(tensor))
        if _is_map(output) and output.shape.num_elements() == result.shape.num_elements():
            yield index


def _is_inside(trace: Trace, index: int, calls: Container[int]) -> bool:
    """Whether a call was made in one of `calls`, at any depth."""
    parent = trace.calls[index].parent if index >= 0 else None
    while parent is not None:
        if parent in calls:
            return True
        parent = trace.calls[parent].parent
    return False


def _convolutions_beside_sublayers(
    trace: Trace, kernels: _Kernels, whole: Container[int]
) -> list[Node]:
    """Convolutions of a layer or model that is not a node itself.

    A layer with one of them gives it its name; otherwise the kernels give the names.
    """
    own: dict[int, list[Operation]] = {}
    for operation in trace.operations:
        index = trace.owners[trace.position[id(operation)]]
        if index < 0 or index in whole or trace.calls[index].is_leaf:
            continue
        if kernels.is_learned(operation) and not _is_inside(trace, index, whole):
            own.setdefault(index, []).append(operation)
    counts: dict[str, int] = {}
    nodes = []
    for index, found in sorted(own.items()):
        call = trace.calls[index]
        for operation in found:
            path, number = call.path, call.call
            if len(found) > 1 or isinstance(call.operation, keras.Model):
                path = f"{path}/{kernels.name(operation)}".lstrip("/")
                number = counts.get(path, 0)
                counts[path] = number + 1
            made = _completed(trace, operation, kernels)
            nodes.append(Node(path, number, None, made, made[-1].outputs, (operation,)))
    return nodes


def _completed(
    trace: Trace, convolution: Operation, kernels: _Kernels
) -> tuple[Operation, ...]:
    """A convolution and what its layer itself adds to complete the map, such as a bias."""
    made = [convolution]
    owner = trace.owner(convolution)
    while True:
        tensor = made[-1].outputs[0]
        # Asking for a shape changes nothing of the map.
        users = [reader for reader in tensor.consumers() if reader.type != "Shape"]
        if len(users) != 1 or trace.owner(users[0]) is not owner:
            return tuple(made)
        # A bias, yes; a sum with something that the model computed is another map.
        others = [other for other in users[0].inputs if other is not tensor]
        if users[0].type not in _COMPLETING or any(map(kernels.is_computed, others)):
            return tuple(made)
        made.append(users[0])


_COMPLETING = frozenset(
    {"Add", "AddV2", "BatchToSpaceND", "BiasAdd", "Cast", "Identity", "Reshape", "Squeeze"}
)
"""Operations that Keras' convolutions end with, before an activation function."""


def _with_edges(nodes: list[Node]) -> tuple[Node, ...]:
    owner = {
        id(operation): index
        for index, node in enumerate(nodes)
        for operation in node.operations
    }

    def inbound(index: int) -> tuple[int, ...]:
        own = {id(operation) for operation in nodes[index].operations}
        read = [
            tensor
            for operation in nodes[index].operations
            for tensor in operation.inputs
            if id(tensor.op) not in own
        ]
        return tuple(sorted(_producers(read, lambda op: owner.get(id(op)))))

    return tuple(
        node if node.class_name == "InputLayer" else replace(node, inbound=inbound(index))
        for index, node in enumerate(nodes)
    )


def _producers(tensors: list[Tensor], owner: Callable[[Operation], int | None]) -> set[int]:
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
