"""Reads and checks the stored bytes of a sheet, large sheets in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import FormatError, UnreadableError
from tensorboard_plugin_convlens.core.records import SheetPlace
from tensorboard_plugin_convlens.storage.format.pack import HEADER, check_header
from tensorboard_plugin_convlens.storage.ordinary_file import (
    Identity,
    OrdinaryFile,
    ordinary_file,
)

# Read at once. Longer sheets are read twice: for the checksum, and to be sent.
_AT_ONCE = 2 * 2**20
_BLOCK = 2**18


@dataclass(frozen=True, slots=True)
class StoredSheet:
    """A gzip member whose checksum was compared.

    Attributes:
      length: Its length, in bytes.
      raw_length: Length of the inflated levels.
      content: The bytes, or their place in a file.
    """

    length: int
    raw_length: int
    content: bytes | _InPack

    def parts(self) -> Iterator[bytes]:
        """The bytes, one part after the other.

        Raises:
          UnreadableError: The pack was replaced, or can no longer be read.
        """
        if isinstance(self.content, bytes):
            yield self.content
        else:
            yield from self.content.parts()

    def read(self) -> bytes:
        """All bytes."""
        return b"".join(self.parts())


@dataclass(frozen=True, slots=True)
class _InPack:
    """A sheet that is too long to hold in memory.

    Attributes:
      path: Path of the pack.
      place: Place of the sheet in the pack.
      identity: Identity of the pack when the checksum was compared.
    """

    path: str
    place: SheetPlace
    identity: Identity

    def parts(self) -> Iterator[bytes]:
        """Yields `StoredSheet.parts`; a checksum proves that the bytes are unchanged."""
        with ordinary_file(self.path) as file:
            if file.identity != self.identity:
                raise UnreadableError(f"The pack {self.place.pack!r} was replaced. Try again.")
            yield from _checked_parts(file, self.place)


def read_stored(path: str, place: SheetPlace) -> StoredSheet:
    """A sheet of the pack at `path`.

    Raises:
      NotCapturedError: There is no such pack.
      FormatError: The SHA-256 does not match the manifest, or the pack is cut short.
    """
    with ordinary_file(path) as file:
        check_header(file.read(0, len(HEADER)))
        if place.length > _AT_ONCE:
            check_whole(file, place)
            content: bytes | _InPack = _InPack(path, place, file.identity)
        else:
            content = b"".join(_checked_parts(file, place))
    return StoredSheet(place.length, place.raw_length, content)


def check_whole(file: OrdinaryFile, place: SheetPlace) -> None:
    """Compares the checksum of a sheet in small parts. Raises `FormatError`."""
    for _ in _checked_parts(file, place):
        pass


def checked_sheet(content: bytes, place: SheetPlace) -> StoredSheet:
    """A sheet from its bytes. Raises `FormatError` if the SHA-256 does not match."""
    if hashlib.sha256(content).hexdigest() != place.sha256:
        raise _damaged(place)
    return StoredSheet(len(content), place.raw_length, content)


def _checked_parts(file: OrdinaryFile, place: SheetPlace) -> Iterator[bytes]:
    """The bytes of a sheet; after the last one, an error if the checksum does not match."""
    digest = hashlib.sha256()
    for start in range(0, place.length, _BLOCK):
        part = file.read(place.offset + start, min(_BLOCK, place.length - start))
        digest.update(part)
        yield part
    if digest.hexdigest() != place.sha256:
        raise _damaged(place)


def _damaged(place: SheetPlace) -> FormatError:
    what = f"A sheet in {place.pack!r}" if place.pack else "A sheet"
    return FormatError(
        f"{what} is damaged: its SHA-256 does not match the manifest. The other sheets are not "
        "affected."
    )
