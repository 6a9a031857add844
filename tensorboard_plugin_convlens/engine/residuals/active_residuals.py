"""The view of a pass that leaves out inactive channels.

No gradient gets through an inactive channel (`active_channels.py`), so neither its cotangent
nor its residuals are computed. Of a tensor with 256 channels, 144 of them computed:

    mask of its rectifier    [1, 56, 56, 256]    → [1, 56, 56, 144]
    kernel that makes it     [3, 3, 128, 256]    → [3, 3, 128, 144]
    kernel that reads it     [3, 3, 256, 256]    → [3, 3, 144, 256]
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.engine.residuals.active_channels import ActiveChannels
from tensorboard_plugin_convlens.engine.residuals.residuals import (
    Derived,
    ForwardValues,
    Residuals,
)
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, Value


class ActiveResiduals(Residuals):
    """Values of the forward pass without inactive channels.

    Attributes:
      channels: Which channels of a tensor are computed.
    """

    def __init__(
        self, forward: ForwardValues, channels: ActiveChannels, *, guided: bool
    ) -> None:
        super().__init__(forward, guided=guided)
        self.channels = channels

    def beginning_at(self, tensor: Tensor, channels: IntArray) -> ActiveResiduals:
        """The view for gradients of some channels; see `ActiveChannels.beginning_at`."""
        chosen = self.channels.beginning_at(tensor, channels)
        return ActiveResiduals(self.forward, chosen, guided=self.guided)

    def look(self, derived: Derived) -> Value:
        """The computed channels of a value with the layout of a tensor."""
        return super().look(self.narrowed(derived))

    def narrowed(self, derived: Derived) -> Derived:
        """The computed channels of a value, as a separate value."""
        chosen = None if derived.like is None else self.channels.of(derived.like)
        if chosen is None:
            return derived
        return Derived(
            ("active channels", derived.key),
            derived.like,
            lambda: _take(derived.make(), chosen, -1),
        )

    def width(self, tensor: Tensor) -> int:
        """The number of computed channels of a tensor."""
        chosen = self.channels.of(tensor)
        return super().width(tensor) if chosen is None else len(chosen)

    def kernel(self, operation: Operation) -> Derived:
        """The kernel of a convolution, between the computed channels at both of its ends."""
        images, kernel = operation.inputs
        before, after = (self.channels.of(tensor) for tensor in (images, operation.outputs[0]))
        # The kernel is [height, width, channel before, filter]. A filter that is inactive has
        # no gradient to carry back; a channel before that is inactive would be multiplied by
        # zero at the next rectifier. Both are left out.
        if before is None and after is None:
            return super().kernel(operation)

        def make() -> Value:
            narrow = self.raw(kernel)
            if before is not None:
                narrow = _take(narrow, before, 2)
            # The last axis of a depthwise kernel is the multiplier, not a filter: its channels
            # are those before.
            if after is not None and operation.type != "DepthwiseConv2dNative":
                narrow = _take(narrow, after, 3)
            return tf.cast(narrow, self.dtype)

        # A pass that begins at an inactive channel computes all channels there, so a kernel
        # may be wanted in several widths at one image.
        return Derived(("kernel", id(operation), before is None, after is None), None, make)

    def one_hot(self, tensor: Tensor, channels: IntArray, depth: int) -> Value:
        """`[len(channels), width]`: a one at each of some computed channels of a tensor."""
        chosen = self.channels.of(tensor)
        if chosen is None:
            return super().one_hot(tensor, channels, depth)
        # Channel 7 of all is, say, number 3 of those that are computed.
        numbers = np.searchsorted(chosen, channels).astype(np.int32)
        return super().one_hot(tensor, numbers, len(chosen))


def _take(value: Value, chosen: IntArray, axis: int) -> Value:
    """Some entries along an axis; NumPy is eight times as fast as TensorFlow here."""
    return tf.constant(np.take(value.numpy(), chosen, axis))
