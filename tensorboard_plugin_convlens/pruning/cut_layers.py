"""Copies of layers without some of their channels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.judgments.mask import Keep
from tensorboard_plugin_convlens.pruning.channel_rules import (
    DEPTHWISE,
    MIXING,
    Channels,
    refuse,
)


def smaller(operation: Any, tensors: list[Any], before: list[Channels], after: Channels) -> Any:
    """A copy of a layer, built and with its weights cut.

    Args:
      operation: A layer that `channel_rules` knows, or a `keras.ops` operation, which has no
        weights and is used as it is.
      tensors: Its inputs, already without the removed channels.
      before: The channels of each input.
      after: The channels of its output.
    """
    if not hasattr(operation, "get_config") or not hasattr(operation, "weights"):
        return operation
    config = operation.get_config()
    for name in ("filters", "units"):
        if name in config and type(operation).__name__ in MIXING:
            config[name] = int(after.keep.sum())
    for name, value in config.items():
        if isinstance(value, dict) and value.get("class_name") == "Constant":
            config[name] = "zeros"  # A list of constants is as long as there were filters.
    inner = getattr(operation, "activation", None)
    if isinstance(inner, keras.layers.Layer):  # Not by its configuration: it has weights.
        config["activation"] = None
    layer = type(operation).from_config(config)
    if isinstance(inner, keras.layers.Layer):
        layer.activation = _smaller_activation(inner, layer, tensors[0], after)
    if operation.weights:
        layer.build(tensors[0].shape)
        for variable, cut in zip(
            _own_weights(layer), _cut_all(operation, before[0], after), strict=True
        ):
            variable.assign(cut)
    return layer


def _smaller_activation(inner: Any, layer: Any, tensor: Any, channels: Channels) -> Any:
    """A smaller copy of a layer given as `activation=`, or the layer itself without weights."""
    if not inner.weights:
        return inner
    result = keras.KerasTensor(layer.compute_output_shape(tensor.shape), tensor.dtype)
    return smaller(inner, [result], [channels], channels)


def _own_weights(layer: Any) -> list[Any]:
    """The weights of a layer without those of the layer that is its activation function."""
    inner = getattr(layer, "activation", None)
    others = {id(one) for one in getattr(inner, "weights", ())}
    return [one for one in layer.weights if id(one) not in others]


def _cut_all(operation: Any, before: Channels, after: Channels) -> list[NDArray[Any]]:
    return [
        _cut(operation, variable.name, np.asarray(variable), before.keep, after.keep)
        for variable in _own_weights(operation)
    ]


def _cut(
    operation: Any, name: str, values: NDArray[Any], before: Keep, after: Keep
) -> NDArray[Any]:
    """One weight of a layer, without the rows and columns of removed channels."""
    kind = type(operation).__name__
    if name == "bias":
        return values[after]
    if kind in DEPTHWISE:
        return values[..., before, :]
    if kind.startswith("Separable"):
        if name == "depthwise_kernel":
            return values[..., before, :]
        return values[..., np.repeat(before, operation.depth_multiplier), :][..., after]
    if kind.endswith("Transpose"):
        return values[..., after, :][..., before]
    if kind in MIXING:
        return _cut_mixing(values, before, after, getattr(operation, "groups", 1))
    if kind == "BatchNormalization":
        return values[before]
    if kind == "PReLU" and values.shape[-1] == len(before):
        return values[..., before]
    if not before.all():
        refuse(operation, f"has weights {name!r} that ConvLens does not know")
    return values


def _cut_mixing(values: NDArray[Any], before: Keep, after: Keep, groups: int) -> NDArray[Any]:
    """A kernel `[…, input channel, filter]`; a grouped one only ever keeps all of them."""
    if groups > 1:
        return values
    return values[..., before, :][..., after]
