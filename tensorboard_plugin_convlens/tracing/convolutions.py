"""The convolutions of a model, and their kernels.

One convolution has as many filters as its output has channels. The kernel of each, as a stack
of planes `[input channel, height, width]`, comes from TensorFlow's weights by their kind:

    Conv2D           [height, width, input, filter]
    DepthwiseConv2D  [height, width, input, multiplier]: one plane per filter, of which
                     number m of channel i is filter i * multiplier + m
    Conv2DTranspose  [height, width, filter, input]: that of a convolution the other way round
    SeparableConv2D  a depthwise kernel, then [1, 1, input * multiplier, filter]: shown as the
                     one kernel that does the same
    Conv1D           as Conv2D with a height of 1
    Conv3D           depth and height become one axis
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.core.errors import NoConvolutionError, UnknownLayerError
from tensorboard_plugin_convlens.core.records import FloatArray, Skipped
from tensorboard_plugin_convlens.tracing.layout import Layout, feature_layout
from tensorboard_plugin_convlens.tracing.nodes import Node
from tensorboard_plugin_convlens.tracing.operations import TRANSPOSED
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId


@dataclass(frozen=True)
class Convolution:
    """One call of a layer that convolves with learned kernels.

    Attributes:
      index: Index of the node in the model graph.
      node: The node.
      target: Its output tensor, whose channels are captured.
      layout: Layout of the target.
      kernels: The tensors of the kernels, in the order of their use (two in a separable
        convolution).
    """

    index: int
    node: Node
    target: Tensor
    layout: Layout
    kernels: tuple[Tensor, ...]


def find_convolutions(nodes: Sequence[Node]) -> tuple[tuple[Convolution, ...], list[Skipped]]:
    """Every convolution of a model in order, and those that cannot be captured."""
    found, skipped = [], []
    for index, node in enumerate(nodes):
        if not node.convolutions:
            continue
        target = node.outputs[0]
        if not target.shape.is_fully_defined():
            skipped.append(
                Skipped(node.key, f"its output has the unknown shape {target.shape}")
            )
            continue
        kernels = _kernels(node)
        if len(kernels) > 1 and not _is_separable(node) and not node.is_fixed:
            skipped.append(
                Skipped(
                    node.key,
                    f"it holds {len(kernels)} convolutions; only its own output is captured",
                )
            )
        found.append(Convolution(index, node, target, _layout(node), kernels))
    return tuple(found), skipped


def spatial_axes(operation: Operation) -> int:
    """2 or 3; a one-dimensional convolution runs as a flat two-dimensional one."""
    return int(operation.outputs[0].shape.rank) - 2


def is_channels_first(node: Node) -> bool:
    """Whether a convolution's maps are `[1, channel, height, width]`.

    The layer's `data_format` says so. A convolution that is computed outside of such a layer
    has only the attribute of its operation.
    """
    own = getattr(node.operation, "data_format", None)
    inner = getattr(getattr(node.operation, "layer", None), "data_format", None)
    if own or inner:
        return (own or inner) == "channels_first"
    return bool(node.convolutions[-1].get_attr("data_format").startswith(b"NC"))


def _layout(node: Node) -> Layout:
    kernel_size = getattr(node.operation, "kernel_size", None) or getattr(
        getattr(node.operation, "layer", None), "kernel_size", None
    )
    axes = len(kernel_size) if kernel_size else spatial_axes(node.convolutions[-1])
    return feature_layout(node.outputs[0], is_channels_first(node), axes)


def _kernels(node: Node) -> tuple[Tensor, ...]:
    """The kernel tensors, each variable once, before a change of type."""
    # A layer may read the same kernel several times, once per time step.
    found: dict[TensorId, Tensor] = {}
    for operation in node.convolutions:
        tensor = operation.inputs[1]
        found.setdefault(id(_root(tensor)), tensor)
    return tuple(found.values())


def _root(tensor: Tensor) -> Tensor:
    """The variable, or the last operation of two operands, that a kernel comes from."""
    while len(tensor.op.inputs) and tensor.op.type != "Placeholder":
        tensor = tensor.op.inputs[0]
    return tensor


def _is_separable(node: Node) -> bool:
    kinds = [operation.type for operation in node.convolutions]
    return kinds == ["DepthwiseConv2dNative", "Conv2D"]


def to_kernel_planes(convolution: Convolution, values: Sequence[Any]) -> FloatArray | None:
    """`[channel, input channel of the group, height, width]`; None if the shapes differ.

    For a separable convolution: the one kernel that does the same in one step.
    """
    operation = convolution.node.convolutions[0]
    kernel = np.asarray(values[0], np.float32)
    if operation.type == "DepthwiseConv2dNative":
        planes = _depthwise_planes(kernel)
        if len(values) == 2:
            planes = _separable_planes(kernel, np.asarray(values[1], np.float32))
    elif operation.type in TRANSPOSED:
        planes = np.moveaxis(kernel, (-2, -1), (0, 1))
    else:
        planes = np.moveaxis(kernel, (-1, -2), (0, 1))
    if planes.shape[0] != convolution.layout.channels:
        return None
    height = int(np.prod(planes.shape[2:-1]))
    planes = planes.reshape(*planes.shape[:2], height, planes.shape[-1])
    return planes


def _depthwise_planes(kernel: FloatArray) -> FloatArray:
    """`[height, width, input, multiplier]` → `[input * multiplier, 1, height, width]`."""
    height, width, inputs, multiplier = kernel.shape
    planes: FloatArray = kernel.transpose(2, 3, 0, 1)
    return planes.reshape(inputs * multiplier, 1, height, width)


def _separable_planes(depthwise: FloatArray, pointwise: FloatArray) -> FloatArray:
    """Σ over the multiplier of pointwise weight times depthwise plane."""
    height, width, inputs, multiplier = depthwise.shape
    mixing = pointwise.reshape(inputs, multiplier, -1)
    # Nothing but sums lies between the two convolutions, so together they are one, whose filter
    # f has for input i the plane Σ_m  mixing[i, m, f] · depthwise[:, :, i, m].
    planes: FloatArray = np.einsum("hwim,imf->fihw", depthwise, mixing, dtype=np.float32)
    return planes.reshape(-1, inputs, height, width)


def choose(
    convolutions: Sequence[Convolution], layers: Sequence[str] | None
) -> tuple[Convolution, ...]:
    """The convolutions whose key or path is given, or matches a pattern such as `"block3_*"`.

    With None, all except those with fixed kernels; see `fixed`.

    Raises:
      NoConvolutionError: If the model has none.
      UnknownLayerError: If a name matches none; the text lists the existing names.
    """
    if not convolutions:
        raise NoConvolutionError(
            "The model has no convolution with learned kernels, so there is no filter to show."
        )
    if layers is None:
        learned = tuple(each for each in convolutions if not each.node.is_fixed)
        if not learned:
            keys = ", ".join(convolution.node.key for convolution in convolutions)
            raise NoConvolutionError(
                "The model has no convolution with learned kernels; the kernels of its "
                f"convolutions ({keys[:500]}) are fixed. To capture them anyway, name them: "
                "layers=[…]."
            )
        return learned
    chosen: set[int] = set()
    for name in [layers] if isinstance(layers, str) else layers:
        matches = {each.index for each in convolutions if _matches(each.node, name)}
        if not matches:
            raise UnknownLayerError(_unknown(convolutions, name))
        chosen |= matches
    return tuple(each for each in convolutions if each.index in chosen)


def fixed(
    convolutions: Sequence[Convolution], chosen: Sequence[Convolution]
) -> tuple[Skipped, ...]:
    """A sentence for each convolution with fixed kernels that was not chosen."""
    taken = {convolution.index for convolution in chosen}
    return tuple(
        Skipped(
            convolution.node.key,
            "its kernels are fixed, not trained (the bases of a spectrogram, for example), so "
            "the model did not learn them; name the layer to capture it anyway",
        )
        for convolution in convolutions
        if convolution.node.is_fixed and convolution.index not in taken
    )


def _matches(node: Node, name: str) -> bool:
    return name in (node.key, node.path) or fnmatch.fnmatchcase(node.key, name)


def _unknown(convolutions: Sequence[Convolution], name: str) -> str:
    keys = [convolution.node.key for convolution in convolutions]
    shown = ", ".join(keys[:12]) + (f" and {len(keys) - 12} more" if len(keys) > 12 else "")
    return (
        f"The model has no convolution {name!r}. Its convolutions are: {shown}. You can "
        "also give a pattern such as 'block3_*'."
    )
