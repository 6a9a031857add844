"""Statistics that need more than one input image, or more than one filter of the layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensorboard_plugin_convlens.core.filters import importance
from tensorboard_plugin_convlens.core.filters.profiles import profile_of_maps
from tensorboard_plugin_convlens.core.filters.redundancy import (
    geometric_median_distance,
    kernel_cosine,
    nearest_by_response,
)
from tensorboard_plugin_convlens.core.filters.selectivity import class_selectivity
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic


class AcrossInputs:
    """Collects the responses of every layer, image by image; keeps 1 KiB per filter."""

    def __init__(self, classes: Sequence[int | None]) -> None:
        """`classes`: the true class of each input image, None where it is not known."""
        self._classes = classes
        self._profiles: dict[int, list[FloatArray]] = {}
        self._means: dict[int, list[FloatArray]] = {}

    def add(self, layer: int, responses: FloatArray) -> None:
        """Adds the responses of a layer to the next input image.

        Args:
          layer: Index in the model graph.
          responses: The maps of the layer, `[channel, height, width]`, after its activation
            function if one follows.
        """
        profile = profile_of_maps(responses, len(self._classes))
        self._profiles.setdefault(layer, []).append(profile)
        self._means.setdefault(layer, []).append(importance.mean(responses))

    def statistics(
        self, layer: int, kernels: FloatArray | None, *, fpgm: FloatArray | None = None
    ) -> tuple[Statistic, ...]:
        """The statistics over all input images; their `input` is None.

        Args:
          layer: Index in the model graph.
          kernels: `[channel, plane, height, width]`; None where channels have none of
            their own: `fpgm` and `kernel_cosine` are left out then.
          fpgm: That of the same kernels, if an earlier step computed it: it takes longer than
            everything else, and grows with the square of the number of filters.
        """
        nearest = nearest_by_response(np.concatenate(self._profiles[layer], axis=1))
        other = np.where(nearest.channel < 0, np.nan, nearest.channel)
        selectivity = class_selectivity(np.stack(self._means[layer]), self._classes)
        numbers = {
            "redundancy": nearest.similarity,
            "redundant_with": np.asarray(other, np.float32),
            "class_selectivity": selectivity,
        }
        if kernels is not None:
            numbers["fpgm"] = geometric_median_distance(kernels) if fpgm is None else fpgm
            numbers["kernel_cosine"] = kernel_cosine(kernels, nearest.channel)
        return tuple(Statistic(name, None, values) for name, values in numbers.items())
