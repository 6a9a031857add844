"""Numbers that say how much a filter changed since the previous captured step.

The idea of watching layers settle while a network learns is that of ReVACNN's convergence
ring (Chung et al. 2016, KDD Workshop on Interactive Data Exploration) and of DeepEyes
(Pezzotti et al. 2018, IEEE TVCG 24(1), 98-108). Both measures are `1 - cosine`, so they do
not see a mere change of strength: 0 is the same up to a positive factor, 1 unrelated, 2
opposite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic

KERNEL_CHANGE = "kernel_change"
ACTIVATION_CHANGE = "activation_change"

UNKNOWN, RESPONDING, SILENT, FELL_SILENT, REVIVED = range(5)
"""States of a filter at a step; see `lives`."""

_PART = 1 << 15


def change(before: FloatArray, now: FloatArray) -> FloatArray:
    """`1 - cosine` of each filter's values before and now, 0 to 2.

    Args:
      before, now: `[channel, …]` of equal shape: float kernels, or output profiles.

    Returns:
      `float32 [channel]`; exactly 0 where nothing changed; NaN where a filter's values are
      all zero, or not finite, at either time.
    """
    first, second = before.reshape(len(before), -1), now.reshape(len(now), -1)
    found = np.empty(len(first), np.float32)
    # In parts that stay in the processor's cache while NumPy goes over them several times.
    rows = max(1, _PART // max(first.shape[1], 1))
    for start in range(0, len(first), rows):
        part = slice(start, start + rows)
        difference = _units(first[part]) - _units(second[part])
        # For unit vectors, 1 - cosine = |difference|² / 2, which loses nothing near 0.
        found[part] = _squared_lengths(difference) / 2
    return found


def _units(rows: FloatArray) -> NDArray[np.float64]:
    """Each row divided by its length; NaN where that is zero or not finite."""
    values = rows.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return values / np.sqrt(_squared_lengths(values))[:, None]


def _squared_lengths(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.einsum("ij,ij->i", rows, rows)
    return lengths


def silence(statistics: Sequence[Statistic]) -> NDArray[np.bool_] | None:
    """Which filters are silent: their maps are zero everywhere at every captured input.

    Uses `apoz`, which describes maps after the activation function if one follows; if it is not
    defined, uses `max` and `std`, after the activation function if these were captured.

    Returns:
      `bool [channel]`, or None if no statistic of a single input image shows it.
    """
    by_input: dict[int, dict[str, FloatArray]] = {}
    for one in statistics_at(statistics):
        if one.input is not None and one.name in _ZERO:
            by_input.setdefault(one.input, {})[one.name] = one.values
    alike: dict[frozenset[str], list[dict[str, FloatArray]]] = {}
    for values in by_input.values():
        alike.setdefault(frozenset(values), []).append(values)
    # All input images at once that have the same statistics: nearly always all.
    zero = [found for some in alike.values() if (found := _all_zero(some)) is not None]
    return np.all(zero, axis=0) if zero else None


_ZERO = ("apoz", "max", "std")


def _all_zero(values: Sequence[dict[str, FloatArray]]) -> NDArray[np.bool_] | None:
    """Whether a filter is zero at every input image; `values` has the statistics of each."""
    apoz, largest, deviation = (
        np.asarray([one[name] for one in values]) if name in values[0] else None
        for name in _ZERO
    )
    if largest is None or deviation is None:
        return None if apoz is None else np.all(apoz >= 1, axis=0)
    flat = (largest == 0) & (deviation == 0)
    zero = flat if apoz is None else np.where(np.isnan(apoz), flat, apoz >= 1)
    return np.asarray(zero.all(axis=0))


def lives(silent: Sequence[NDArray[np.bool_] | None], filters: int) -> NDArray[np.uint8]:
    """The states of a layer's filters over ascending steps.

    Args:
      silent: Per step, as `silence` returns it.
      filters: The number of filters of the layer.

    Returns:
      `uint8 [step, filter]`: 0 not known; 1 responding; 2 silent, as it was at the previous
      step at which that is known (or there is none); 3 fell silent: silent, and responding
      before; 4 revived: responding, and silent before.
    """
    states = np.full((len(silent), filters), UNKNOWN, np.uint8)
    before: NDArray[np.bool_] | None = None
    for row, now in zip(states, silent, strict=True):
        if now is None:
            continue
        row[:] = np.where(now, SILENT, RESPONDING)
        if before is not None:
            row[now & ~before] = FELL_SILENT
            row[~now & before] = REVIVED
        before = now
    return states
