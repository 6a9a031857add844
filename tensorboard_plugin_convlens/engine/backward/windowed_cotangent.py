"""A cotangent on the windows of single units, `[unit, 1, height, width, channel]`.

Windows may reach beyond the tensor, where no unit is and the gradient must be zero. An
operation that looks around, such as a convolution, computes values there all the same: for the
units of its padding. Clearing them costs a pass over the cotangent, and is only needed before
the next operation that looks around, so a cotangent remembers whether it is clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.engine.backward.bit_masks import masked, to_bit_mask
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows, fit
from tensorboard_plugin_convlens.tracing.types import Value


@dataclass(frozen=True, slots=True)
class WindowedCotangent:
    """The gradients of a block of units at the windows that they see of one tensor.

    Attributes:
      value: `[unit, 1, height, width, channel]`.
      windows: Where the windows lie.
      is_clean: Whether it is zero wherever a window reaches beyond the tensor.
    """

    value: Value
    windows: UnitWindows
    is_clean: bool

    def cleaned(self) -> Value:
        """The value, zero beyond the tensor."""
        if self.is_clean or self.windows.is_inside():
            return self.value
        return masked(self.value, to_bit_mask(self.windows.valid(), self.value.dtype))

    def fitted(self, windows: UnitWindows) -> WindowedCotangent:
        """The cotangent on other windows of the same units: cut, or filled with zeros."""
        return WindowedCotangent(fit(self.value, self.windows, windows), windows, self.is_clean)

    def plus(self, other: WindowedCotangent) -> WindowedCotangent:
        """The sum of two cotangents on the same windows: both reached the same tensor."""
        return WindowedCotangent(
            self.value + other.value, self.windows, self.is_clean and other.is_clean
        )

    def part(self, units: NDArray[np.integer[Any]]) -> WindowedCotangent:
        """The cotangent of some units of the block, `int [n]`."""
        return WindowedCotangent(
            tf.gather(self.value, units), self.windows.part(units), self.is_clean
        )
