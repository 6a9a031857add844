"""Pictures made smaller for tiles, without inventing structure."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray

_Float = TypeVar("_Float", np.float32, np.float64)

TILE_SIDE = 64
"""Largest side in pixels of a reduced picture; tiles are seldom shown larger."""


def reduction(height: int, width: int, side: int = TILE_SIDE) -> int:
    """The whole factor by which a picture must shrink to fit into `side` by `side`."""
    return max(1, -(-max(height, width) // side))


def box_average(pictures: FloatArray, factor: int) -> FloatArray:
    """Averages cells of `factor` by `factor` pixels; edge cells average what they have.

    Args:
      pictures: `float32 [channel, height, width]`.
      factor: At least 1, which returns the pictures themselves.

    Returns:
      `float32 [channel, ceil(height / factor), ceil(width / factor)]`.
    """
    if factor == 1:
        return pictures
    rows = np.arange(0, pictures.shape[1], factor)
    columns = np.arange(0, pictures.shape[2], factor)
    sums = np.add.reduceat(np.add.reduceat(pictures, rows, axis=1), columns, axis=2)
    row_counts = np.minimum(factor, pictures.shape[1] - rows)
    column_counts = np.minimum(factor, pictures.shape[2] - columns)
    return (sums / np.outer(row_counts, column_counts)).astype(np.float32)


def grid_average(pictures: NDArray[_Float], side: int) -> NDArray[_Float]:
    """Averages at most `side` by `side` cells of (nearly) equal size.

    Args:
      pictures: `[channel, height, width, …]`, `float32` or `float64`.
      side: The most rows and columns of the result; an axis with no more stays as it is.

    Returns:
      `[channel, min(side, height), min(side, width), …]`, of the same type.
    """
    for axis in (1, 2):
        size = pictures.shape[axis]
        if size > side:
            starts = np.arange(side) * size // side
            counts = np.diff(np.append(starts, size)).astype(pictures.dtype)
            sums = np.add.reduceat(pictures, starts, axis=axis)
            counts = np.expand_dims(counts, tuple(range(1, pictures.ndim - axis)))
            pictures = np.asarray(sums / counts, pictures.dtype)
    return pictures


def magnitude(gradients: FloatArray) -> FloatArray:
    """The size of a gradient per pixel: `max |g|` over the input channels.

    Simonyan et al. 2014, section 3.1, https://arxiv.org/abs/1312.6034

    Args:
      gradients: `float32 [channel, height, width, input_channel]`.

    Returns:
      `float32 [channel, height, width]`, not negative.
    """
    size: FloatArray = np.abs(gradients).max(axis=-1)
    return size
