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

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.bit_masks import (
    masked,
    positive,
    to_bit_mask,
)
from tensorboard_plugin_convlens.engine.backward.rules.pointwise import passes
from tensorboard_plugin_convlens.engine.backward.vjp import (
    Cotangents,
    Live,
    PullWindows,
    Rules,
    Vjp,
    merge_filters,
    repeat_filters,
    split_filters,
)
from tensorboard_plugin_convlens.engine.backward.windowed_cotangent import WindowedCotangent
from tensorboard_plugin_convlens.engine.residuals.residuals import Derived, Residuals
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows, with_margin
from tensorboard_plugin_convlens.engine.residuals.windowed_residuals import WindowedResiduals
from tensorboard_plugin_convlens.tracing.substitutes import call
from tensorboard_plugin_convlens.tracing.types import Operation, Value


def _attributes(operation: Operation) -> dict[str, Any]:
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


def _chosen_units(
    operation: Operation, residuals: Residuals, *, rectifier: Operation | None = None
) -> Derived:
    """The mask of a tiled maximum: the largest unit of each window.

    Args:
      operation: The pooling.
      residuals: The residuals of the image.
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
            **_attributes(operation),
        )
        return to_bit_mask(gradient > 0, residuals.dtype)

    def passing_windows() -> Value:
        # A chosen unit is as large as what its window gives, so the rectifier lets gradient
        # through to it where it would through to the pooled value: a quarter as many to look
        # at.
        pooled = residuals.raw(operation.outputs[0])
        return tf.cast(passes(rectifier, pooled), tf.float32)

    key = ("chosen units", id(operation), rectifier is None)
    return Derived(key, operation.inputs[0], mask)


def _spread(cotangent: Value, chosen: Value, size: tuple[int, int]) -> Value:
    """Gives each unit's gradient to the chosen unit of its window.

    Args:
      cotangent: `[n, 1, height, width, channel]` of the pooled units.
      chosen: A mask `[n or 1, 1, height * size[0], width * size[1], channel]`.
      size: The height and width of a window.

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
    return _tiled(operation) if is_tiled(operation) else _overlapping(operation)


def _tiled(operation: Operation) -> Vjp:
    images, output = operation.inputs[0], operation.outputs[0]
    _, height, width, _ = images.shape.as_list()
    _, pooled_height, pooled_width, _ = output.shape.as_list()
    rows, columns = operation.get_attr("ksize")[1:3]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        chosen = _cut_or_fill(
            residuals.look(_chosen_units(operation, residuals)),
            pooled_height * rows,
            pooled_width * columns,
        )
        gradient = _spread(cotangents[0], chosen[None], (rows, columns))
        return (_cut_or_fill(gradient[:, 0], height, width)[:, None],)

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        chosen = residuals.look(_chosen_units(operation, residuals), seen)
        gradient = _spread(arrived.cleaned(), chosen, (rows, columns))
        return (WindowedCotangent(gradient, seen, is_clean=False),)

    return Vjp((images, output), pull, pull_windows)


def pull_rectified(pooling: Operation, rectifier: Operation, *, gated: bool) -> PullWindows:
    """Goes back through a rectifier and its tiled pooling at once, on windows.

    Args:
      pooling: Reads the rectifier, and nothing else does.
      rectifier: An operation of type `Relu` or `Relu6`.
      gated: Whether a guided pass stops negative gradient at the rectifier.

    Returns:
      A `pull_windows` whose cotangent is that of the rectifier's input.
    """
    rows, columns = pooling.get_attr("ksize")[1:3]

    # The pooling chooses one unit per window. Of the rectifier before it, only whether that
    # unit passes matters, so both masks are one. Spreading copies a number or drops it, so the
    # positive part may be taken before: of a quarter of the numbers.
    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        guided = gated and residuals.guided
        cotangent = positive(arrived.value) if guided else arrived.value
        chosen = residuals.look(_chosen_units(pooling, residuals, rectifier=rectifier), seen)
        gradient = _spread(cotangent, chosen, (rows, columns))
        # Beyond the tensor the mask is zero: what arrives there need not be cleared before.
        return (WindowedCotangent(gradient, seen, is_clean=True),)

    return pull_windows


def _cut_or_fill(images: Value, height: int, width: int) -> Value:
    """`images`, cut or filled with zeros at the lower and right border."""
    # A "valid" pooling leaves rows at the end that are in no window; a "same" one has windows
    # that reach beyond the end.
    below, right = height - images.shape[1], width - images.shape[2]
    if below > 0 or right > 0:
        images = tf.pad(images, [[0, 0], [0, max(below, 0)], [0, max(right, 0)], [0, 0]])
    return images if below >= 0 and right >= 0 else images[:, :height, :width]


def _overlapping(operation: Operation) -> Vjp:
    """A unit may be chosen by several windows: TensorFlow's own gradient adds up its parts."""
    images, output = operation.inputs[0], operation.outputs[0]
    attributes = _attributes(operation)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        gradient = call(
            "MaxPoolGrad",
            orig_input=repeat_filters(residuals.raw(images), filters),
            orig_output=repeat_filters(residuals.raw(output), filters),
            grad=tf.cast(merge_filters(cotangents[0]), output.dtype),
            **attributes,
        )
        return (split_filters(tf.cast(gradient, residuals.dtype), filters),)

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        cotangent = arrived.cleaned()
        filters = cotangent.shape[0]
        gradient = call(
            "MaxPoolGrad",
            orig_input=_gathered(residuals.raw(images), seen, filters),
            orig_output=_gathered(residuals.raw(output), arrived.windows, filters),
            grad=tf.cast(merge_filters(cotangent), tf.float32),
            **attributes | {"padding": "VALID"},
        )
        pulled = split_filters(tf.cast(gradient, residuals.dtype), filters)
        return (WindowedCotangent(pulled, seen, is_clean=False),)

    return Vjp((images, output), pull, pull_windows)


def _gathered(value: Value, windows: UnitWindows, filters: int) -> Value:
    """Windows `float32 [filter, height, width, channel]`; beyond the tensor, the least number.

    No maximum chooses a unit that is less than all others.
    """
    gathered = windows.gather(with_margin(tf.cast(value, tf.float32), tf.float32.min))
    return merge_filters(tf.broadcast_to(gathered, [filters, *gathered.shape[1:]]))


def average_pooling(operation: Operation, live: Live) -> Vjp:
    """Every unit of a window has an equal share of its gradient."""
    shape = operation.inputs[0].shape.as_list()
    attributes = _attributes(operation)

    def gradient(
        sizes: list[int], cotangent: Value, residuals: Residuals, **changed: str
    ) -> Value:
        spread_out = call(
            "AvgPoolGrad",
            orig_input_shape=sizes,
            grad=tf.cast(merge_filters(cotangent), tf.float32),
            **attributes | changed,
        )
        return split_filters(tf.cast(spread_out, residuals.dtype), cotangent.shape[0])

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        sizes = [cotangents[0].shape[0] * shape[0], *shape[1:]]
        return (gradient(sizes, cotangents[0], residuals),)

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        cotangent = arrived.cleaned()
        sizes = [cotangent.shape[0], *seen.size, shape[-1]]
        pulled = gradient(sizes, cotangent, residuals, padding="VALID")
        return (WindowedCotangent(pulled, seen, is_clean=False),)

    return Vjp((), pull, pull_windows)


RULES: Rules = {
    "MaxPool": maximum_pooling,
    "AvgPool": average_pooling,
}
