"""How much filters prefer one class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensorboard_plugin_convlens.core.records import FloatArray


def class_selectivity(responses: FloatArray, classes: Sequence[int | None]) -> FloatArray:
    """`(μ_max - μ_rest) / (μ_max + μ_rest)`: 0 for no preference, 1 for one class alone.

    `μ` of a class is the mean response to its images, `μ_max` the largest, `μ_rest` the mean
    of the others. Morcos et al. 2018, arXiv 1803.06959 (without the small
    number that they add to the denominator).

    Args:
      responses: `[input, channel]`, the mean of each feature map after its activation
        function.
      classes: The true class of each input image; None where it is not known: such an
        image is left out.

    Returns:
      `float32 [channel]`; NaN with fewer than two classes, for a mean response below zero
      (the index is one of non-negative responses), or where all are zero.
    """
    known = sorted({one for one in classes if one is not None})
    if len(known) < 2:
        return np.full(responses.shape[1], np.nan, np.float32)
    of_class = np.asarray([-1 if one is None else one for one in classes])
    means = np.sort(
        [responses[of_class == one].mean(axis=0, dtype=np.float64) for one in known], axis=0
    )
    rest, largest = means[:-1].mean(axis=0), means[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (largest - rest) / (largest + rest)
    return np.where(means[0] >= 0, index, np.nan).astype(np.float32)
