"""Which rows (or columns) of one tensor a unit of a later tensor can see."""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.core.records import ReceptiveField


@dataclass(frozen=True, slots=True)
class Window:
    """Along one axis: unit `r` sees `start + r * stride` up to, not including, `+ size`.

    Araujo et al. 2019, https://distill.pub/2019/computing-receptive-fields

    Attributes:
      start: May be negative: the window of unit 0 begins in the padding.
      stride: Positive.
      size: Positive.
    """

    start: int
    stride: int
    size: int

    def then(self, earlier: Window) -> Window:
        """Looks through `earlier` at what the units of this window see in turn.

        `unit → self → earlier`: if a pooling unit sees two rows of a convolution and each
        of those sees three rows of the input, the pooling unit sees four rows.
        """
        return Window(
            earlier.start + self.start * earlier.stride,
            self.stride * earlier.stride,
            earlier.size + (self.size - 1) * earlier.stride,
        )

    def union(self, other: Window) -> Window | None:
        """The smallest window with both inside; None if their strides differ."""
        if self.stride != other.stride:
            return None
        start = min(self.start, other.start)
        stop = max(self.start + self.size, other.start + other.size)
        return Window(start, self.stride, stop - start)

    def inside(self, length: int, first: int, last: int, grain: int = 1) -> Window:
        """Cuts off the margin that lies outside `0 … length` for all of some units.

        Args:
          length: The length of the axis.
          first: The first unit.
          last: The last unit.
          grain: Margins are cut in multiples of it, so that windows come in fewer sizes.
        """
        before = max(0, -(self.start + last * self.stride))
        after = max(0, self.start + first * self.stride + self.size - length)
        before, after = before // grain * grain, after // grain * grain
        kept = max(self.size - before - after, 1)
        return Window(self.start + min(before, self.size - 1), self.stride, kept)


UNIT = Window(0, 1, 1)
"""What an element by element operation sees: the unit itself."""


def convolution_window(kernel: int, stride: int, dilation: int, padding: int) -> Window:
    """The window of a convolution or pooling with `padding` rows of zeros in front."""
    return Window(-padding, stride, (kernel - 1) * dilation + 1)


def same_padding(length: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Rows of zeros in front that TensorFlow adds for "same" padding."""
    extent = (kernel - 1) * dilation + 1
    output = -(-length // stride)
    return max((output - 1) * stride + extent - length, 0) // 2


def to_receptive_field(rows: Window, columns: Window) -> ReceptiveField:
    """The record of two axes."""
    return ReceptiveField(
        size=(rows.size, columns.size),
        stride=(rows.stride, columns.stride),
        start=(rows.start, columns.start),
    )
