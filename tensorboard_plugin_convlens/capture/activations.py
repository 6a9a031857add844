"""Where a layer's output stands with respect to an activation function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorboard_plugin_convlens.capture.nodes import Node
from tensorboard_plugin_convlens.capture.rectifiers import RECTIFIERS, activation_function
from tensorboard_plugin_convlens.core.records import ActivationStage

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


def activated_output(nodes: Sequence[Node], index: int) -> Any | None:
    """The tensor after the activation function that follows a node, or that it applies.

    Returns:
      The tensor, of the node's own shape, or None if nothing follows before the next
      convolution, or where the graph branches.
    """
    if activation_function(nodes[index].operation):
        return nodes[index].outputs[0]
    node, position = nodes[index], index
    while True:
        tensor = node.outputs[0]
        rectified = _rectified(tensor)
        if rectified is not None:
            return rectified
        followers = [later for later, one in enumerate(nodes) if position in one.inbound]
        if len(followers) != 1 or len(nodes[followers[0]].inbound) != 1:
            return None
        position = followers[0]
        node = nodes[position]
        if node.convolutions or not node.outputs or node.outputs[0].shape != tensor.shape:
            return None
        if activation_function(node.operation):
            return node.outputs[0]
        if node.class_name == "Lambda" and any(
            one.type in RECTIFIERS for one in node.operations
        ):
            return node.outputs[0]
        if node.class_name not in _PASSING:
            return None


def _rectified(tensor: Any) -> Any | None:
    """The output of a bare `relu(tensor)` outside any layer."""
    users = [one for one in tensor.consumers() if one.type != "Shape"]
    if len(users) == 1 and users[0].type in RECTIFIERS:
        return users[0].outputs[0]
    return None


def activation_stage(nodes: Sequence[Node], index: int) -> ActivationStage:
    """As `records.ActivationStage` says."""
    if activation_function(nodes[index].operation):
        return "after"
    if not nodes[index].outputs or activated_output(nodes, index) is None:
        return "none"
    return "before"


def normalization_after(nodes: Sequence[Node], index: int) -> Any | None:
    """The BatchNormalization layer that directly follows a node without activation."""
    if activation_function(nodes[index].operation):
        return None
    followers = [one for one in nodes if index in one.inbound]
    if len(followers) == 1 and followers[0].class_name == "BatchNormalization":
        return followers[0].operation
    return None
