"""Converts `ModelGraph` records to protobuf messages and back."""

from __future__ import annotations

from collections.abc import Iterable

from tensorboard_plugin_convlens.core.errors import FormatError, TooLargeError
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Layer,
    ModelGraph,
    ReceptiveField,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION
from tensorboard_plugin_convlens.storage.format.sealed import checked_fingerprint

_STAGES: dict[ActivationStage, pb.ActivationStage] = {
    "before": pb.BEFORE,
    "after": pb.AFTER,
    "none": pb.NONE,
}
_MOST_LAYERS, _MOST_EDGES = 10_000, 100_000
_MOST_AXES = 16
_STAGE_NAMES = {value: name for name, value in _STAGES.items()}


def graph_to_message(graph: ModelGraph) -> pb.ModelGraph:
    """The message of a model graph."""
    return pb.ModelGraph(
        format_version=FORMAT_VERSION,
        name=graph.name,
        fingerprint=graph.fingerprint,
        layers=[_layer_to_message(layer) for layer in graph.layers],
    )


def graph_from_message(message: pb.ModelGraph) -> ModelGraph:
    """The inverse of `graph_to_message`.

    Raises:
      FormatError: An edge leads to a layer that is not before its own.
      TooLargeError: It has more layers or edges than may be shown.
    """
    edges = sum(len(layer.inbound) for layer in message.layers)
    if len(message.layers) > _MOST_LAYERS or edges > _MOST_EDGES:
        raise TooLargeError(
            f"The model graph is too large to show: {len(message.layers):,} layers and "
            f"{edges:,} edges, expected at most {_MOST_LAYERS:,} and {_MOST_EDGES:,}."
        )
    layers = tuple(_layer_from_message(layer) for layer in message.layers)
    for index, layer in enumerate(layers):
        if any(source >= index for source in layer.inbound):
            raise FormatError(
                f"The model graph is damaged: layer {layer.key!r} reads a later layer."
            )
    return ModelGraph(message.name, layers, checked_fingerprint(message.fingerprint))


def _layer_to_message(layer: Layer) -> pb.Layer:
    field = layer.receptive_field
    return pb.Layer(
        path=layer.path,
        call=layer.call,
        class_name=layer.class_name,
        depth=layer.depth,
        inbound=layer.inbound,
        output_shape=[-1 if size is None else size for size in layer.output_shape],
        channels=layer.channels or 0,
        is_convolution=layer.is_convolution,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation,
        padding=layer.padding,
        groups=layer.groups,
        data_format=layer.data_format,
        activation_function=layer.activation_function,
        activation_stage=_STAGES[layer.activation_stage],
        parameters=layer.parameters,
        receptive_field=None
        if field is None
        else pb.ReceptiveField(size=field.size, stride=field.stride, start=field.start),
        config=layer.config,
    )


def _layer_from_message(message: pb.Layer) -> Layer:
    for sizes in (message.output_shape, message.kernel_size, message.strides, message.dilation):
        if len(sizes) > _MOST_AXES:
            raise FormatError(f"The model graph is damaged: a layer has {len(sizes)} axes.")
    return Layer(
        path=message.path,
        call=message.call,
        class_name=message.class_name,
        depth=message.depth,
        inbound=tuple(message.inbound),
        output_shape=tuple(None if size < 0 else size for size in message.output_shape),
        channels=message.channels or None,
        is_convolution=message.is_convolution,
        kernel_size=tuple(message.kernel_size),
        strides=tuple(message.strides),
        dilation=tuple(message.dilation),
        padding=message.padding,
        groups=message.groups,
        data_format=message.data_format,
        activation_function=message.activation_function,
        activation_stage=_STAGE_NAMES.get(message.activation_stage, "none"),
        parameters=message.parameters,
        receptive_field=_receptive_field(message.receptive_field)
        if message.HasField("receptive_field")
        else None,
        config=message.config,
    )


def _receptive_field(message: pb.ReceptiveField) -> ReceptiveField:
    return ReceptiveField(_pair(message.size), _pair(message.stride), _pair(message.start))


def _pair(values: Iterable[int]) -> tuple[int, int]:
    pair = tuple(values)
    if len(pair) != 2:
        raise FormatError(
            "The model graph is damaged: a receptive field does not have two axes."
        )
    return pair
