"""Gradients of single units, computed only where the units can see the input.

The strongest unit of a feature map sees one window of the input, its receptive field, and one
window of every layer in between (`window_route.py`). Outside, the gradient is zero, for `dy/dx
= 0` where y does not depend on x. Going back through those windows alone costs a fraction of
the whole frame: 84 times less for `block3_conv3` of VGG16 at 224 pixels.

A cotangent `[unit, 1, height, width, channel]` has one window per unit, each at its own place.
Where windows reach beyond the tensor, two rules hold:

- what lies beyond for *every* unit of the block is cut off (`Window.inside`);
- what lies beyond for some units is computed for all, and zeroed before the next operation that
  mixes places (`WindowedCotangent.cleaned`). A bias or a rectifier mixes none, so they may come
  first; a rectifier even clears what arrives, for its limit is zero beyond the tensor.

How an operation goes back on windows is known to its rule (`Vjp.pull_windows`); what happens
here is the same for all of them.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.pictures.receptive_field import UNIT
from tensorboard_plugin_convlens.core.records import FloatArray, IntArray
from tensorboard_plugin_convlens.engine.backward.windowed_cotangent import WindowedCotangent
from tensorboard_plugin_convlens.engine.residuals.active_residuals import ActiveResiduals
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows
from tensorboard_plugin_convlens.engine.residuals.windowed_residuals import WindowedResiduals
from tensorboard_plugin_convlens.engine.windows.seen_windows import look
from tensorboard_plugin_convlens.engine.windows.window_route import Step, WindowRoute
from tensorboard_plugin_convlens.tracing.types import TensorId

_GRAINS = 8
"""Margins are cut in eighths of the tensor: 6 % more work in VGG16, half as many shapes.

oneDNN keeps compiled code for every shape of a convolution that it has met: at 900 shapes,
several hundred megabytes, and the time of compiling them.
"""


class _WindowsByTensor(dict[TensorId, UnitWindows]):
    """`id` of a tensor → its windows for a block of units, computed when needed.

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
    """One backward pass from a block of units to their windows of the input.

    Early layers have large windows, late ones small: the block is halved on the way
    wherever its cotangents become too large to be done at once. The halves lie closer
    together than the whole, so more of what lies beyond the border is left out. They are
    powers of two where they can be: blocks come in few sizes, as windows do.
    """

    def __init__(
        self,
        route: WindowRoute,
        residuals: ActiveResiduals,
        units: tuple[IntArray, IntArray],
        waiting: dict[TensorId, WindowedCotangent],
        most_elements: int,
    ) -> None:
        """Starts anywhere on the path.

        Args:
          route: The way.
          residuals: The residuals of the image.
          units: Rows and columns in the target, `int32 [unit]` each.
          waiting: `id` of a tensor → the cotangent that has arrived there.
          most_elements: The most elements of a cotangent for all units of a block.
        """
        self._route = route
        self._whole_residuals = residuals
        self._units = units
        self._most_elements = most_elements
        self._windows = _WindowsByTensor(route, units)
        self._residuals = WindowedResiduals(residuals, self._windows)
        self._waiting = {
            key: cotangent.fitted(self._windows[key]) for key, cotangent in waiting.items()
        }

    def run(self, start: int = 0) -> FloatArray:
        """`[unit, height, width, input channel]`: the whole windows, zero outside.

        Args:
          start: Index of the first step.
        """
        for index in range(start, len(self._route.steps)):
            step = self._route.steps[index]
            if id(step.output) not in self._waiting:
                continue
            count = len(self._units[0])
            if count > 1 and count * step.elements > self._most_elements:
                return self._in_halves(index)
            self._pull(step, self._waiting.pop(id(step.output)))
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
            half = WindowedPass(
                self._route,
                self._whole_residuals,
                (self._units[0][part], self._units[1][part]),
                {key: cotangent.part(part) for key, cotangent in waiting.items()},
                self._most_elements,
            )
            values = half.run(start)
            if result is None:
                result = np.zeros((len(self._units[0]), *values.shape[1:]), np.float32)
            result[part] = values
        assert result is not None
        return result

    def _result(self) -> FloatArray:
        source = self._route.source
        key = id(source)
        found = self._waiting.get(key)
        whole = UnitWindows(self._route.windows[key], self._route.lengths[key], *self._units)
        if found is None:
            shape = (len(self._units[0]), *whole.size, int(source.shape[-1]))
            return np.zeros(shape, np.float32)
        clean = WindowedCotangent(found.cleaned(), found.windows, is_clean=True)
        return np.asarray(tf.cast(clean.fitted(whole).value[:, 0], tf.float32))

    def _pull(self, step: Step, arrived: WindowedCotangent) -> None:
        """Goes back one step; cotangents that meet at a tensor are added up."""
        live = [tensor for tensor in step.inputs if id(tensor) in self._route.windows]
        # All live inputs of an operation have the same height and width.
        lengths = self._route.lengths[id(live[0])]
        seen = UnitWindows(look(arrived.windows.window, step.window), lengths, *self._units)
        pulled = step.pull(arrived, seen, self._residuals)
        for tensor, cotangent in zip(step.inputs, pulled, strict=True):
            key = id(tensor)
            if cotangent is None or key not in self._route.windows:
                continue
            fitted = cotangent.fitted(self._windows[key])
            before = self._waiting.get(key)
            self._waiting[key] = fitted if before is None else before.plus(fitted)


def largest_power(most: int) -> int:
    """The largest power of two that is at most `most`, which is at least 1."""
    return 1 << most.bit_length() - 1


def windowed_gradients(
    route: WindowRoute,
    residuals: ActiveResiduals,
    channels: IntArray,
    units: tuple[IntArray, IntArray],
    most_elements: int,
) -> FloatArray:
    """Gradients of one unit of each channel.

    Args:
      route: The way.
      residuals: The residuals of the image.
      channels: `int32 [n]`.
      units: Their rows and columns, `int32 [n]` each.
      most_elements: The most elements of a cotangent for all units of a block.

    Returns:
      `[n, height, width, input channel]`: their windows of the input.
    """
    target = route.target
    # A one at the unit's channel: its window of the target is the unit itself.
    seed = residuals.one_hot(target, channels, int(target.shape[-1]))[:, None, None, None, :]
    windows = UnitWindows((UNIT, UNIT), route.lengths[id(target)], *units)
    waiting = {id(target): WindowedCotangent(seed, windows, is_clean=True)}
    return WindowedPass(route, residuals, units, waiting, most_elements).run()


def tops_and_lefts(
    route: WindowRoute, rows: IntArray, columns: IntArray
) -> tuple[IntArray, IntArray]:
    """First row and first column of each unit's window of the input."""
    key = id(route.source)
    return UnitWindows(route.windows[key], route.lengths[key], rows, columns).starts
