"""Checks untrusted PNG files and removes everything but their pixels.

https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tensorboard_plugin_convlens.core.errors import FormatError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The header that ConvLens writes: 8 bits, RGB, deflate, the usual filters, not interlaced.
_RGB = bytes((8, 2, 0, 0, 0))
_LARGEST = 25_000_000  # Pixels; 75 MB when it is decoded.
_BLOCK = 2**16


def checked_png(content: bytes, height: int, width: int) -> bytes:
    """A picture of the given size, with only the parts that are needed to show it.

    The pixels are inflated to see that they are all there, block by block.

    Raises:
      FormatError: It is not an RGB picture of 8 bits and that size, damaged, or of more than 25
        million pixels.
    """
    if not 0 < height * width <= _LARGEST:
        raise FormatError(
            f"An input picture cannot be shown: it has {height} by {width} pixels, expected 1 "
            f"to {_LARGEST:,}."
        )
    header = b""
    pixels: list[bytes] = []
    for name, data in _chunks(content):
        if name == b"IHDR":
            header = data
        elif name == b"IDAT":
            pixels.append(data)
    if header != struct.pack(">II", width, height) + _RGB:
        raise _damaged(f"it is not an RGB picture of {height} by {width} pixels")
    _check_pixels(pixels, height * (1 + 3 * width))
    chunks = [(b"IHDR", header), *((b"IDAT", one) for one in pixels), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The name and data of every chunk."""
    if not content.startswith(_SIGNATURE):
        raise _damaged("it is not a PNG file")
    place, name = len(_SIGNATURE), b""
    while name != b"IEND":
        head = content[place : place + 8]
        if len(head) < 8:
            raise _damaged("it ends too early")
        length, name = struct.unpack(">I4s", head)
        end = place + 8 + length
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(content[place + 4 : end])):
            raise _damaged("a checksum in it is wrong")
        yield name, content[place + 8 : end]
        place = end + 4


def _check_pixels(parts: list[bytes], expected: int) -> None:
    inflate = zlib.decompressobj()
    length = 0
    try:
        for part in parts:
            rest = part
            while rest and not inflate.eof and length <= expected:
                length += len(inflate.decompress(rest, _BLOCK))
                rest = inflate.unconsumed_tail
        while not inflate.eof and length <= expected and (more := inflate.decompress(b"", 1)):
            length += len(more)
    except zlib.error as error:
        raise _damaged(str(error)) from error
    if length != expected or not inflate.eof:
        raise _damaged("it has too few or too many pixels")


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(name))
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", checksum)


def _damaged(why: str) -> FormatError:
    return FormatError(f"An input picture is damaged: {why}.")
