"""Gradients of single units, computed only where the units can see the input.

The strongest unit of a feature map sees one window of the input, its receptive field, and one
window of every layer in between (`window_route.py`). Outside, the gradient is zero, for `dy/dx
= 0` where y does not depend on x. Going back through those windows alone costs a fraction of
the whole frame: 84 times less for `block3_conv3` of VGG16 at 224 pixels.

A cotangent `[unit, 1, height, width, channel]` has one window per unit, each at its own place.
Where windows reach beyond the tensor, two rules hold:

- what lies beyond for *every* unit of the block is cut off (`Window.inside`);
- what lies beyond for some units is computed for all, and zeroed (`_cleaned`) before the next
  operation that mixes places. A bias or a rectifier mixes none, so they may come first; a
  rectifier even clears what arrives, for its limit is zero beyond the tensor.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.pictures.receptive_field import UNIT
from tensorboard_plugin_convlens.core.records import FloatArray, IntArray
from tensorboard_plugin_convlens.engine.backward.backward_pass import Differentiation
from tensorboard_plugin_convlens.engine.backward.rules.bit_masks import (
    masked,
    positive,
    to_bit_mask,
)
from tensorboard_plugin_convlens.engine.backward.vjp import Residuals
from tensorboard_plugin_convlens.engine.windows import windowed_pull
from tensorboard_plugin_convlens.engine.windows.seen_windows import SeenWindow, look
from tensorboard_plugin_convlens.engine.windows.unit_windows import UnitWindows, fit
from tensorboard_plugin_convlens.engine.windows.window_route import WindowRoute
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId, Value

Waiting = dict[TensorId, tuple[Value, SeenWindow, bool]]

_GRAINS = 8
"""Margins are cut in eighths of the tensor: 6 % more work in VGG16, half as many shapes.

oneDNN keeps compiled code for every shape of a convolution that it has met: at 900 shapes,
several hundred megabytes, and the time of compiling them.
"""


class _WindowsByTensor(dict[TensorId, UnitWindows]):
    """`id` of a tensor → its windows for a block of units, worked out when asked for.

    Without the margin that lies beyond the tensor for every unit of the block.
    """

    def __init__(self, route: WindowRoute, units: tuple[IntArray, IntArray]) -> None:
        super().__init__()
        self._route = route
        self._units = units
        self._ends = [(int(numbers.min()), int(numbers.max())) for numbers in units]

    def __missing__(self, key: int) -> UnitWindows:
        lengths = self._route.lengths[key]
        rows, columns = (
            window.inside(length, *ends, max(1, length // _GRAINS))
            for window, length, ends in zip(
                self._route.windows[key], lengths, self._ends, strict=True
            )
        )
        found = self[key] = UnitWindows((rows, columns), lengths, *self._units)
        return found


class WindowedPass:
    """One way back from a block of units to their windows of the input.

    Early layers have large windows, late ones small: the block is halved on the way
    wherever its cotangents become too large to be done at once. The halves lie closer
    together than the whole, so more of what lies beyond the border is left out. They are
    powers of two where they can be: blocks come in few sizes, as windows do.
    """

    def __init__(
        self,
        route: WindowRoute,
        differentiation: Differentiation,
        residuals: Residuals,
        units: tuple[IntArray, IntArray],
        waiting: Waiting,
    ) -> None:
        """Starts anywhere on the way.

        Args:
          route: The way.
          differentiation: Of the model.
          residuals: Of the image.
          units: Rows and columns in the target, `int32 [unit]` each.
          waiting: `id` of a tensor → (cotangent, its windows, whether it is zero beyond the
            tensor).
        """
        self._route = route
        self._differentiation = differentiation
        self._whole_residuals = residuals
        self._units = units
        self._windows = _WindowsByTensor(route, units)
        self._residuals = windowed_pull.WindowedResiduals(residuals, self._windows)
        self._waiting: dict[TensorId, tuple[Value, bool]] = {}
        for key, (cotangent, window, clean) in waiting.items():
            fitted = fit(cotangent, self._windows_of(key, window), self._windows[key])
            self._waiting[key] = fitted, clean

    def _windows_of(self, key: int, window: SeenWindow) -> UnitWindows:
        return UnitWindows(window, self._route.lengths[key], *self._units)

    def run(self, start: int = 0) -> FloatArray:
        """`[unit, height, width, input channel]`: the whole windows, zero outside.

        Args:
          start: Index of the first operation to go back through.
        """
        most = self._differentiation.most_elements
        for index in range(start, len(self._route.path)):
            operation = self._route.path[index]
            arrived = self._waiting.get(id(operation.outputs[0]))
            if arrived is None:
                continue
            count = len(self._units[0])
            if count > 1 and count * self._route.elements(operation) > most:
                return self._in_halves(index)
            del self._waiting[id(operation.outputs[0])]
            self._pull(operation, self._route.steps[index], *arrived)
        return self._result()

    def _in_halves(self, start: int) -> FloatArray:
        """Goes on with the upper and the lower, or the left and the right units."""
        # Along the axis on which the units lie further apart.
        axis = int(np.ptp(self._units[1]) > np.ptp(self._units[0]))
        order = np.argsort(self._units[axis], kind="stable")
        parts = np.split(order, [largest_power(len(order) - 1)])
        # Each half takes its part of the cotangents; the whole is freed on the way.
        waiting, self._waiting = self._waiting, {}
        result = None
        for part in parts:
            one = WindowedPass(
                self._route,
                self._differentiation,
                self._whole_residuals,
                (self._units[0][part], self._units[1][part]),
                {
                    key: (tf.gather(cotangent, part), self._windows[key].window, clean)
                    for key, (cotangent, clean) in waiting.items()
                },
            )
            values = one.run(start)
            if result is None:
                result = np.zeros((len(self._units[0]), *values.shape[1:]), np.float32)
            result[part] = values
        assert result is not None
        return result

    def _result(self) -> FloatArray:
        source = self._route.source
        found = self._waiting.get(id(source))
        whole = self._windows_of(id(source), self._route.windows[id(source)])
        if found is None:
            shape = (len(self._units[0]), *whole.size, int(source.shape[-1]))
            return np.zeros(shape, np.float32)
        gradient = self._cleaned(*found, self._windows[id(source)])
        filled = fit(gradient, self._windows[id(source)], whole)
        return np.asarray(tf.cast(filled[:, 0], tf.float32))

    def _pull(
        self, operation: Operation, step: SeenWindow, cotangent: Value, clean: bool
    ) -> None:
        here = self._windows[id(operation.outputs[0])]
        live = [tensor for tensor in operation.inputs if id(tensor) in self._route.windows]
        if id(operation) in self._route.rectified:
            self._pull_rectified(operation, step, cotangent)
        elif operation.type in windowed_pull.CONVOLVING | windowed_pull.POOLING:
            cotangent = self._cleaned(cotangent, clean, here)
            seen = self._windows_of(id(live[0]), look(here.window, step))
            pulled = (
                windowed_pull.pull_convolution(operation, cotangent, seen, self._residuals)
                if operation.type in windowed_pull.CONVOLVING
                else windowed_pull.pull_pooling(
                    operation, cotangent, (here, seen), self._residuals
                )
            )
            self._arrive(live[0], pulled, seen, clean=False)
        elif operation.type in windowed_pull.PADDING:
            seen = self._windows_of(id(live[0]), look(here.window, step))
            # The windows of a padding's output, moved by its margin, are windows of its input:
            # what was padding now lies beyond the tensor.
            self._arrive(live[0], cotangent, seen, clean=False)
        else:
            known = self._differentiation.vjp(operation)
            for tensor, gradient in zip(
                operation.inputs, known.pull([cotangent], self._residuals), strict=True
            ):
                if id(tensor) in self._route.windows and gradient is not None:
                    clears = clean or operation.type in RECTIFIERS
                    seen = self._windows_of(id(tensor), here.window)
                    self._arrive(tensor, gradient, seen, clean=clears)

    def _pull_rectified(self, pooling: Operation, step: SeenWindow, cotangent: Value) -> None:
        """Goes back through a rectifier and its pooling at once, at the size of the pooled."""
        rectifier = self._route.rectified[id(pooling)]
        here = self._windows[id(pooling.outputs[0])]
        seen = self._windows_of(id(pooling.inputs[0]), look(here.window, step))
        # The pooling chooses one unit per window. Of the rectifier before it, only whether that
        # unit passes matters, so both masks are one; and as spreading copies a number or drops
        # it, the positive part may be taken before: of a quarter of the numbers.
        gated = id(rectifier) in self._differentiation.rectifiers.gated
        if gated and self._residuals.guided:
            cotangent = positive(cotangent)
        pulled = windowed_pull.pull_rectified(
            pooling, rectifier, cotangent, seen, self._residuals
        )
        self._arrive(rectifier.inputs[0], pulled, seen, clean=True)

    def _cleaned(self, cotangent: Value, clean: bool, windows: UnitWindows) -> Value:
        """Zero beyond the tensor, where no unit is."""
        if clean or windows.is_inside():
            return cotangent
        return masked(cotangent, to_bit_mask(windows.valid(), self._residuals.dtype))

    def _arrive(
        self, tensor: Tensor, cotangent: Value, windows: UnitWindows, *, clean: bool
    ) -> None:
        fitted = fit(cotangent, windows, self._windows[id(tensor)])
        before = self._waiting.get(id(tensor))
        if before is not None:
            fitted, clean = before[0] + fitted, before[1] and clean
        self._waiting[id(tensor)] = fitted, clean


def largest_power(most: int) -> int:
    """The largest power of two that is at most `most`, which is at least 1."""
    return 1 << most.bit_length() - 1


def windowed_gradients(
    route: WindowRoute,
    differentiation: Differentiation,
    residuals: Residuals,
    channels: IntArray,
    units: tuple[IntArray, IntArray],
) -> FloatArray:
    """Gradients of one unit of each channel.

    Args:
      route: The way.
      differentiation: Of the model.
      residuals: Of the image.
      channels: `int32 [n]`.
      units: Their rows and columns, `int32 [n]` each.

    Returns:
      `[n, height, width, input channel]`: their windows of the input.
    """
    target = route.target
    seed = residuals.one_hot(target, channels, int(target.shape[-1]))
    waiting = {id(target): (seed[:, None, None, None, :], (UNIT, UNIT), True)}
    return WindowedPass(route, differentiation, residuals, units, waiting).run()


def tops_and_lefts(
    route: WindowRoute, rows: IntArray, columns: IntArray
) -> tuple[IntArray, IntArray]:
    """First row and first column of each unit's window of the input."""
    key = id(route.source)
    return UnitWindows(route.windows[key], route.lengths[key], rows, columns).starts
