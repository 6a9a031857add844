"""Going back through one operation on windows instead of the whole frame.

Element by element operations do the same on windows as on the frame. What looks around differs
in one point: windows have no padding of their own. A convolution with "same" padding reads
rows beyond the tensor as zeros. On windows these rows are a part of what is seen, so the
transposed convolution goes without padding:

    g of the output's windows  [filter, 1, 10, 10, 64]
    dx of what these see       [filter, 1, 12, 12, 64]      3 by 3: one more on each side

`dx` then also has values beyond the tensor, for zeros that no unit made. These are cleared
before the next operation that mixes places (`windowed_pass.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.rules.convolution import transposed
from tensorboard_plugin_convlens.engine.backward.rules.pooling import (
    chosen_units,
    is_tiled,
    pooling_attributes,
    spread,
)
from tensorboard_plugin_convlens.engine.backward.vjp import (
    Key,
    Residuals,
    merge_filters,
    split_filters,
)
from tensorboard_plugin_convlens.engine.windows.unit_windows import UnitWindows, with_margin
from tensorboard_plugin_convlens.tracing.substitutes import call
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId, Value

CONVOLVING = frozenset({"Conv2D", "DepthwiseConv2dNative"})
POOLING = frozenset({"MaxPool", "AvgPool"})
PADDING = frozenset({"Pad", "PadV2"})


class WindowedResiduals(Residuals):
    """Values of the forward pass as far as the windows of a block of units show them."""

    def __init__(self, whole: Residuals, windows: dict[TensorId, UnitWindows]) -> None:
        super().__init__(
            whole._values, whole.dtype, guided=whole.guided, channels=whole.channels
        )
        self._derived = whole._derived
        self._windows = windows

    def at(self, tensor: Tensor, key: Key, make: Callable[[], Value]) -> Value:
        """The windows of a value that lies like `tensor`; all of one without places."""
        return self.gathered(self._windows[id(tensor)], *self.active_part(tensor, key, make))

    def gathered(self, windows: UnitWindows, key: Key, make: Callable[[], Value]) -> Value:
        """The windows of a value, which is kept with its margin instead of without.

        Returns:
          `[filter, 1, height, width, channel]`; `[1, …]` where all windows are the whole;
          the value itself where it has no height and width.
        """
        if windows.is_whole():
            value = self.derived(key, make)
            return value if _has_no_places(value) else _with_batch(value)[None]
        flat, value = self.derived(("margin", key), lambda: _flattened(make()))
        return windows.gather(value) if flat else value


def _has_no_places(value: Value) -> bool:
    return bool(value.shape.rank < 3 or tuple(value.shape[-3:-1]) == (1, 1))


def _with_batch(value: Value) -> Value:
    """A slope per place and channel, as in PReLU, lacks the axis."""
    return value[None] if value.shape.rank == 3 else value


def _flattened(value: Value) -> tuple[bool, Value]:
    if _has_no_places(value):
        return False, value
    return True, with_margin(_with_batch(value), 0)


def pull_convolution(
    operation: Operation, cotangent: Value, seen: UnitWindows, residuals: WindowedResiduals
) -> Value:
    """The cotangent on the windows that those of the output see of the input."""
    filters = cotangent.shape[0]
    sizes = [filters, *seen.size, residuals.width(operation.inputs[0])]
    backward = transposed(operation, padded=False)
    gradient = backward(sizes, merge_filters(cotangent), residuals)
    return split_filters(gradient, filters)


def pull_pooling(
    operation: Operation,
    cotangent: Value,
    windows: tuple[UnitWindows, UnitWindows],
    residuals: WindowedResiduals,
) -> Value:
    """As `pull_convolution`; `windows`: of the output, and what it sees of the input."""
    filters = cotangent.shape[0]
    here, seen = windows
    if operation.type == "MaxPool" and is_tiled(operation):
        mask = residuals.active_part(operation.inputs[0], *chosen_units(operation, residuals))
        chosen = residuals.gathered(seen, *mask)
        return spread(cotangent, chosen, tuple(operation.get_attr("ksize")[1:3]))
    attributes = pooling_attributes(operation) | {"padding": "VALID"}
    sizes = [filters, *seen.size, operation.inputs[0].shape[-1]]
    if operation.type == "AvgPool":
        grad = tf.cast(merge_filters(cotangent), tf.float32)
        gradient = call("AvgPoolGrad", orig_input_shape=sizes, grad=grad, **attributes)
        return split_filters(tf.cast(gradient, residuals.dtype), filters)
    images = _windows(residuals.raw(operation.inputs[0]), seen, filters, lowest=True)
    output = _windows(residuals.raw(operation.outputs[0]), here, filters, lowest=True)
    gradient = call(
        "MaxPoolGrad",
        orig_input=images,
        orig_output=output,
        grad=tf.cast(merge_filters(cotangent), tf.float32),
        **attributes,
    )
    return split_filters(tf.cast(gradient, residuals.dtype), filters)


def pull_rectified(
    pooling: Operation,
    rectifier: Operation,
    cotangent: Value,
    seen: UnitWindows,
    residuals: WindowedResiduals,
) -> Value:
    """Through tiled pooling and the rectifier before it, except for the sign of a gradient.

    Returns:
      The cotangent of the rectifier's input; zero beyond the tensor.
    """
    mask = residuals.active_part(
        pooling.inputs[0], *chosen_units(pooling, residuals, rectifier=rectifier)
    )
    chosen = residuals.gathered(seen, *mask)
    return spread(cotangent, chosen, tuple(pooling.get_attr("ksize")[1:3]))


def _windows(value: Value, windows: UnitWindows, filters: int, *, lowest: bool) -> Value:
    """Merged windows in float32; beyond the tensor, less than anything."""
    outside = tf.float32.min if lowest else 0
    gathered = windows.gather(with_margin(tf.cast(value, tf.float32), outside))
    return merge_filters(tf.broadcast_to(gathered, [filters, *gathered.shape[1:]]))
