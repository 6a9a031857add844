"""Which filters of a model are kept: a mask per layer, as pruning code takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import InputError

Keep = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FilterMask:
    """Which filters are kept.

    Attributes:
      layers: Path of a layer → `bool [filter]`, true for kept filters. Layers that are not
        named keep all of their filters.
    """

    layers: Mapping[str, Keep]

    @property
    def removed(self) -> int:
        """Number of filters that are not kept."""
        return sum(int((~keep).sum()) for keep in self.layers.values())


def build_mask(filters: Mapping[str, int], removed: Iterable[tuple[str, int]]) -> FilterMask:
    """A mask of all layers that lose a filter.

    Args:
      filters: Path of each layer → its number of filters.
      removed: (path, filter) of each removed filter.

    Raises:
      InputError: A layer is not among `filters`, or does not have that filter.
    """
    layers: dict[str, Keep] = {}
    for path, channel in removed:
        if path not in filters:
            raise InputError(f"The model has no convolution {path[:200]!r}, so none to mask.")
        if not 0 <= channel < filters[path]:
            raise InputError(
                f"Layer {path[:200]!r} has {filters[path]} filters, counted from 0; there is "
                f"no filter {channel}."
            )
        layers.setdefault(path, np.ones(filters[path], np.bool_))[channel] = False
    return FilterMask(layers)
