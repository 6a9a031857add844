"""A pack: one file with all sheets of one step and one input image.

A pack is the eight bytes `CLPK`, format version (`uint32`, little-endian), then stored
sheets one after the other; the manifest has the place of each. A pack never changes.

A stored sheet is one ordinary gzip member, so that the server can send it untouched with
`Content-Encoding: gzip`. Its deflate stream is flushed fully after every segment of
`channels_per_segment` channels; a segment can therefore be inflated alone, from its
offset, which makes one filter cost one small read (`storage/reading/tile.py`).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import FormatError

MAGIC = b"CLPK"
FORMAT_VERSION = 1
HEADER = MAGIC + struct.pack("<I", FORMAT_VERSION)

# A gzip member without name and time (RFC 1952), so that equal sheets are equal bytes.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_RAW_DEFLATE = -15
# A higher level costs three times the time for one tenth of the size (benchmarks).
_LEVEL = 1
# Small maps share a segment: a full flush costs some 40 bytes of Huffman tables.
_SEGMENT_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Stored:
    """The place and form of a finished sheet in its pack. Offsets and lengths are in bytes."""

    sha256: str
    offset: int
    length: int
    channels_per_segment: int
    segments: tuple[int, ...]
    checksums: tuple[int, ...]


class SheetEncoder:
    """Compresses the levels of one sheet, block by block, into a file.

    Nothing is buffered, so memory does not grow with the number of channels.
    """

    def __init__(self, file: BinaryIO, plane_shape: tuple[int, int, int]) -> None:
        """Starts a sheet at the end of `file`.

        Args:
          file: Open for writing.
          plane_shape: `(planes, height, width)` of one channel.
        """
        channel_bytes = max(1, int(np.prod(plane_shape)))
        self.channels_per_segment = max(1, _SEGMENT_BYTES // channel_bytes)
        self._plane_shape = plane_shape
        self._file = file
        self._offset = file.tell()
        self._length = 0
        self._channels = 0
        self._checksum = 0
        self._raw_length = 0
        self._segments: list[int] = []
        self._checksums: list[int] = []
        self._hash = hashlib.sha256()
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        self._write(_GZIP_HEADER)

    def add(self, levels: NDArray[np.uint8]) -> None:
        """Appends `uint8 [channel, plane, height, width]`.

        Raises:
          ValueError: The planes are not of the shape given at the start.
        """
        if levels.shape[1:] != self._plane_shape:
            raise ValueError(
                f"A sheet of planes {self._plane_shape} got planes {levels.shape[1:]}."
            )
        levels = np.ascontiguousarray(levels)
        start = 0
        while start < len(levels):
            # What is left of a segment at once: a call takes longer than a small channel.
            begun = self._channels % self.channels_per_segment
            if begun == 0:
                self._write(self._deflate.flush(zlib.Z_FULL_FLUSH))
                self._segments.append(self._length)
                self._checksums.append(zlib.crc32(b""))
            raw = levels[start : start + self.channels_per_segment - begun].data
            self._checksum = zlib.crc32(raw, self._checksum)
            self._raw_length += raw.nbytes
            self._write(self._deflate.compress(raw))
            self._channels += len(raw)
            start += len(raw)

    def finish(self) -> Stored:
        """Ends the sheet and returns its place."""
        self._write(self._deflate.flush(zlib.Z_FINISH))
        self._write(struct.pack("<II", self._checksum, self._raw_length & 0xFFFFFFFF))
        return Stored(
            sha256=self._hash.hexdigest(),
            offset=self._offset,
            length=self._length,
            channels_per_segment=self.channels_per_segment,
            segments=tuple(self._segments),
            checksums=tuple(self._checksums),
        )

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._length += len(data)
        if self._checksums:
            self._checksums[-1] = zlib.crc32(data, self._checksums[-1])


def decode_sheet(stored: bytes, raw_length: int) -> bytes:
    """Inflates a whole stored sheet.

    Args:
      stored: The stored bytes.
      raw_length: Size of the planes in bytes, according to the manifest.

    Raises:
      FormatError: The bytes are not a gzip member, or have another length; no more than
        `raw_length` bytes are ever inflated.
    """
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        raw = inflate.decompress(stored, raw_length + 1)
    except zlib.error as error:
        raise FormatError(f"A sheet is damaged and cannot be inflated: {error}.") from error
    if len(raw) != raw_length or not inflate.eof:
        raise FormatError(
            f"A sheet is damaged: expected {raw_length} bytes of levels, got {len(raw)}"
            f"{'' if inflate.eof else ' and no end'}."
        )
    return raw


def decode_segment(segment: bytes, raw_length: int) -> bytes:
    """Inflates one segment of a stored sheet, of `raw_length` bytes.

    Raises:
      FormatError: The bytes are damaged or too few; no more than `raw_length` are inflated.
    """
    if raw_length == 0:
        return b""  # To zlib, a limit of 0 is none.
    inflate = zlib.decompressobj(_RAW_DEFLATE)
    try:
        raw = inflate.decompress(segment, raw_length)
    except zlib.error as error:
        raise FormatError(f"Part of a sheet is damaged: {error}.") from error
    if len(raw) != raw_length:
        raise FormatError(
            f"Part of a sheet is damaged: expected {raw_length} bytes, got {len(raw)}."
        )
    return raw


def check_header(header: bytes) -> None:
    """Checks the first eight bytes of a pack.

    Raises:
      FormatError: They do not begin a pack, or its version is later.
    """
    if header[:4] != MAGIC or len(header) < len(HEADER):
        raise FormatError("A pack is damaged: it does not begin with CLPK.")
    (version,) = struct.unpack("<I", header[4:8])
    if version != FORMAT_VERSION:
        raise FormatError(
            f"A pack has format version {version}; this release reads {FORMAT_VERSION}. "
            "Install a newer tensorboard-plugin-convlens."
        )
