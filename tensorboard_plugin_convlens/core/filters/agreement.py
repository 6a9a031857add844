"""How far criteria agree on the order of filters, and how far apart their values lie.

Rankings by different criteria are often almost the same, and scores often too close to be
told apart (Huang et al. 2021, arXiv 2004.10450): an order alone does not say that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray

FEWEST = 3
"""Fewer common filters than this give no correlation: two are always in perfect order."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a criterion are distributed over a layer's filters.

    Norms rank filters only where their deviation is large and the smallest is close to zero
    (He et al. 2019, arXiv 1811.00250): `variation` and `smallest` say so.

    Attributes:
      defined: Number of filters with a finite value.
      quartiles: Least, lower quartile, median, upper quartile, largest; NaN for none.
      variation: Standard deviation divided by the magnitude of the mean; NaN where that is 0.
      smallest: Least magnitude divided by the largest; NaN where that is 0.
    """

    defined: int
    quartiles: tuple[float, float, float, float, float]
    variation: float
    smallest: float


def rank_correlations(criteria: Sequence[FloatArray]) -> NDArray[np.float64]:
    """Spearman's rank correlation of every two criteria.

    Pearson's correlation of the ranks; equal values share the mean of their ranks. Filters
    for which one of the two is not finite are left out of that pair.

    Args:
      criteria: Each `[channel]`, of equal length.

    Returns:
      `float64 [criterion, criterion]`, -1 to 1; NaN with fewer than three common filters, or
      where one of the two has the same value for all of them.
    """
    size = len(criteria)
    result = np.full((size, size), np.nan)
    for row in range(size):
        for column in range(row, size):
            result[row, column] = _rank_correlation(criteria[row], criteria[column])
            result[column, row] = result[row, column]
    return result


def spread(values: FloatArray) -> Spread:
    """The distribution of a criterion's finite values."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return Spread(0, (np.nan,) * 5, np.nan, np.nan)
    least, lower, median, upper, largest = np.quantile(finite, [0, 0.25, 0.5, 0.75, 1])
    magnitude, mean = np.abs(finite), abs(finite.mean())
    return Spread(
        int(finite.size),
        (float(least), float(lower), float(median), float(upper), float(largest)),
        float(finite.std() / mean) if mean > 0 else np.nan,
        float(magnitude.min() / magnitude.max()) if magnitude.max() > 0 else np.nan,
    )


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - counts + 1 + last) / 2)[place])


def _rank_correlation(one: FloatArray, other: FloatArray) -> float:
    common = np.isfinite(one) & np.isfinite(other)
    if common.sum() < FEWEST:
        return float("nan")
    first, second = ranks(one[common]), ranks(other[common])
    first, second = first - first.mean(), second - second.mean()
    length = np.sqrt(np.square(first).sum() * np.square(second).sum())
    return float(np.clip((first * second).sum() / length, -1, 1)) if length else float("nan")
