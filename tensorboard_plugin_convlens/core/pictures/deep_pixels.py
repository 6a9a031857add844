"""Converts pixel values of any type to 8 bits: medical, microscopy and depth pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 256
"""Scaled at once, so that a large picture needs no copy in floating point."""
_USUAL_BITS = (8, 12, 16)
"""Cameras and scanners give as many, whatever the type that a file keeps them in."""


def to_levels(values: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
    """Scales pixel values to 0 … 255.

    Whole numbers are scaled by the range of their type, or by 8, 12 or 16 bits where these
    hold the largest of them: a scanner's 12 bits in 16. Floating point, and whole numbers
    some of which are negative, have no range of their own: the smallest becomes 0, the
    largest 255, and a constant picture middle gray. What is not a number becomes 0.

    Args:
      values: `[height, width]` or `[height, width, channel]`: integers, floating point or
        booleans. `uint8` stays as it is.

    Returns:
      The levels, and how they were scaled where that is more than the range of the type: a
      clause for people, "" otherwise.

    Raises:
      ValueError: The values are of another type, complex numbers among them.
    """
    if values.dtype == np.uint8:
        return values, ""
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), ""
    if values.dtype.kind == "f":
        return _by_own_range(values)
    if values.dtype.kind not in "iu":
        raise ValueError(f"its values are of type {values.dtype}")
    if values.dtype.kind == "i" and values.size and int(values.min()) < 0:
        return _by_own_range(values)
    return _by_bits(values)


def _by_bits(values: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
    largest = int(values.max()) if values.size else 0
    full = np.iinfo(values.dtype).max
    bits = next((one for one in _USUAL_BITS if 0 < largest < 1 << one), None)
    if bits is None or 1 << bits > full:
        return _scaled(values, 0, full), ""
    return (
        _scaled(values, 0, (1 << bits) - 1),
        f"read as {bits} bits, because its largest value is {largest}",
    )


def _by_own_range(values: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
    low, high = np.inf, -np.inf
    for row in range(0, len(values), _ROWS):
        block = values[row : row + _ROWS]
        finite = block[np.isfinite(block)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if not low <= high:
        raise ValueError("none of its values is a finite number")
    if low == high:
        return np.full(values.shape, 128, np.uint8), f"constant ({low:.6g}), shown as gray"
    return _scaled(values, low, high), f"scaled by its own range, {low:.6g} to {high:.6g}"


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """0 for `low` and below, 255 for `high` and above."""
    levels = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), _ROWS):
        # Halves: the range of float64 itself has no float64.
        block = values[row : row + _ROWS].astype(np.float64) / 2
        share = (block - low / 2) / (high / 2 - low / 2)
        share = np.nan_to_num(share, nan=0, posinf=1, neginf=0)
        levels[row : row + _ROWS] = np.rint(np.clip(share, 0, 1) * 255)
    return levels
