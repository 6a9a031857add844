"""The model graph: what the tab shows of a model beside its pictures.

One record per node, in the order of the computation. A node's depth is one more than that of
the deepest node that it reads, so that the tab can draw the graph in rows:

    input 0 → conv1 1 → conv2 2 → add 3         conv1 → add, too: the longest way counts
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tensorboard_plugin_convlens.core.records import Layer, ModelGraph, ReceptiveField
from tensorboard_plugin_convlens.tracing.activation_names import activation_function
from tensorboard_plugin_convlens.tracing.activations import activation_stage
from tensorboard_plugin_convlens.tracing.convolutions import is_channels_first
from tensorboard_plugin_convlens.tracing.nodes import Node


def build_model_graph(
    name: str,
    nodes: Sequence[Node],
    shapes: Sequence[tuple[int | None, ...]],
    receptive_fields: Sequence[ReceptiveField | None],
) -> ModelGraph:
    """The records of the nodes.

    Args:
      name: Name of the model.
      nodes: From `build_nodes`.
      shapes: Output shape of each node, without the batch.
      receptive_fields: Receptive field of each node.
    """
    depths: list[int] = []
    layers = []
    for index, node in enumerate(nodes):
        depths.append(1 + max((depths[before] for before in node.inbound), default=-1))
        layers.append(
            Layer(
                path=node.path,
                call=node.call,
                class_name=node.class_name,
                depth=depths[index],
                inbound=node.inbound,
                output_shape=shapes[index],
                channels=_channels(node, shapes[index]),
                is_convolution=bool(node.convolutions),
                activation_function=activation_function(node.operation),
                activation_stage=activation_stage(nodes, index),
                parameters=_parameters(node.operation),
                receptive_field=receptive_fields[index],
                config=_config(node.operation),
                **_window(node),
            )
        )
    return ModelGraph(name, tuple(layers), _fingerprint(layers))


def _channels(node: Node, shape: tuple[int | None, ...]) -> int | None:
    if not shape:
        return None
    first = getattr(node.operation, "data_format", None) == "channels_first" or (
        bool(node.convolutions) and is_channels_first(node)
    )
    return shape[0] if first else shape[-1]


def _window(node: Node) -> dict[str, Any]:
    """Kernel size, strides and the like of a convolution or a pooling layer."""
    layer = getattr(node.operation, "layer", node.operation)
    size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if size is None:
        return _operation_window(node) if node.convolutions else {}
    return {
        "kernel_size": _sizes(size),
        "strides": _sizes(getattr(layer, "strides", None)),
        "dilation": _sizes(getattr(layer, "dilation_rate", None)),
        "padding": str(getattr(layer, "padding", "") or ""),
        "groups": int(getattr(layer, "groups", 1) or 1),
        "data_format": str(getattr(layer, "data_format", "") or ""),
    }


def _operation_window(node: Node) -> dict[str, Any]:
    """The same for a convolution that a custom layer or model computes itself."""
    operation = node.convolutions[-1]
    first = is_channels_first(node)
    spatial = slice(2, None) if first else slice(1, -1)
    padding = operation.get_attr("padding").decode().lower()
    return {
        "kernel_size": tuple(operation.inputs[1].shape.as_list()[:-2]),
        "strides": tuple(operation.get_attr("strides")[spatial]),
        "dilation": tuple(operation.get_attr("dilations")[spatial]),
        "padding": padding if padding in ("same", "valid") else "",
        "data_format": "channels_first" if first else "channels_last",
    }


def _sizes(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(map(int, value)) if isinstance(value, (tuple, list)) else (int(value),)


def _parameters(operation: Any) -> int:
    count = getattr(operation, "count_params", None)
    try:
        return int(count()) if count is not None else 0
    except ValueError:  # a layer that was never built has none
        return 0


def _config(operation: Any) -> str:
    """The layer's configuration as JSON text; values that JSON lacks, as their `repr`."""
    try:
        config = operation.get_config()
    except Exception:  # a custom layer without get_config, or a keras.ops operation
        return "{}"
    return json.dumps(config, default=_described, sort_keys=True)


def _described(value: Any) -> str:
    """A name without an address in memory, so that it is the same in every process."""
    return str(getattr(value, "__name__", None) or type(value).__name__)


def _fingerprint(layers: Sequence[Layer]) -> str:
    """Hash of the structure; freezing or unfreezing a layer does not change it."""
    structure = [
        asdict(layer) | {"config": _without_trainable(json.loads(layer.config))}
        for layer in layers
    ]
    text = json.dumps(structure, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_trainable(config: Any) -> Any:
    """A configuration without its, and its inner layers', `trainable`."""
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key != "trainable"}
        return {key: _without_trainable(value) for key, value in kept.items()}
    if isinstance(config, list):
        return [_without_trainable(value) for value in config]
    return config
