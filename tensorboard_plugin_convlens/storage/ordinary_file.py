"""Opens an ordinary file of a log directory for reading; its contents are untrusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from tensorboard_plugin_convlens.core.errors import (
    FormatError,
    NotCapturedError,
    UnreadableError,
)

Identity = tuple[int, int, int, int, int]
"""Device, inode, size, and the times of the last changes of content and of status."""


class OrdinaryFile:
    """Reads any part of one file, which is opened once.

    Attributes:
      size: Its bytes when it was opened.
      identity: Differs from that of other files and of earlier versions.
    """

    def __init__(self, handle: int, name: str) -> None:
        """Takes a handle that is open for reading, and its name for messages.

        Raises:
          FormatError: It is a directory, a pipe or a device, or its status cannot be read.
        """
        self._handle = handle
        self._name = name
        status = self._status()
        if not stat.S_ISREG(status.st_mode):
            raise FormatError(f"{name!r} is not an ordinary file.")
        self.size = status.st_size
        self.identity = identity_of(status)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`.

        Raises:
          FormatError: The file ends too early, or cannot be read.
        """
        end = offset + length
        if offset < 0 or length < 0 or end > self.size:
            raise FormatError(
                f"{self._name!r} is damaged: it is cut short. Expected {end} bytes, "
                f"got {self.size}."
            )
        parts = []
        while offset < end:
            try:
                part = os.pread(self._handle, end - offset, offset)
            except OSError as error:
                raise _unreadable(self._name, error) from error
            if not part:
                raise UnreadableError(f"{self._name!r} was cut short while it was read.")
            parts.append(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def check_unchanged(self) -> None:
        """Raises `UnreadableError` if the file was changed since it was opened."""
        if identity_of(self._status()) != self.identity:
            raise UnreadableError(f"{self._name!r} changed while it was read. Try again.")

    def _status(self) -> os.stat_result:
        try:
            return os.fstat(self._handle)
        except OSError as error:
            raise _unreadable(self._name, error) from error


@contextmanager
def ordinary_file(path: str | os.PathLike[str]) -> Iterator[OrdinaryFile]:
    """Opens a file; a symbolic link is refused.

    Raises:
      NotCapturedError: There is no such file.
      FormatError: It is not an ordinary file, or cannot be opened.
    """
    name = os.path.basename(path)
    try:
        # A pipe without a writer would block.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotCapturedError(f"The file {name!r} is gone from the log directory.") from None
    except OSError as error:
        raise _unreadable(name, error) from error
    try:
        yield OrdinaryFile(handle, name)
    finally:
        os.close(handle)


def identity_of(status: os.stat_result) -> Identity:
    """A value that differs between files, and between versions of a file."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _unreadable(name: str, error: OSError) -> UnreadableError:
    return UnreadableError(f"Cannot read {name!r}: {error.strerror or error}.")
