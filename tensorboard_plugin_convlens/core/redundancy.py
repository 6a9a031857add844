"""Which filters of a layer others can stand in for: by kernel, and by what they respond to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray

_ROWS = 128
"""Kernels that are compared with all others at a time, which bounds the memory."""


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
    FPGM, He et al. 2019, arXiv 1811.00250.

    Args:
      kernels: `[channel, …]`.

    Returns:
      `float32 [channel]`; all NaN where any weight is not finite, for all distances count.
    """
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    squares = np.square(flat).sum(axis=1)
    sums = np.zeros(len(flat))
    for start in range(0, len(flat), _ROWS):
        stop = start + _ROWS
        # To itself and what comes after it: a distance is the same in both directions.
        square = (
            squares[start:stop, None] + squares[start:] - 2 * flat[start:stop] @ flat[start:].T
        )
        # What rounding leaves of the distance of equal kernels, and of a kernel to itself.
        square[square < 1e-14 * squares[start:]] = 0
        distances = np.sqrt(square)
        sums[start:stop] += distances.sum(axis=1)
        sums[stop:] += distances[:, _ROWS:].sum(axis=0)
    return np.asarray(sums, np.float32)


def nearest_by_activation(profiles: FloatArray) -> Nearest:
    """The most similar other filter, by the correlation of activation profiles.

    Args:
      profiles: `[channel, number]`, the activation profiles (`core/change.py`) over all
        captured inputs.

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
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    cosine = np.clip((units * units[others]).sum(axis=1), -1, 1)
    return np.where(others < 0, np.nan, cosine).astype(np.float32)
