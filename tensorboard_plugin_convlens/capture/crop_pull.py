"""Going back through one operation on windows instead of the whole frame."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.capture.crop_place import Place, with_margin
from tensorboard_plugin_convlens.capture.vjp import (
    Residuals,
    merge_filters,
    split_filters,
)
from tensorboard_plugin_convlens.capture.vjp_convolution import (
    convolution_attributes,
    transposed,
)
from tensorboard_plugin_convlens.capture.vjp_pooling import (
    chosen_units,
    is_tiled,
    pooling_attributes,
    spread,
)

CONVOLVING = frozenset({"Conv2D", "DepthwiseConv2dNative"})
POOLING = frozenset({"MaxPool", "AvgPool"})
PADDING = frozenset({"Pad", "PadV2"})
RECTIFIERS = frozenset({"Relu", "Relu6"})


class CroppedResiduals(Residuals):
    """Values of the forward pass as far as the windows of a block of units show them."""

    def __init__(self, whole: Residuals, places: dict[int, Place]) -> None:
        super().__init__(whole._values, whole.dtype, guided=whole.guided)
        self._derived = whole._derived
        self._places = places

    def at(self, tensor: Any, value: Any) -> Any:
        """The windows of a value that lies like `tensor`; all of one without places."""
        if value.shape.rank < 3 or tuple(value.shape[-3:-1]) == (1, 1):
            return value
        if value.shape.rank == 3:  # a slope per place and channel, as in PReLU
            value = self.derived(("batch", id(value)), lambda: (value, value[None]))[1]
        return self.windows(value, self._places[id(tensor)])

    def windows(self, value: Any, place: Place) -> Any:
        """`Place.gather` of a value that was derived, so that its margin is added once."""
        if place.is_whole():
            return value[None]
        margin = self.derived(("margin", id(value)), lambda: (value, with_margin(value, 0)))
        return place.gather(margin[1])


def pull_convolution(
    operation: Any, cotangent: Any, seen: Place, residuals: CroppedResiduals
) -> Any:
    """The cotangent on the place that the windows of the output see of the input."""
    attributes = convolution_attributes(operation) | {"padding": "VALID"}
    attributes.pop("explicit_paddings", None)
    filters = cotangent.shape[0]
    sizes = [filters, *seen.size, operation.inputs[0].shape[-1]]
    backward = transposed(operation, attributes)
    gradient = backward(sizes, residuals.value(operation.inputs[1]), merge_filters(cotangent))
    return split_filters(gradient, filters)


def pull_pooling(
    operation: Any, cotangent: Any, places: tuple[Place, Place], residuals: CroppedResiduals
) -> Any:
    """As `pull_convolution`; `places`: of the output, and what it sees of the input."""
    filters = cotangent.shape[0]
    here, seen = places
    if operation.type == "MaxPool" and is_tiled(operation):
        chosen = residuals.windows(chosen_units(operation, residuals), seen)
        return spread(cotangent, chosen, tuple(operation.get_attr("ksize")[1:3]))
    attributes = pooling_attributes(operation) | {"padding": "VALID"}
    sizes = [filters, *seen.size, operation.inputs[0].shape[-1]]
    if operation.type == "AvgPool":
        grad = tf.cast(merge_filters(cotangent), tf.float32)
        gradient = tf.raw_ops.AvgPoolGrad(orig_input_shape=sizes, grad=grad, **attributes)
        return split_filters(tf.cast(gradient, residuals.dtype), filters)
    images = _windows(residuals.raw(operation.inputs[0]), seen, filters, lowest=True)
    output = _windows(residuals.raw(operation.outputs[0]), here, filters, lowest=True)
    gradient = tf.raw_ops.MaxPoolGrad(
        orig_input=images,
        orig_output=output,
        grad=tf.cast(merge_filters(cotangent), tf.float32),
        **attributes,
    )
    return split_filters(tf.cast(gradient, residuals.dtype), filters)


def _windows(value: Any, place: Place, filters: int, *, lowest: bool) -> Any:
    """Merged windows in float32; beyond the tensor, less than anything."""
    outside = tf.float32.min if lowest else 0
    gathered = place.gather(with_margin(tf.cast(value, tf.float32), outside))
    return merge_filters(tf.broadcast_to(gathered, [filters, *gathered.shape[1:]]))
