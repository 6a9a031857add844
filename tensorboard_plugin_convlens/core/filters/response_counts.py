"""How many filters of a layer respond: to no input image, or hardly to any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tensorboard_plugin_convlens.core.records import FloatArray, Sheet

WEAK_SHARE = 0.01
"""A filter is weak whose strongest response is below this share of the layer's strongest."""


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """Numbers of filters.

    Attributes:
      filters: All of the layer; 0 where its feature maps are not captured.
      silent: Whose maps are zero throughout, for every captured input image.
      weak: That respond, but below `WEAK_SHARE` of the strongest.
    """

    filters: int
    silent: int
    weak: int


def count_responses(maps: tuple[Sheet, ...]) -> ResponseCounts:
    """Counts the filters of a layer by its feature maps, a sheet per input image."""
    strongest = _strongest(maps)
    peak = float(strongest.max()) if strongest.size else 0.0
    return ResponseCounts(
        len(strongest),
        int((strongest == 0).sum()),
        int(((strongest > 0) & (strongest < WEAK_SHARE * peak)).sum()),
    )


def _strongest(maps: tuple[Sheet, ...]) -> FloatArray:
    """The largest magnitude of each filter's maps over the input images.

    A filter whose maps have NaN or infinite values is not silent: it gets a tiny magnitude.
    """
    channels = {sheet.channels for sheet in maps}
    if len(channels) != 1:
        return np.zeros(0, np.float32)
    broken = np.any([(sheet.nan > 0) | (sheet.infinite > 0) for sheet in maps], axis=0)
    strongest: FloatArray = np.stack([sheet.scale for sheet in maps]).max(axis=0)
    strongest[broken] = np.maximum(strongest[broken], np.finfo(np.float32).tiny)
    return strongest
