"""Writes float pictures as sheets of a pack: quantizes, compresses, notes the place.

Gradients arrive in blocks of filters and are written at once. Two sheets grow together: the
values in the pack, and the small magnitudes in memory until the values are complete.
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from tensorboard_plugin_convlens.core.pictures.quantize import quantize
from tensorboard_plugin_convlens.core.pictures.reduce import box_average, magnitude, reduction
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    FloatArray,
    Form,
    Gradients,
    IntArray,
    Method,
    Placement,
    Quantized,
    Sheet,
    Target,
)
from tensorboard_plugin_convlens.storage.format.pack import HEADER, SheetEncoder, Stored


@dataclass(frozen=True, slots=True)
class GradientKey:
    """The method, the target and the input image of gradients."""

    method: Literal["guided", "gradient"]
    target: Target
    input: int


class PackWriter:
    """Writes the sheets of one pack, in the order of the calls."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Starts the pack `name` in an empty file."""
        self._file = file
        self._name = name
        file.write(HEADER)

    def add_maps(
        self,
        maps: FloatArray,
        *,
        input_index: int,
        stage: ActivationStage | None = None,
    ) -> Sheet:
        """Writes feature maps, `float32 [channel, height, width]`, and their stage."""
        sheet = self._add_whole("activation", maps[:, None], input_index)
        return dataclasses.replace(sheet, stage=stage)

    def add_kernels(self, kernels: FloatArray) -> Sheet:
        """Writes kernels, `float32 [channel, plane, height, width]`, always signed."""
        return self._add_whole("kernel", kernels, None, signed=True)

    def begin_gradients(self, key: GradientKey) -> GradientSheets:
        """Begins the sheets of a layer's gradients; finish them before anything else."""
        return GradientSheets(self._file, self._name, key)

    def _add_whole(
        self,
        method: Method,
        planes: FloatArray,
        input_index: int | None,
        signed: bool | None = None,
    ) -> Sheet:
        quantized = quantize(planes, signed=signed)
        shape = quantized.levels.shape
        encoder = SheetEncoder(self._file, (shape[1], shape[2], shape[3]))
        encoder.add(quantized.levels)
        return _sheet(encoder.finish(), quantized, self._name, method, "values", input_index)


class GradientSheets:
    """The gradients of one layer at one input image, written twice as they arrive.

    Signed values, and their magnitude for tiles: `max |g|` over the input channels,
    averaged over cells so that neither side exceeds 64 pixels.
    """

    def __init__(self, file: BinaryIO, pack: str, key: GradientKey) -> None:
        """Appends to `file`, the pack of this name."""
        self._pack = pack
        self._key = key
        self._values = _GrowingSheet(file, signed=True)
        self._sizes = _GrowingSheet(io.BytesIO(), signed=False)
        self._file = file

    def add(self, block: Gradients) -> None:
        """Appends a block; blocks ascend and have crops of one size."""
        picture = block.values.shape[1:3]
        factor = reduction(*picture)
        self._values.add(np.moveaxis(block.values, -1, 1), block, frame=picture)
        small = box_average(magnitude(block.values), factor)
        covered = (small.shape[1] * factor, small.shape[2] * factor)
        self._sizes.add(small[:, None], block, frame=covered)

    def finish(self) -> tuple[Sheet, ...]:
        """The sheet of values and the sheet of magnitudes, or nothing without blocks."""
        if self._values.is_empty:
            return ()
        values = self._values.finish(self._pack, self._key, "values")
        sizes = self._sizes.finish(self._pack, self._key, "magnitude")
        offset = self._file.tell()
        self._sizes.file.seek(0)
        self._file.write(self._sizes.file.read())
        return values, dataclasses.replace(sizes, offset=offset)


class _GrowingSheet:
    """A sheet of gradients while its blocks arrive."""

    def __init__(self, file: BinaryIO, *, signed: bool) -> None:
        self.file = file
        self._signed = signed
        self._encoder: SheetEncoder | None = None
        self._quantized: list[Quantized] = []
        self._blocks: list[Gradients] = []
        self._frame = (0, 0)

    @property
    def is_empty(self) -> bool:
        return self._encoder is None

    def add(self, planes: FloatArray, block: Gradients, *, frame: tuple[int, ...]) -> None:
        quantized = quantize(planes, signed=self._signed)
        shape = quantized.levels.shape
        if self._encoder is None:
            self._encoder = SheetEncoder(self.file, (shape[1], shape[2], shape[3]))
            self._frame = (frame[0], frame[1])
        self._encoder.add(quantized.levels)
        nothing = np.zeros((0, *shape[1:]), np.uint8)
        self._quantized.append(dataclasses.replace(quantized, levels=nothing))
        self._blocks.append(dataclasses.replace(block, values=block.values[:0].copy()))

    def finish(self, pack: str, key: GradientKey, form: Form) -> Sheet:
        assert self._encoder is not None, "finish follows at least one add"
        parts, blocks = self._quantized, self._blocks
        whole = Quantized(
            levels=parts[0].levels,
            signed=self._signed,
            scale=np.concatenate([part.scale for part in parts]),
            nan=np.concatenate([part.nan for part in parts]),
            infinite=np.concatenate([part.infinite for part in parts]),
        )
        sheet = _sheet(self._encoder.finish(), whole, pack, key.method, form, key.input)
        placement = Placement(
            source=blocks[0].source,
            cropped=any(block.cropped for block in blocks),
            frame=self._frame,
            top=_join([block.top for block in blocks]),
            left=_join([block.left for block in blocks]),
            unit_row=_join([block.unit_row for block in blocks]),
            unit_column=_join([block.unit_column for block in blocks]),
        )
        return dataclasses.replace(sheet, target=key.target, placement=placement)


def _join(parts: list[IntArray]) -> tuple[int, ...]:
    return tuple(int(value) for part in parts for value in part)


def _sheet(
    stored: Stored,
    quantized: Quantized,
    pack: str,
    method: Method,
    form: Form,
    index: int | None,
) -> Sheet:
    planes, height, width = quantized.levels.shape[1:]
    return Sheet(
        method=method,
        form=form,
        input=index,
        channels=len(quantized.scale),
        planes=planes,
        height=height,
        width=width,
        signed=quantized.signed,
        scale=quantized.scale,
        nan=quantized.nan,
        infinite=quantized.infinite,
        sha256=stored.sha256,
        pack=pack,
        offset=stored.offset,
        length=stored.length,
        channels_per_segment=stored.channels_per_segment,
        segments=stored.segments,
        checksums=stored.checksums,
    )
