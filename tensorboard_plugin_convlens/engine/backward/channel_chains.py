"""Channel-wise chains: operations between two convolutions that treat each channel alone.

A convolution mixes channels: each filter reads all of them. A bias, a normalization, a
rectifier and a pooling do not: channel i of their output depends on channel i of their input
alone. So between two convolutions a channel can be left out everywhere at once, if no gradient
gets through one of its rectifiers (`active_channels.py`):

    Conv2D ─ t0 ─ BiasAdd ─ t1 ─ Relu ─ t2 ─ MaxPool ─ t3 ─ Conv2D
             └─ the chain: t0, t1, t2, t3, with one rectifier ─┘

This needs that everything that comes back goes through the rectifiers. Where a second
operation reads t1, as the sum of a residual network does, gradient gets to t0 around the
rectifier, so there is no chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from tensorboard_plugin_convlens.engine.backward.rules.pooling import is_tiled
from tensorboard_plugin_convlens.engine.residuals.active_channels import ChannelChain
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS, is_complex
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

_CHANNELWISE = frozenset({"BiasAdd", "Cast", "Identity", "Pad", "PadV2", *RECTIFIERS})
_OF_TWO = frozenset({"Add", "AddV2", "Mul", "Sub"})

Live = Callable[[Tensor], bool]


def find_channel_chains(
    operations: Iterable[Operation], is_live: Live
) -> dict[TensorId, ChannelChain]:
    """`id` of a tensor → the channel-wise chain that it is in.

    Args:
      operations: All through which gradients go. A tensor that one of them reads otherwise
        than channel by channel, or several, is in no chain, nor is what comes before it:
        gradients get there around its rectifiers.
      is_live: Whether a tensor depends on an input of the model.
    """
    operations = list(operations)
    readers: dict[TensorId, list[Operation]] = defaultdict(list)
    for operation in operations:
        for tensor in operation.inputs:
            readers[id(tensor)].append(operation)
    found: dict[TensorId, ChannelChain] = {}
    for operation in operations:
        if not _is_dense(operation):
            continue
        chain = _follow(operation.outputs[0], readers, is_live)
        if chain is not None:
            found |= dict.fromkeys(chain.tensors, chain)
    return found


def _follow(
    tensor: Tensor, readers: Mapping[TensorId, Sequence[Operation]], is_live: Live
) -> ChannelChain | None:
    tensors, rectifiers = [tensor], []
    # From each tensor to the only one that is made of it, until convolutions read it: of these
    # there may be several, each with a kernel that leaves out the same channels.
    while following := readers[id(tensors[-1])]:
        if all(_is_dense(reader) and reader.inputs[0] is tensors[-1] for reader in following):
            break
        if len(following) > 1 or not _is_channelwise(following[0], is_live):
            return None
        rectifiers += [reader for reader in following if reader.type in RECTIFIERS]
        tensors.append(following[0].outputs[0])
    # Without a rectifier every channel is active.
    if not rectifiers:
        return None
    return ChannelChain(int(tensor.shape[-1]), tuple(map(id, tensors)), tuple(rectifiers))


def _is_dense(operation: Operation) -> bool:
    """Whether it is a convolution of all channels together, channels last."""
    return bool(
        operation.type == "Conv2D"
        and operation.get_attr("data_format") == b"NHWC"
        and operation.inputs[0].shape[-1] == operation.inputs[1].shape[-2]
    )


def _is_channelwise(operation: Operation, is_live: Live) -> bool:
    if is_complex(operation):
        return False
    if operation.type in _OF_TWO:
        return _is_with_weights(operation, is_live)
    # The counter of a loop has no axes, and so no channels.
    if not (operation.outputs[0].shape.rank and operation.inputs[0].shape.rank):
        return False
    if operation.outputs[0].shape[-1] != operation.inputs[0].shape[-1]:
        return False
    if operation.type in ("DepthwiseConv2dNative", "FusedBatchNormV3"):
        return bool(operation.get_attr("data_format") == b"NHWC")
    return operation.type in _CHANNELWISE or is_tiled(operation)


def _is_with_weights(operation: Operation, is_live: Live) -> bool:
    """A factor or a term for each channel, such as those of Keras's BatchNormalization."""
    live = [tensor for tensor in operation.inputs if is_live(tensor)]
    weights = [tensor for tensor in operation.inputs if not is_live(tensor)]
    result = operation.outputs[0].shape
    return bool(
        len(live) == len(weights) == 1
        and live[0].shape.as_list() == result.as_list()
        and weights[0].shape.rank
        and weights[0].shape[-1] == result[-1]
    )
