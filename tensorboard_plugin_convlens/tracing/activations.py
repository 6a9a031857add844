"""Where a layer's output stands with respect to an activation function.

A filter's response is what the network passes on: the map after the activation function. Keras
has the function in four places, and a capture must find it in each:

    Conv2D(activation="relu")                      in the layer itself
    Conv2D → ReLU                                  a layer of its own
    Conv2D → BatchNormalization → ReLU             after a normalization
    tf.nn.relu(conv(x)) in a model's `call`        an operation of no layer

From the convolution on, layers are passed as long as the graph does not branch and channels
stay apart, up to the first function. Where the graph branches first (a residual sum) or another
convolution comes first, a filter has no activation function, and its map is its response.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tensorboard_plugin_convlens.core.records import ActivationStage
from tensorboard_plugin_convlens.tracing.activation_names import activation_function
from tensorboard_plugin_convlens.tracing.nodes import Node
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS, source_of
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor

_PASSING = frozenset(
    [
        "BatchNormalization",
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "GaussianNoise",
        "GaussianDropout",
        "AlphaDropout",
        "Identity",
        "LayerNormalization",
        "GroupNormalization",
        "UnitNormalization",
        "ActivityRegularization",
    ]
)
"""Layers between a convolution and its activation function that keep channels apart."""


def gate_node(nodes: Sequence[Node], index: int) -> int:
    """The node at whose output a filter is complete, with the layers that belong to it.

    Its own activation function, or the normalization and the activation layer that follow
    before the next convolution, unless the graph branches: where Molchanov et al.
    2019, https://arxiv.org/abs/1906.10771, put their gates.
    """
    position = index
    while not _applies_function(nodes[position]):
        node = nodes[position]
        followers = [later for later, other in enumerate(nodes) if position in other.inbound]
        if (
            _rectified(node.outputs[0]) is not None
            or len(followers) != 1
            or not _continues(node, nodes[followers[0]])
        ):
            break
        position = followers[0]
    return position


def activated_output(nodes: Sequence[Node], index: int) -> Tensor | None:
    """The tensor after the activation function that follows a node, or that it applies.

    Returns:
      The tensor, of the node's own shape, or None if nothing follows before the next
      convolution, or if the graph branches.
    """
    node = nodes[gate_node(nodes, index)]
    if _applies_function(node):
        return node.outputs[0]
    rectified = _rectified(node.outputs[0])
    return None if rectified is None else _whole_function(nodes, rectified)


def _applies_function(node: Node) -> bool:
    rectifies = any(operation.type in RECTIFIERS for operation in node.operations)
    return bool(activation_function(node.operation)) or (
        node.class_name == "Lambda" and rectifies
    )


def _continues(node: Node, follower: Node) -> bool:
    """Whether a node's only follower changes each of its channels alone."""
    if len(follower.inbound) != 1 or follower.convolutions or not follower.outputs:
        return False
    if follower.outputs[0].shape != node.outputs[0].shape:
        return False
    return _applies_function(follower) or follower.class_name in _PASSING


def _rectified(tensor: Tensor) -> Tensor | None:
    """The output of a bare `relu(tensor)` outside any layer."""
    # Reading the shape of a tensor does not use its values.
    users = [reader for reader in tensor.consumers() if reader.type != "Shape"]
    if len(users) == 1 and users[0].type in RECTIFIERS:
        return users[0].outputs[0]
    return None


def zeroes(tensor: Tensor) -> bool:
    """Whether a tensor comes from a function that makes all negative values exactly 0."""
    operation = source_of(tensor)
    return operation.type in RECTIFIERS or _limit(operation, "Maximum") == 0


def ends_of_range(tensor: Tensor) -> tuple[float, ...]:
    """The values at which the function of a tensor saturates; () if there are none.

    Zero, the lower end of a rectifier, is not among them: there a unit is silent.
    """
    operation = source_of(tensor)
    lower = _limit(operation, "Maximum")
    if lower is not None:
        # `clip(x, low, high)` is `Maximum(Minimum(x, high), low)`: the upper end comes first.
        operation = next(
            tensor for tensor in operation.inputs if tf.get_static_value(tensor) is None
        ).op
    upper = _limit(operation, "Minimum")
    if upper is None:
        return _ENDS.get(operation.type, ())
    return (upper,) if not lower else (lower, upper)


def _limit(operation: Operation, kind: str) -> float | None:
    """The constant operand of a `Maximum` or `Minimum` (Keras clips with both)."""
    if operation.type != kind:
        return None
    constants = [tf.get_static_value(tensor) for tensor in operation.inputs]
    found = [float(value) for value in constants if value is not None and value.size == 1]
    return found[0] if len(found) == 1 else None


_ENDS = {"Relu6": (6.0,), "Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}
"""Type of operation → the values near which its slope vanishes."""


def _whole_function(nodes: Sequence[Node], rectified: Tensor) -> Tensor:
    """The output of the activation layer that a rectifier is a part of, else the rectifier's.

    `ReLU(max_value=4)` is a rectifier and a clip.
    """
    for node in nodes:
        if rectified.op in node.operations and activation_function(node.operation):
            output = node.outputs[0]
            return output if output.shape == rectified.shape else rectified
    return rectified


def activation_stage(nodes: Sequence[Node], index: int) -> ActivationStage:
    """Whether a node's output comes before or after an activation function, or has none."""
    if activation_function(nodes[index].operation):
        return "after"
    if not nodes[index].outputs or activated_output(nodes, index) is None:
        return "none"
    return "before"


def normalization_after(nodes: Sequence[Node], index: int) -> Tensor | None:
    """The BatchNormalization layer that directly follows a node without activation."""
    if activation_function(nodes[index].operation):
        return None
    followers = [node for node in nodes if index in node.inbound]
    if len(followers) == 1 and followers[0].class_name == "BatchNormalization":
        return followers[0].operation
    return None
