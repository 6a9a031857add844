"""Finds channels through which no gradient flows at one image, so that they can be skipped.

The gradient of a rectifier `y = max(x, 0)` is `dx = g · [x > 0]`. If `x` is not positive at any
place of a channel, `dx` is zero all over this channel, whatever `g` is. The channel is then
*inactive* at this image. Nothing between the convolution that makes the channel and those that
read it needs it:

    Conv2D → BiasAdd → Relu → MaxPool → Conv2D
    ├──────── one channel-wise chain ────────┤

Of VGG16's channels a seventh is inactive at a photograph of a cat, half of its second block.
With 256 channels of which 130 are active, 144 are computed (a multiple of 16): cotangents are
`[filter, 1, 56, 56, 144]` instead of `[filter, 1, 56, 56, 256]`, the kernel before them `[3,
3, 128, 144]`, and that after them `[3, 3, 144, 256]`. The result is the same, for what is left
out is zero. See docs/decisions/0036.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId, Value

_GRAIN = 16
"""Active channels are filled up to a multiple of it: convolutions work on so many at once."""


@dataclass(frozen=True)
class ChannelChain:
    """The operations between a convolution and its readers that treat each channel alone.

    Attributes:
      channels: Their number.
      tensors: `id` of each.
      rectifiers: The rectifiers, through which everything has to go.
    """

    channels: int
    tensors: tuple[TensorId, ...]
    rectifiers: tuple[Operation, ...]


class ActiveChannels:
    """Which channels of the tensors in channel-wise chains are active at one image."""

    def __init__(
        self,
        chains: Mapping[TensorId, ChannelChain],
        output: Callable[[Operation], Value],
        known: dict[ChannelChain, IntArray | None] | None = None,
    ) -> None:
        """Computes nothing before it is needed.

        Args:
          chains: From `find_channel_chains`.
          output: A rectifier → its output, channels last; none is less than zero.
          known: What was worked out before.
        """
        self._chains = chains
        self._output = output
        self._known = {} if known is None else known

    def of(self, tensor: Tensor) -> IntArray | None:
        """The channels to compute, ascending `int32`; None for all of them.

        A few inactive ones are among them, to fill up.
        """
        chain = self._chains.get(id(tensor))
        if chain is None:
            return None
        if chain not in self._known:
            self._known[chain] = self._choose(chain)
        return self._known[chain]

    def beginning_at(self, tensor: Tensor, channels: IntArray) -> ActiveChannels:
        """These, if gradients of some channels of a tensor can begin there; else without it.

        A gradient that begins before a rectifier is not stopped by it.
        """
        chosen = self.of(tensor)
        if chosen is None or np.isin(channels, chosen).all():
            return self
        own = self._chains[id(tensor)]
        # The chain is left out, so all of its channels are computed. What was found out about
        # the others at this image still holds.
        others = {key: chain for key, chain in self._chains.items() if chain is not own}
        return ActiveChannels(others, self._output, self._known)

    def _choose(self, chain: ChannelChain) -> IntArray | None:
        is_active = np.ones(chain.channels, np.bool_)
        for rectifier in chain.rectifiers:
            output = np.asarray(self._output(rectifier)).reshape(-1, chain.channels)
            # A NaN is none of these. Where all units of a ReLU6 are at its cap, the channel
            # is inactive, too: rare, and slow to find out.
            is_active &= ~(output.max(axis=0) <= 0)
        count = -(-max(1, int(is_active.sum())) // _GRAIN) * _GRAIN
        if count >= chain.channels:
            return None
        # Active ones first, each kind in its order, as many as the convolutions work on at
        # once; then ascending again, as `ActiveResiduals.one_hot` searches them.
        order = np.argsort(~is_active, kind="stable")
        return np.sort(order[:count]).astype(np.int32)
