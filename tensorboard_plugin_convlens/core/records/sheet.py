"""Pictures of all filters of a layer, as eight-bit levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records.words import (
    ActivationStage,
    FloatArray,
    Form,
    IntArray,
    Method,
    Target,
)


@dataclass(frozen=True, slots=True)
class Quantized:
    """Planes in 8 bits. See `core/pictures/quantize.py` for the meaning of a level.

    Attributes:
      levels: `uint8 [channel, plane, height, width]`.
      signed: Whether level 128 (True) or level 1 (False) stands for zero.
      scale: `float32 [channel]`, the largest finite magnitude of each channel.
      nan, infinite: `int32 [channel]`, how many values were not finite.
    """

    levels: NDArray[np.uint8]
    signed: bool
    scale: FloatArray
    nan: IntArray
    infinite: IntArray


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """Where the stored bytes of a sheet are; the attributes are those of `Sheet`.

    Attributes:
      raw_length: The number of bytes of the inflated levels.
    """

    pack: str
    offset: int
    length: int
    sha256: str
    raw_length: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the planes of a sheet of gradients lie in an input.

    Attributes:
      source: Index of the input tensor that was differentiated.
      cropped: Whether the planes are crops, outside of which the gradient is zero; False where
        they cover the whole input.
      frame: `(height, width)` in input pixels that one plane covers.
      top, left, unit_row, unit_column: See `Gradients`; an entry per channel.
    """

    source: int
    cropped: bool
    frame: tuple[int, int]
    top: tuple[int, ...]
    left: tuple[int, ...]
    unit_row: tuple[int, ...]
    unit_column: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every picture of one method of one layer at one input image, and where it is kept.

    Attributes:
      method, form: What the planes show.
      input: Index of the input image; None for kernels, which have none.
      stage: If a later layer applies the activation function of this one, the layer has a
        sheet of feature maps before it (`"before"`) and one after it (`"after"`). None for all
        other sheets, and in older captures, which do not store it.
      channels: Number of channels: filters of the layer.
      planes: Planes per channel: 1 for maps and magnitudes, else input channels.
      height, width: The size of one plane.
      signed, scale, nan, infinite: See `Quantized`.
      placement: Where the planes of gradients lie; None for maps and kernels.
      target: What was differentiated; None for maps and kernels.
      sha256: Hexadecimal, of the stored (compressed) bytes.
      pack: File name of the pack.
      offset, length: Place of the stored bytes in the pack.
      channels_per_segment, segments: See `storage/format/pack.py`.
      checksums: CRC-32 of the stored bytes of each segment; None in captures made before they
        were stored, whose sheets can only be checked as a whole.
    """

    method: Method
    form: Form
    input: int | None
    channels: int
    planes: int
    height: int
    width: int
    signed: bool
    scale: FloatArray
    nan: IntArray
    infinite: IntArray
    sha256: str
    pack: str
    offset: int
    length: int
    channels_per_segment: int
    segments: tuple[int, ...]
    placement: Placement | None = None
    target: Target | None = None
    stage: ActivationStage | None = None
    checksums: tuple[int, ...] | None = None

    @property
    def place(self) -> SheetPlace:
        """Where its stored bytes are."""
        raw_length = self.channels * self.planes * self.height * self.width
        return SheetPlace(self.pack, self.offset, self.length, self.sha256, raw_length)
