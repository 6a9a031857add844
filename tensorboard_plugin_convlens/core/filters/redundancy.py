"""Which filters of a layer other filters can replace, by kernels and by responses."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray

_ROWS = 2048
"""Kernels that are compared with as many others at a time: 32 MiB of inner products."""
_CACHED_ROWS = 32
"""Rows of distances that stay in the processor's cache from one operation to the next."""
_CONVERTED = 1 << 22
"""Weights that are held in float64 at a time: 32 MiB."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The filter of the layer that is most like each filter.

    Attributes:
      similarity: `float32 [channel]`, Pearson's correlation; NaN where there is none.
      channel: `int [channel]`, which filter that is; -1 where there is none.
    """

    similarity: FloatArray
    channel: NDArray[np.intp]


def geometric_median_distance(kernels: FloatArray) -> FloatArray:
    """Sum of the distances of a kernel to those of all filters, `Σ_k ‖W_j - W_k‖₂`.

    Small near the geometric median of the layer, where a filter is the most replaceable:
    FPGM, He et al. 2019, arXiv 1811.00250. Computed from inner products,
    `‖W_j - W_k‖² = W_j·W_j + W_k·W_k - 2 W_j·W_k`, in float64.

    Args:
      kernels: `[channel, …]`.

    Returns:
      `float32 [channel]`; all NaN where any weight is not finite, for all distances count.
    """
    flat = kernels.reshape(len(kernels), -1)
    lengths = _squared_lengths(flat)
    if not np.isfinite(lengths).all():
        return np.full(len(flat), np.nan, np.float32)
    sums = np.zeros(len(flat))
    starts = range(0, len(flat), _ROWS)
    for first, second in combinations_with_replacement(starts, 2):
        rows, columns = slice(first, first + _ROWS), slice(second, second + _ROWS)
        block = flat[rows]
        products = _inner_products(block, block if first == second else flat[columns])
        to_second, to_first = _sums_of_distances(products, lengths[rows], lengths[columns])
        sums[rows] += to_second
        if first != second:
            sums[columns] += to_first
    return np.asarray(sums, np.float32)


def _sums_of_distances(
    products: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums the distances of each row to all columns, and of each column to all rows.

    Args:
      products: Inner products `[row, column]`; they are overwritten.
      first, second: Squared lengths of what stands in the rows, and in the columns.
    """
    of_rows, of_columns = np.zeros(len(first)), np.zeros(len(second))
    for start in range(0, len(first), _CACHED_ROWS):
        part = slice(start, start + _CACHED_ROWS)
        squares = products[part]
        squares *= -2
        squares += first[part, None]
        squares += second
        # Rounding errors of the distance between equal kernels, and of a kernel to itself.
        squares[squares < 1e-14 * second] = 0
        distances = np.sqrt(squares, out=squares)
        of_rows[part] = distances.sum(axis=1)
        of_columns += distances.sum(axis=0)
    return of_rows, of_columns


def _inner_products(first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
    """`[channel, weight]` each → `[channel of first, channel of second]`."""
    columns = max(1, _CONVERTED // max(len(first), len(second)))
    total = np.zeros((len(first), len(second)))
    for start in range(0, first.shape[1], columns):
        part = first[:, start : start + columns].astype(np.float64)
        # NumPy does half the work where it sees the same array twice.
        other = part if first is second else second[:, start : start + columns]
        total += part @ other.T
    return total


def _squared_lengths(rows: FloatArray) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    return lengths


def nearest_by_response(profiles: FloatArray) -> Nearest:
    """The most similar other filter, by the correlation of response profiles.

    Args:
      profiles: `[channel, number]`, the response profiles (`core/filters/profiles.py`) over
        all captured inputs.

    Returns:
      Undefined (NaN and -1) for a profile that is constant or not finite, which is left
      out of the others' search too, and where no other filter has a profile. Of equally
      similar filters the first.
    """
    similarity = np.full(len(profiles), np.nan, np.float32)
    channel = np.full(len(profiles), -1, np.intp)
    with np.errstate(invalid="ignore"):  # Infinite minus infinite: left out below.
        centered = profiles - profiles.mean(axis=1, keepdims=True, dtype=np.float64)
        length = np.linalg.norm(centered, axis=1)
    # A constant profile leaves rounding of its mean behind.
    varies = np.isfinite(length) & (length > 1e-6 * np.abs(profiles).max(axis=1, initial=0))
    chosen = np.flatnonzero(varies)
    if len(chosen) < 2:
        return Nearest(similarity, channel)
    units = centered[chosen] / length[chosen, None]
    alike = units @ units.T
    np.fill_diagonal(alike, -np.inf)
    best = alike.argmax(axis=1)
    similarity[chosen] = np.clip(alike[np.arange(len(chosen)), best], -1, 1)
    channel[chosen] = chosen[best]
    return Nearest(similarity, channel)


def kernel_cosine(kernels: FloatArray, others: NDArray[np.intp]) -> FloatArray:
    """Cosine of each filter's kernel with that of another filter.

    Args:
      kernels: `[channel, …]`.
      others: `[channel]`, which filter to compare with; -1 for none.

    Returns:
      `float32 [channel]`; NaN for none, and where a kernel is all zero or not finite.
    """
    flat = kernels.reshape(len(kernels), -1)
    products = np.einsum("ij,ij->i", flat, flat[others], dtype=np.float64)
    lengths = np.sqrt(_squared_lengths(flat))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.clip(products / (lengths * lengths[others]), -1, 1)
    return np.where(others < 0, np.nan, cosine).astype(np.float32)
