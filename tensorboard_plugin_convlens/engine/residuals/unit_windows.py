"""The places of the windows of a block of units.

The windows of a tensor all have one size, and each unit has its own at another place. For 64
units that see 12 by 12 of a tensor `[1, 224, 224, 64]`, its part for each of them is gathered
to `[64, 1, 12, 12, 64]`: residuals per filter, where the whole frame has one for all.

A window may reach beyond the tensor, into what is padding to the convolution that reads it.
There is no unit there and no gradient; the values are zeros, or what stands for "less than
anything" at a maximum. To gather without asking at each place, the tensor gets a frame of one
unit with such a value, and all places outside are taken from the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.pictures.receptive_field import Window
from tensorboard_plugin_convlens.core.records import IntArray
from tensorboard_plugin_convlens.tracing.types import Value

SeenWindow = tuple[Window, Window]
"""What one unit of a later tensor sees of a tensor: windows along height and width."""


@dataclass(frozen=True)
class UnitWindows:
    """One window per unit, all of one size, on one tensor.

    Attributes:
      window: Windows along height and width.
      lengths: (height, width) of the tensor.
      rows, columns: `int32 [unit]`, the units.
    """

    window: SeenWindow
    lengths: tuple[int, int]
    rows: IntArray
    columns: IntArray

    @property
    def starts(self) -> tuple[IntArray, IntArray]:
        """First row and first column of each window, `int32 [unit]`."""
        rows, columns = self.window
        return (
            np.asarray(rows.start + self.rows * rows.stride, np.int32),
            np.asarray(columns.start + self.columns * columns.stride, np.int32),
        )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the windows."""
        return self.window[0].size, self.window[1].size

    def part(self, units: NDArray[np.integer[Any]]) -> UnitWindows:
        """The windows of some of the units, `int [n]`."""
        return UnitWindows(self.window, self.lengths, self.rows[units], self.columns[units])

    def is_inside(self) -> bool:
        """Whether all windows are inside the tensor."""
        return all(
            start.min() >= 0 and start.max() + size <= length
            for start, size, length in zip(self.starts, self.size, self.lengths, strict=True)
        )

    def is_whole(self) -> bool:
        """Whether every window is the whole tensor."""
        return self.size == self.lengths and self.is_inside()

    def valid(self) -> NDArray[np.bool_]:
        """`[unit, 1, height, width, 1]`: whether it is on the tensor, not beyond."""
        (rows, columns), (height, width) = self.positions(), self.lengths
        inside_rows = (rows >= 0) & (rows < height)
        inside_columns = (columns >= 0) & (columns < width)
        both = inside_rows[:, :, None] & inside_columns[:, None, :]
        return both[:, None, :, :, None]

    def positions(self) -> tuple[IntArray, IntArray]:
        """Rows `int32 [unit, height]` and columns `int32 [unit, width]` of the windows."""
        first_rows, first_columns = self.starts
        height, width = self.size
        return (
            np.add(first_rows[:, None], np.arange(height), dtype=np.int32),
            np.add(first_columns[:, None], np.arange(width), dtype=np.int32),
        )

    def gather(self, margined: Value) -> Value:
        """The windows of a value of the tensor, `[unit, 1, height, width, channel]`.

        Args:
          margined: From `with_margin`; its margin stands for everything beyond the tensor.
        """
        height, width = self.lengths
        rows, columns = self.positions()
        # Clipped to the frame, which is row -1 and row `height`. A place is row · width +
        # column of the framed tensor.
        places: NDArray[np.int32] = (np.clip(rows, -1, height) + 1)[:, :, None] * (
            width + 2
        ) + (np.clip(columns, -1, width) + 1)[:, None, :]
        return tf.gather(margined, places)[:, None]


def with_margin(value: Value, outside: Value) -> Value:
    """`[1, height, width, channel]` in a frame of one unit, as rows of channels."""
    margined = tf.pad(value[0], [[1, 1], [1, 1], [0, 0]], constant_values=outside)
    return tf.reshape(margined, [-1, value.shape[-1]])


def fit(cotangent: Value, have: UnitWindows, want: UnitWindows) -> Value:
    """A cotangent on some windows, cut or filled with zeros to the size of others."""
    # One window inside the other, or overlapping, at the same stride: they differ by the same
    # number of rows for all units.
    before = [
        own.start - other.start for own, other in zip(have.window, want.window, strict=True)
    ]
    after = [
        want_size - have_size - shift
        for want_size, have_size, shift in zip(want.size, have.size, before, strict=True)
    ]
    if any(margin < 0 for margin in (*before, *after)):
        begin = [0, 0, *(max(-margin, 0) for margin in before), 0]
        size = [
            length - max(-first, 0) - max(-last, 0)
            for length, first, last in zip(have.size, before, after, strict=True)
        ]
        cotangent = tf.slice(cotangent, begin, [-1, -1, *size, -1])
    if any(margin > 0 for margin in (*before, *after)):
        margins = [[max(a, 0), max(b, 0)] for a, b in zip(before, after, strict=True)]
        cotangent = tf.pad(cotangent, [[0, 0], [0, 0], *margins, [0, 0]])
    return cotangent
