"""Profiles: the feature maps of a filter over the captured inputs, averaged to a few numbers.

A filter has two profiles. The output profile describes the layer's own output, before or after
the activation function; the activation change compares those of two steps. The response profile
describes what the next layer gets, after the activation function if one follows; the redundancy
compares those of two filters.
"""

from __future__ import annotations

import numpy as np

from tensorboard_plugin_convlens.core.pictures.reduce import grid_average
from tensorboard_plugin_convlens.core.records import FloatArray

_LARGEST_PROFILE = 256
_LARGEST_SIDE = 8


def profile_side(inputs: int) -> int:
    """Rows and columns that each map of `inputs` images has in a profile.

    8, or fewer so that a profile has no more than 256 numbers: 1 KiB per filter.
    """
    return max(1, min(_LARGEST_SIDE, int((_LARGEST_PROFILE / max(inputs, 1)) ** 0.5)))


def profile_of_maps(maps: FloatArray, inputs: int) -> FloatArray:
    """The part of one input image in the profiles of a layer's filters.

    Each map becomes its means over a grid of `side` by `side` cells of (nearly) equal size,
    where `side` is `profile_side(inputs)`. A smaller map stays as it is along that axis.

    Args:
      maps: `[channel, height, width]` at one input image.
      inputs: Number of captured inputs.

    Returns:
      `float32 [channel, min(side, height) * min(side, width)]`.
    """
    side = profile_side(inputs)
    cells = grid_average(maps.astype(np.float64), side)
    return np.asarray(cells.reshape(len(maps), -1), np.float32)
