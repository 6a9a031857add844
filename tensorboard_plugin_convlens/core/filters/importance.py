"""Numbers that say how much a filter does: one per filter, each with formula and source.

`a[c, y, x]` is the feature map of channel `c` for one input image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensorboard_plugin_convlens.core.pictures.reduce import grid_average
from tensorboard_plugin_convlens.core.records import FloatArray

_AT_END = 1e-3
_PART = 1 << 16
"""Numbers of maps that are gone over at once: half a megabyte in float64."""


def mean(maps: FloatArray) -> FloatArray:
    """Mean of the feature map: `Σ a / (height * width)`.

    Args:
      maps: `[channel, height, width]`; NaN in a map makes its number NaN.

    Returns:
      `float32 [channel]`.
    """
    return _to_float32(maps.mean(axis=(1, 2), dtype=np.float64))


def maximum(maps: FloatArray) -> FloatArray:
    """Value of the strongest unit, `max a`; `float32 [channel]`."""
    return _to_float32(maps.max(axis=(1, 2)))


def standard_deviation(maps: FloatArray) -> FloatArray:
    """Over the units of the map: `sqrt(Σ (a - mean)² / (height * width))`."""
    # In parts that stay in the processor's cache while NumPy goes over them several times.
    parts = np.array_split(maps, max(1, maps.size // _PART))
    return _to_float32(
        np.concatenate([one.std(axis=(1, 2), dtype=np.float64) for one in parts])
    )


def zero_share(maps: FloatArray) -> FloatArray:
    """Share of units that are exactly zero: average percentage of zeros (APoZ), 0 to 1.

    Hu et al. 2016, arXiv 1607.03250, equation 1, for one image. It is meant for maps after
    a rectifier; where none follows, it is not defined.
    """
    return _to_float32((maps == 0).mean(axis=(1, 2), dtype=np.float64))


def share_at(maps: FloatArray, ends: Sequence[float]) -> FloatArray:
    """Share of units at an end of the range of a bounded activation function, 0 to 1.

    There the gradient is (nearly) zero: the unit is saturated.

    Args:
      maps: `[channel, height, width]`, after the activation function.
      ends: Values; a unit counts within a thousandth of one of them. None of them: NaN.
    """
    if not ends:
        return np.full(len(maps), np.nan, np.float32)
    at_end = np.any([np.abs(maps - end) <= _AT_END for end in ends], axis=0)
    return _to_float32(at_end.mean(axis=(1, 2), dtype=np.float64))


def l1_norm(kernels: FloatArray, scale: FloatArray | None = None) -> FloatArray:
    """Sum of the absolute weights of a filter, `Σ |w|`.

    Li et al. 2017, arXiv 1608.08710, section 3.1.

    Args:
      kernels: `[channel, plane, height, width]`.
      scale: `[channel]`, what a BatchNormalization that directly follows multiplies each
        channel with, `gamma / sqrt(variance + epsilon)`: its magnitude is folded in.
    """
    return _scaled(np.abs(kernels).sum(axis=(1, 2, 3), dtype=np.float64), scale)


def l2_norm(kernels: FloatArray, scale: FloatArray | None = None) -> FloatArray:
    """Euclidean length of a filter, `sqrt(Σ w²)`; arguments as `l1_norm`."""
    squares = np.square(kernels, dtype=np.float64).sum(axis=(1, 2, 3))
    return _scaled(np.sqrt(squares), scale)


def taylor(maps: FloatArray, gradients: FloatArray) -> FloatArray:
    """Change of the loss if the channel were removed, to first order: `|Σ a g / n|`.

    Molchanov et al. 2017, arXiv 1611.06440, equation 8, for one image and without the
    normalization over layers of its equation 9.

    Args:
      maps: `[channel, height, width]`, with `n` units per map.
      gradients: The gradient of the logarithm of the predicted class' probability, or of the
        largest output, with respect to `maps`; of the same shape.
    """
    return _to_float32(np.abs(np.mean(maps * gradients, axis=(1, 2), dtype=np.float64)))


_COMPARED_SIZE = 32
"""Pictures are compared at no more than so many rows and columns."""


class Specificity:
    """How different each filter's gradient picture is from the other filters', 0 to 1.

    `1 - mean over the other filters of |cosine(picture, other picture)|`. Pictures are
    compared as they are shown: crops on their units, whole frames as they are; averaged to
    at most 32 by 32 pixels, which keeps the memory small. Near 0: this filter's picture is
    the same as all others, so it shows the input (its edges) rather than the filter. Guided
    gradients are known to do that: Adebayo et al. 2018, arXiv 1810.03292; Nie et al. 2018,
    arXiv 1805.07039. A picture without any gradient has no value (NaN), and is left out of
    the others' means.

    Blocks are added as they are computed; at most 12 KiB per filter is kept.
    """

    def __init__(self) -> None:
        self._pictures: list[FloatArray] = []

    def add(self, values: FloatArray) -> None:
        """`values`: `[filter, height, width, input channel]`; all calls of equal size."""
        reduced = grid_average(values, _COMPARED_SIZE)
        self._pictures.append(reduced.reshape(len(values), -1))

    def values(self) -> FloatArray:
        """`float32 [filter]`, in the order in which they were added."""
        if not self._pictures:
            return np.zeros(0, np.float32)
        pictures = np.concatenate(self._pictures)
        length = np.linalg.norm(pictures, axis=1, keepdims=True)
        alive = (length[:, 0] > 0) & np.isfinite(length[:, 0])
        units = pictures[alive] / length[alive]
        similar = np.abs(units @ units.T)
        others = max(len(units) - 1, 1)
        result = np.full(len(pictures), np.nan, np.float32)
        result[alive] = 1 - (similar.sum(axis=1) - np.diagonal(similar)) / others
        return np.clip(result, 0, 1)


def _scaled(norms: FloatArray, scale: FloatArray | None) -> FloatArray:
    return _to_float32(norms if scale is None else norms * np.abs(scale))


def _to_float32(values: FloatArray) -> FloatArray:
    return np.asarray(values, np.float32)
