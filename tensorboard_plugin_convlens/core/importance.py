"""Numbers that say how much a filter does: one per filter, each with formula and source.

`a[c, y, x]` is the feature map of channel `c` for one input image.
"""

from __future__ import annotations

import numpy as np

from tensorboard_plugin_convlens.core.records import FloatArray


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
    return _to_float32(maps.std(axis=(1, 2), dtype=np.float64))


def zero_share(maps: FloatArray) -> FloatArray:
    """Share of units that are exactly zero: average percentage of zeros (APoZ), 0 to 1.

    Hu et al. 2016, arXiv 1607.03250, equation 1, for one image. It is meant for maps after
    a rectifier; where none follows, few units are exactly zero and the share is near 0.
    """
    return _to_float32((maps == 0).mean(axis=(1, 2), dtype=np.float64))


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
      gradients: Of the logarithm of the predicted class' probability, or of the largest
        output, with respect to `maps`; of the same shape.
    """
    return _to_float32(np.abs(np.mean(maps * gradients, axis=(1, 2), dtype=np.float64)))


def _scaled(norms: FloatArray, scale: FloatArray | None) -> FloatArray:
    return _to_float32(norms if scale is None else norms * np.abs(scale))


def _to_float32(values: FloatArray) -> FloatArray:
    return np.asarray(values, np.float32)
