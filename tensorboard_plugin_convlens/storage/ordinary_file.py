"""An ordinary file of a log directory, open for reading; nobody vouches for what is in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError


class OrdinaryFile:
    """Reads any part of one file, which is opened once."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Takes a file that is open for reading, and its name for messages.

        Raises:
          FormatError: It is a directory, a pipe or a device, or nothing can be found out
            about it.
        """
        try:
            status = os.fstat(file.fileno())
        except OSError as error:
            raise _unreadable(name, error) from error
        if not stat.S_ISREG(status.st_mode):
            raise FormatError(f"{name!r} is not an ordinary file.")
        self.size = status.st_size
        """Bytes that it had when it was opened."""
        self._file = file
        self._name = name

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`.

        Raises:
          FormatError: The file ends before, or cannot be read.
        """
        end = offset + length
        if offset < 0 or length < 0 or end > self.size:
            raise FormatError(
                f"{self._name!r} is damaged: it is cut short. Expected {end} bytes, "
                f"got {self.size}."
            )
        try:
            self._file.seek(offset)
            content = self._file.read(length)
        except OSError as error:
            raise _unreadable(self._name, error) from error
        if len(content) != length:
            raise FormatError(f"{self._name!r} was cut short while it was read.")
        return content


@contextmanager
def ordinary_file(path: Path) -> Iterator[OrdinaryFile]:
    """Opens a file; a symbolic link is refused.

    Raises:
      NotCapturedError: There is no such file.
      FormatError: It is no ordinary file, or cannot be opened.
    """
    try:
        # A pipe without a writer would block.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotCapturedError(
            f"The file {path.name!r} is gone from the log directory."
        ) from None
    except OSError as error:
        raise _unreadable(path.name, error) from error
    try:
        file = os.fdopen(handle, "rb")
    except OSError as error:  # A directory.
        os.close(handle)
        raise FormatError(f"{path.name!r} is not an ordinary file.") from error
    with file:
        yield OrdinaryFile(file, path.name)


def _unreadable(name: str, error: OSError) -> FormatError:
    return FormatError(f"Cannot read {name!r}: {error.strerror or error}.")
