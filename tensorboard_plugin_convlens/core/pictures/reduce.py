"""Pictures made smaller for tiles, without inventing structure."""

from __future__ import annotations

import numpy as np

from tensorboard_plugin_convlens.core.records import FloatArray

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
