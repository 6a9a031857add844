"""How each kind of layer passes on the removal of channels.

A layer *mixes* channels (a convolution, a dense layer), or *carries* each one alone
(normalization, activation, pooling, a depthwise convolution), or *merges* tensors channel by
channel (`Add`), or is none of these: then nothing may be removed before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.core.judgments.mask import Keep
from tensorboard_plugin_convlens.tracing.activation_names import activation_function

_CONVOLUTIONS = frozenset(
    f"Conv{axes}D{kind}" for axes in (1, 2, 3) for kind in ("", "Transpose")
)
MIXING = frozenset({*_CONVOLUTIONS, "SeparableConv1D", "SeparableConv2D", "Dense"})
MERGING = frozenset({"Add", "Subtract", "Average", "Maximum", "Minimum", "Multiply"})
DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})
CARRYING = frozenset(
    [
        *DEPTHWISE,
        *("BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU"),
        *("Relu", "Relu6", "Silu", "Gelu", "Elu", "Selu", "Sigmoid", "Tanh", "HardSilu"),
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        *("GaussianNoise", "GaussianDropout", "ActivityRegularization", "Identity"),
        *(f"{kind}Pooling{axes}D" for kind in ("Max", "Average") for axes in (1, 2, 3)),
        *(f"Global{kind}Pooling{axes}D" for kind in ("Max", "Average") for axes in (1, 2, 3)),
        *(
            f"{kind}{axes}D"
            for kind in ("ZeroPadding", "UpSampling", "Cropping")
            for axes in (1, 2, 3)
        ),
    ]
)
OVER_CHANNELS = frozenset({"softmax", "log_softmax", "glu", "sparsemax"})
"""Activation functions that mix channels."""


@dataclass(frozen=True)
class Channels:
    """The channels of a tensor of the model, before anything is removed.

    Attributes:
      keep: `bool [channel]`.
      axis: The channel axis of the tensor: -1, or 1 for `channels_first`.
    """

    keep: Keep
    axis: int = -1

    @property
    def is_whole(self) -> bool:
        """Whether nothing is removed."""
        return bool(self.keep.all())


def channel_axis(operation: Any, otherwise: int = -1) -> int:
    """The channel axis of the layer's data format; `otherwise` for layers without one."""
    known = {"channels_first": 1, "channels_last": -1}
    return known.get(getattr(operation, "data_format", None) or "", otherwise)


def carried(operation: Any, channels: Channels, rank: int) -> Channels:
    """The channels after a carrying layer, for a tensor with this number of axes.

    Raises:
      UnsupportedModelError: The layer does not treat each channel alone.
    """
    kind = type(operation).__name__
    function = activation_function(operation)
    axis = getattr(operation, "axis", channels.axis) if kind == "BatchNormalization" else None
    if function in OVER_CHANNELS or (axis is not None and _differs(axis, channels.axis, rank)):
        refuse(operation, "works across channels")
    if kind.startswith("Global"):
        return Channels(channels.keep)
    if kind in DEPTHWISE:
        return Channels(np.repeat(channels.keep, operation.depth_multiplier), channels.axis)
    return channels


def merged(operation: Any, found: list[Channels]) -> Channels:
    """The channels of a sum, product or the like.

    Raises:
      UnsupportedModelError: Not all of its inputs lose the same channels.
    """
    first = found[0]
    if any(not np.array_equal(one.keep, first.keep) for one in found[1:]):
        lost = sorted({int(one) for each in found for one in np.flatnonzero(~each.keep)})
        refuse(
            operation,
            f"merges tensors that do not all lose the channels {_listed(lost)}: mask the same "
            "filters in every layer that it reads, or in none",
        )
    return first


def concatenated(operation: Any, found: list[Channels], rank: int) -> Channels:
    """The channels of tensors with this number of axes, side by side."""
    axis = found[0].axis
    if all(one.is_whole for one in found):
        return Channels(np.concatenate([one.keep for one in found]), axis)
    if _differs(operation.axis, axis, rank):
        refuse(operation, "does not join channels")
    return Channels(np.concatenate([one.keep for one in found]), axis)


def flattened(channels: Channels, places: int) -> Channels:
    """The units of `places` places, in the order in which `Flatten` lines them up."""
    if channels.axis == 1:
        return Channels(np.repeat(channels.keep, places))
    return Channels(np.tile(channels.keep, places))


def refuse(operation: Any, reason: str) -> None:
    """Raises an error that names the layer and the reason.

    Raises:
      UnsupportedModelError: Always.
    """
    raise UnsupportedModelError(
        f"The model cannot be made smaller: layer {operation.name[:200]!r} "
        f"({type(operation).__name__}) {reason}."
    )


def _differs(axis: Any, channel: int, rank: int) -> bool:
    """Whether an axis of a layer is not that of the channels."""
    axes = list(axis) if isinstance(axis, list | tuple) else [axis]
    return [one % rank for one in axes] != [channel % rank]


def _listed(numbers: list[int], most: int = 8) -> str:
    shown = ", ".join(map(str, numbers[:most]))
    return shown if len(numbers) <= most else f"{shown} and {len(numbers) - most} more"
