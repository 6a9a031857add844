"""Real values to 8-bit levels and back.

Level 0 always means "not a finite number". In a signed plane the levels 1 … 255 stand for
`-scale … scale` and 128 is exactly zero; in an unsigned one they stand for `0 … scale` and
1 is exactly zero. `scale` is the largest finite magnitude of the channel, so nothing is
clipped, and zero has its own level, so a difference of colour at zero is never an artefact.

The error is at most half a step: `scale / 254` signed, `scale / 508` unsigned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import FloatArray, Quantized

_SIGNED_STEPS = 127
_UNSIGNED_STEPS = 254


def quantize(planes: FloatArray, *, signed: bool | None = None) -> Quantized:
    """Quantizes `float32 [channel, plane, height, width]`, each channel by its own scale.

    A channel without a finite value other than zero gets scale 0 and all levels zero.
    NaN and infinities are counted, become level 0 and do not take part in the scale.

    Args:
      planes: The values.
      signed: Whether levels for negative values are kept; by default only if there are any.

    Raises:
      ValueError: `signed` is False and there are negative values, or the rank is not 4.
    """
    if planes.ndim != 4:
        raise ValueError(
            f"Planes to quantize must be [channel, plane, height, width]; got {planes.shape}."
        )
    finite = np.isfinite(planes)
    clean = planes if finite.all() else np.where(finite, planes, np.float32(0))
    has_negative = bool(clean.size) and bool((clean < 0).any())
    if signed is False and has_negative:
        raise ValueError("Negative values cannot be quantized to unsigned levels.")
    signed = has_negative if signed is None else signed
    scale = _largest_magnitude(clean)
    return Quantized(
        levels=np.where(finite, _to_levels(clean, scale, signed), np.uint8(0)),
        signed=signed,
        scale=scale,
        nan=np.isnan(planes).sum(axis=(1, 2, 3), dtype=np.int32),
        infinite=np.isinf(planes).sum(axis=(1, 2, 3), dtype=np.int32),
    )


def dequantize(levels: NDArray[np.uint8], scale: FloatArray, *, signed: bool) -> FloatArray:
    """The inverse of `quantize`, to half a step. Level 0 becomes NaN.

    Args:
      levels: `uint8 [channel, …]`.
      scale: `float32 [channel]`.
      signed: See `Sheet`.

    Returns:
      `float32` of the shape of `levels`.
    """
    zero, steps = (128, _SIGNED_STEPS) if signed else (1, _UNSIGNED_STEPS)
    table = (np.arange(256, dtype=np.float32) - zero) / np.float32(steps)
    table[0] = np.nan
    per_channel = scale.astype(np.float32).reshape(-1, *([1] * (levels.ndim - 1)))
    values: FloatArray = table[levels] * per_channel
    return values


def quantization_error(scale: FloatArray, *, signed: bool) -> FloatArray:
    """The largest difference between a value and its dequantized level, per channel."""
    return (scale / np.float32(2 * (_SIGNED_STEPS if signed else _UNSIGNED_STEPS))).astype(
        np.float32
    )


def _largest_magnitude(clean: FloatArray) -> FloatArray:
    """`max |v|` per channel; 0 for a channel without values."""
    if clean.shape[0] == 0 or clean[0].size == 0:
        return np.zeros(clean.shape[0], np.float32)
    largest: FloatArray = np.maximum(clean.max(axis=(1, 2, 3)), -clean.min(axis=(1, 2, 3)))
    return largest


def _to_levels(clean: FloatArray, scale: FloatArray, signed: bool) -> NDArray[np.uint8]:
    """Levels of finite values. Dividing first keeps tiny scales from overflowing."""
    zero, steps = (128, _SIGNED_STEPS) if signed else (1, _UNSIGNED_STEPS)
    divisor = np.where(scale > 0, scale, np.float32(1))[:, None, None, None]
    return (np.rint(clean / divisor * np.float32(steps)) + zero).clip(1, 255).astype(np.uint8)
