"""Vector-Jacobian products of pooling.

The maximum of a window gives its gradient to the unit that was chosen, the mean gives each unit
an equal share: of a window of 2 by 2, `dx = g · [chosen]` or `dx = g / 4`.

Nearly all networks pool windows that lie side by side, size = stride ("tiled"). Each unit is
in one window then, so nothing is added up: the gradient is copied to all places of its window,
and a mask, the same for all filters, keeps the chosen one.

    g       [filter, 1, 28, 28, 128]
    copied  [filter, 1, 56, 56, 128]
    mask            [1, 56, 56, 128]

Which unit TensorFlow chose, also among equal ones, is what its own gradient of a cotangent of
ones says; that is computed once per image. Windows that overlap take TensorFlow's operation
per filter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.rules.bit_masks import masked, to_bit_mask
from tensorboard_plugin_convlens.engine.backward.rules.pointwise import passes
from tensorboard_plugin_convlens.engine.backward.vjp import (
    Cotangents,
    Key,
    Live,
    Pull,
    Residuals,
    Rules,
    Vjp,
    merge_filters,
    repeat_filters,
    split_filters,
)
from tensorboard_plugin_convlens.tracing.substitutes import call
from tensorboard_plugin_convlens.tracing.types import Operation, Value


def pooling_attributes(operation: Operation) -> dict[str, Any]:
    """Window, strides, padding and layout, as the raw operations take them."""
    return {
        "ksize": operation.get_attr("ksize"),
        "strides": operation.get_attr("strides"),
        "padding": operation.get_attr("padding").decode(),
        "data_format": operation.get_attr("data_format").decode(),
    }


def is_tiled(operation: Operation) -> bool:
    """Whether the windows of a 2-D pooling, channels last, lie side by side."""
    return bool(
        operation.type == "MaxPool"
        and operation.inputs[0].shape[0] == 1
        and operation.get_attr("ksize") == operation.get_attr("strides")
        and operation.get_attr("data_format") == b"NHWC"
        and _starts_at_zero(operation)
    )


def _starts_at_zero(operation: Operation) -> bool:
    """False where "same" padding shifts the first window."""
    size = operation.get_attr("ksize")
    pairs = zip(
        operation.inputs[0].shape.as_list(),
        operation.outputs[0].shape.as_list(),
        size,
        strict=True,
    )
    return all((after * step - before) // 2 <= 0 for before, after, step in pairs)


def chosen_units(
    operation: Operation, residuals: Residuals, *, rectifier: Operation | None = None
) -> tuple[Key, Callable[[], Value]]:
    """(key, maker) of the mask of a tiled maximum: the largest unit of each window.

    Args:
      operation: The pooling.
      residuals: Of the image.
      rectifier: If given, only of those units that it lets gradient through to; the pooling
        reads it.
    """

    def mask() -> Value:
        images = tf.cast(residuals.raw(operation.inputs[0]), tf.float32)
        output = tf.cast(residuals.raw(operation.outputs[0]), tf.float32)
        gradient = call(
            "MaxPoolGrad",
            orig_input=images,
            orig_output=output,
            grad=tf.ones_like(output) if rectifier is None else passing_windows(),
            **pooling_attributes(operation),
        )
        return to_bit_mask(gradient > 0, residuals.dtype)

    def passing_windows() -> Value:
        # A chosen unit is as large as what its window gives, so the rectifier lets gradient
        # through to it where it would through to the pooled value: a quarter as many to look
        # at.
        pooled = residuals.raw(operation.outputs[0])
        return tf.cast(passes(rectifier, pooled), tf.float32)

    return ("chosen units", id(operation), rectifier is None), mask


def spread(cotangent: Value, chosen: Value, size: tuple[int, int]) -> Value:
    """Gives each unit's gradient to the chosen unit of its window.

    Args:
      cotangent: `[n, 1, height, width, channel]` of the pooled units.
      chosen: A mask `[n or 1, 1, height * size[0], width * size[1], channel]`.
      size: Of a window.

    Returns:
      Of the shape of `chosen`, for `n`.
    """
    n, _, height, width, channels = cotangent.shape.as_list()
    rows, columns = size
    copies = cotangent[:, 0, :, None, :, None, :]
    # [n, row of windows, row in the window, column of windows, column in the window, channel]
    if chosen.shape[0] == n:
        windows = tf.reshape(chosen, [n, height, rows, width, columns, channels])
        return tf.reshape(masked(copies, windows), chosen.shape)
    # TensorFlow does not broadcast both factors at once over so many axes.
    copies = tf.broadcast_to(copies, [n, height, rows, width, columns, channels])
    spread_out = tf.reshape(copies, [n, 1, height * rows, width * columns, channels])
    return masked(spread_out, chosen)


def maximum_pooling(operation: Operation, live: Live) -> Vjp:
    """The largest unit of a window has its gradient."""
    images, output = operation.inputs[0], operation.outputs[0]
    return Vjp((images, output), _tiled(operation) if is_tiled(operation) else _any(operation))


def _tiled(operation: Operation) -> Pull:
    _, height, width, _ = operation.inputs[0].shape.as_list()
    _, pooled_height, pooled_width, _ = operation.outputs[0].shape.as_list()
    rows, columns = operation.get_attr("ksize")[1:3]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        chosen = fit(
            residuals.at(operation.inputs[0], *chosen_units(operation, residuals)),
            pooled_height * rows,
            pooled_width * columns,
        )
        gradient = spread(cotangents[0], chosen[None], (rows, columns))
        return (fit(gradient[:, 0], height, width)[:, None],)

    return pull


def fit(images: Value, height: int, width: int) -> Value:
    """`images`, cut or filled with zeros at the lower and right border."""
    # A "valid" pooling leaves rows at the end that are in no window; a "same" one has windows
    # that reach beyond the end.
    below, right = height - images.shape[1], width - images.shape[2]
    if below > 0 or right > 0:
        images = tf.pad(images, [[0, 0], [0, max(below, 0)], [0, max(right, 0)], [0, 0]])
    return images if below >= 0 and right >= 0 else images[:, :height, :width]


def _any(operation: Operation) -> Pull:
    attributes = pooling_attributes(operation)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        gradient = call(
            "MaxPoolGrad",
            orig_input=repeat_filters(residuals.raw(operation.inputs[0]), filters),
            orig_output=repeat_filters(residuals.raw(operation.outputs[0]), filters),
            grad=tf.cast(merge_filters(cotangents[0]), operation.outputs[0].dtype),
            **attributes,
        )
        return (split_filters(tf.cast(gradient, residuals.dtype), filters),)

    return pull


def average_pooling(operation: Operation, live: Live) -> Vjp:
    """Every unit of a window has an equal share of its gradient."""
    shape = operation.inputs[0].shape.as_list()
    attributes = pooling_attributes(operation)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        gradient = call(
            "AvgPoolGrad",
            orig_input_shape=[filters * shape[0], *shape[1:]],
            grad=tf.cast(merge_filters(cotangents[0]), tf.float32),
            **attributes,
        )
        return (split_filters(tf.cast(gradient, residuals.dtype), filters),)

    return Vjp((), pull)


RULES: Rules = {
    "MaxPool": maximum_pooling,
    "AvgPool": average_pooling,
}
