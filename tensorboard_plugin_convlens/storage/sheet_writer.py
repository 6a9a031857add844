"""Float pictures to sheets in a pack: quantize, compress, note the place.

Gradients come in blocks of filters and leave as they come: two sheets grow at once, the
values in the pack and the small magnitudes in memory until the values are complete.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable
from typing import BinaryIO, Literal

import numpy as np

from tensorboard_plugin_convlens.core.quantize import quantize
from tensorboard_plugin_convlens.core.records import (
    FloatArray,
    Form,
    Gradients,
    IntArray,
    Method,
    Quantized,
    Sheet,
    Target,
)
from tensorboard_plugin_convlens.core.reduce import box_average, magnitude, reduction
from tensorboard_plugin_convlens.storage.pack import HEADER, SheetEncoder, Stored


class PackWriter:
    """Writes the sheets of one pack, in the order of the calls."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Starts the pack `name` in an empty file."""
        self._file = file
        self._name = name
        file.write(HEADER)

    def add_maps(self, maps: FloatArray, *, input_index: int) -> Sheet:
        """Writes the feature maps of a layer, `float32 [channel, height, width]`."""
        return self._add_whole("activation", maps[:, None], input_index)

    def add_kernels(self, kernels: FloatArray) -> Sheet:
        """Writes kernels, `float32 [channel, plane, height, width]`, always signed."""
        return self._add_whole("kernel", kernels, -1, signed=True)

    def add_gradients(
        self,
        blocks: Iterable[Gradients],
        *,
        method: Literal["guided", "gradient"],
        target: Target,
        input_index: int,
        observe: Callable[[Gradients], None] | None = None,
    ) -> tuple[Sheet, ...]:
        """Writes gradients twice: signed values, and their magnitude for tiles.

        The magnitude is `max |g|` over the input channels, averaged over cells so that
        neither side exceeds 64 pixels.

        Args:
          blocks: In ascending order of channels; all with crops of one size.
          method, target: What they are.
          input_index: Of the input image.
          observe: Is shown every block before it is let go.

        Returns:
          The sheet of values and the sheet of magnitudes, or nothing without blocks.
        """
        values: _GrowingSheet | None = None
        sizes: _GrowingSheet | None = None
        for block in blocks:
            if observe is not None:
                observe(block)
            picture = block.values.shape[1:3]
            factor = reduction(*picture)
            if values is None or sizes is None:
                values = _GrowingSheet(self._file, signed=True)
                sizes = _GrowingSheet(io.BytesIO(), signed=False)
            values.add(np.moveaxis(block.values, -1, 1), block, frame=picture)
            small = box_average(magnitude(block.values), factor)
            covered = (small.shape[1] * factor, small.shape[2] * factor)
            sizes.add(small[:, None], block, frame=covered)
        if values is None or sizes is None:
            return ()
        first = values.finish(self._name, method, "values", input_index, target)
        second = sizes.finish(self._name, method, "magnitude", input_index, target)
        return first, self._append(sizes.file, second)

    def _append(self, buffer: BinaryIO, sheet: Sheet) -> Sheet:
        """Moves a sheet that was written to a buffer to the end of the pack."""
        offset = self._file.tell()
        buffer.seek(0)
        self._file.write(buffer.read())
        return dataclasses.replace(sheet, offset=offset)

    def _add_whole(
        self, method: Method, planes: FloatArray, input_index: int, signed: bool | None = None
    ) -> Sheet:
        quantized = quantize(planes, signed=signed)
        shape = quantized.levels.shape
        encoder = SheetEncoder(self._file, (shape[1], shape[2], shape[3]))
        encoder.add(quantized.levels)
        return _sheet(encoder.finish(), quantized, self._name, method, "values", input_index)


class _GrowingSheet:
    """A sheet of gradients while its blocks arrive."""

    def __init__(self, file: BinaryIO, *, signed: bool) -> None:
        self.file = file
        self._signed = signed
        self._encoder: SheetEncoder | None = None
        self._quantized: list[Quantized] = []
        self._blocks: list[Gradients] = []
        self._frame = (0, 0)

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

    def finish(
        self, pack: str, method: Method, form: Form, input_index: int, target: Target
    ) -> Sheet:
        assert self._encoder is not None, "finish follows at least one add"
        parts, blocks = self._quantized, self._blocks
        whole = Quantized(
            levels=parts[0].levels,
            signed=self._signed,
            scale=np.concatenate([part.scale for part in parts]),
            nan=np.concatenate([part.nan for part in parts]),
            infinite=np.concatenate([part.infinite for part in parts]),
        )
        sheet = _sheet(self._encoder.finish(), whole, pack, method, form, input_index)
        return dataclasses.replace(
            sheet,
            target=target,
            frame=self._frame,
            source=blocks[0].source,
            top=_join([block.top for block in blocks]),
            left=_join([block.left for block in blocks]),
            unit_row=_join([block.unit_row for block in blocks]),
            unit_column=_join([block.unit_column for block in blocks]),
        )


def _join(parts: list[IntArray]) -> tuple[int, ...]:
    return tuple(int(value) for part in parts for value in part)


def _sheet(
    stored: Stored, quantized: Quantized, pack: str, method: Method, form: Form, index: int
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
    )
