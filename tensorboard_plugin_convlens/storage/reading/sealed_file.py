"""Reads sealed files in parts: manifests of large networks, pictures.

Only the requested parts are held, so that no file makes TensorBoard grow by its size. The
checksum is compared once for each file; it needs all bytes, block by block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.message import Message

from tensorboard_plugin_convlens.core.errors import FormatError, TooLargeError
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.storage.format.bounded_message import parse_bounded
from tensorboard_plugin_convlens.storage.format.fields import Field, MalformedError, fields
from tensorboard_plugin_convlens.storage.ordinary_file import (
    Identity,
    OrdinaryFile,
    ordinary_file,
)

AnyMessage = TypeVar("AnyMessage", bound=Message)

_DIGEST_LENGTH = 32
_BLOCK = 2**20
_MOST_FIELDS = 300_000
_CHECKED: Kept[Identity, bool] = Kept(2**21)


class SealedFile:
    """A sealed message that is open for reading in parts. See `storage/format/sealed.py`.

    Attributes:
      what: Names it in sentences ("manifest of step 3").
      size: Size of the message, in bytes.
      identity: Differs from that of other files under this name.
    """

    def __init__(self, file: OrdinaryFile, what: str) -> None:
        """Takes an open file; use `open_sealed`."""
        self._file = file
        self.what = what
        self.size = max(file.size - _DIGEST_LENGTH, 0)
        self.identity = file.identity
        self._walked = 0

    def check(self) -> None:
        """Compares the checksum, unless that was already done for this file.

        Raises:
          FormatError: It does not match, or the file is cut short.
        """
        if _CHECKED.find(self.identity):
            return
        digest = hashlib.sha256()
        for start in range(0, self.size, _BLOCK):
            digest.update(self.read(start, min(start + _BLOCK, self.size)))
        seal = self._file.read(self.size, self._file.size - self.size)
        if digest.digest() != seal:
            raise FormatError(
                f"The {self.what} is damaged: its SHA-256 does not match its bytes."
            )
        _CHECKED.keep(self.identity, True, 100)

    def read(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end` of the message, fewer at its end."""
        return self._file.read(start, max(min(end, self.size) - start, 0))

    def check_unchanged(self) -> None:
        """Raises `UnreadableError` if the file was changed since it was opened."""
        self._file.check_unchanged()

    def fields(self, start: int = 0, end: int | None = None) -> Iterator[Field]:
        """The fields of the message, or of a message inside it from `start` to `end`.

        Raises:
          FormatError: The bytes are not a message.
          TooLargeError: It has more fields than any file of ConvLens.
        """
        try:
            for field in fields(self.read, start, self.size if end is None else end):
                self._walked += 1
                if self._walked > _MOST_FIELDS:
                    raise TooLargeError(f"The {self.what} has too many parts to be read.")
                yield field
        except MalformedError as error:
            raise FormatError(f"The {self.what} is damaged: {error}.") from error

    def parse(self, content: bytes, message: AnyMessage) -> AnyMessage:
        """Parses bytes of the file.

        Raises:
          FormatError: They are not such a message.
          TooLargeError: They would take much more memory than their length.
        """
        return parse_bounded(content, message, self.what)


@contextmanager
def open_sealed(path: str, what: str, most_bytes: int) -> Iterator[SealedFile]:
    """A sealed file, not yet checked. Raises as `ordinary_file`, and `TooLargeError`."""
    with ordinary_file(path) as file:
        if file.size > most_bytes + _DIGEST_LENGTH:
            raise TooLargeError(
                f"The {what} is too large to read: {file.size:,} bytes, expected at most "
                f"{most_bytes:,}."
            )
        yield SealedFile(file, what)
