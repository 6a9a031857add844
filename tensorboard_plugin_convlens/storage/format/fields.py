"""Finds the fields of a protobuf message in a file without reading their contents.

A hostile message can grow a hundredfold when it is parsed. So a reader first finds and counts
its fields, and then parses only those that it needs.
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
# A tag and a length: two varints of ten bytes.
_LONGEST_HEAD = 20
_BLOCK = 2**16

Read = Callable[[int, int], bytes]
"""Bytes from a place up to, not including, another; fewer at the end of the file."""


class MalformedError(ValueError):
    """Bytes are not a protobuf message; the text can follow "is damaged: "."""


class Field(NamedTuple):
    """One field: its number, where it begins, where its value begins, and where both end."""

    number: int
    begin: int
    start: int
    end: int


def fields(read: Read, start: int, end: int) -> Iterator[Field]:
    """The fields of the message that lies from `start` to `end`.

    Raises:
      MalformedError: There is no message, or it has groups, which ConvLens does not write.
    """
    block, base, place = b"", start, start
    while place < end:
        if place + _LONGEST_HEAD > base + len(block) < end:
            base, block = place, read(place, min(place + _BLOCK, end))
        tag, value = read_varint(block, place - base)
        length, value = _length(block, tag & 7, value)
        if base + value + length > end:
            raise MalformedError("a field reaches beyond its end")
        yield Field(tag >> 3, place, base + value, base + value + length)
        place = base + value + length


def _length(block: bytes, kind: int, place: int) -> tuple[int, int]:
    """Length of a value whose tag ends at `place`, and where it begins."""
    if kind == LENGTH_DELIMITED:
        return read_varint(block, place)
    if kind == VARINT:
        return read_varint(block, place)[1] - place, place
    if kind in (FIXED64, FIXED32):
        return (8 if kind == FIXED64 else 4), place
    raise MalformedError(f"a field has the wire type {kind}")


def read_varint(content: bytes, place: int) -> tuple[int, int]:
    """A whole number below 2^64 of a message, and the place after it.

    Raises:
      MalformedError: It does not end, or is larger.
    """
    value = shift = 0
    while True:
        if place >= len(content):
            raise MalformedError("a number in it does not end")
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
        if shift > 63:
            raise MalformedError("a number in it is too large")
    if value >> 64:
        raise MalformedError("a number in it is too large")
    return value, place
