"""A disk whose calls fail or hang on purpose: every call of the operating system is counted."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ERRORS = [
    *(errno.ENOSPC, errno.EACCES, errno.EROFS),
    *(errno.EIO, errno.ESTALE, errno.EMFILE),
]
# What takes a path, or two; `write`, `read` and `close` of open files are in `_File`.
_CALLS = [
    *("open", "stat", "lstat", "mkdir", "listdir", "scandir"),
    *("replace", "rename", "unlink", "remove", "rmdir"),
]


class FaultyDisk:
    """Counts the calls that concern a directory, and lets some fail.

    Attributes:
      calls: Their names, in order.
      on_call: Is called before each with its index; what it raises, the call raises.
    """

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        """Replaces the calls for as long as `patch` holds."""
        self._directory = os.fspath(directory)
        self._lock = threading.Lock()
        self.calls: list[str] = []
        self.on_call: Callable[[int, str], None] = lambda index, name: None
        for name in _CALLS:
            patch.setattr(os, name, self._of_path(name, getattr(os, name)))
        patch.setattr(os, "fsync", self._of_handle("fsync", os.fsync))
        patch.setattr(os, "fstat", self._of_handle("fstat", os.fstat))
        patch.setattr(os, "pwrite", self._of_handle("pwrite", os.pwrite))
        patch.setattr(os, "fdopen", self._open_file)

    def fail(self, number: int, first: int, *, for_ever: bool) -> None:
        """One call fails with an error number, or all calls from it on."""
        self.calls.clear()

        def on_call(index: int, name: str) -> None:
            if index == first or (for_ever and index > first):
                raise OSError(number, os.strerror(number))

        self.on_call = on_call

    def count(self, name: str) -> None:
        """A call of this name happens."""
        with self._lock:
            self.calls.append(name)
            index = len(self.calls) - 1
        self.on_call(index, name)

    def _of_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if arguments and self._concerns(arguments[0]):
                self.count(name)
            return real(*arguments, **named)

        return call

    def _of_handle(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(handle: int, *arguments: Any) -> Any:
            if self._is_inside(handle):
                self.count(name)
            return real(handle, *arguments)

        return call

    def _concerns(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(
            self._directory
        )

    def _is_inside(self, handle: int) -> bool:
        try:
            return os.readlink(f"/proc/self/fd/{handle}").startswith(self._directory)
        except OSError:
            return False

    def _open_file(self, handle: int, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if not self._is_inside(handle):
            return open(handle, mode, *arguments, **named)
        self.count("fdopen")
        raw = _File(handle, mode, self)
        return io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)


class _File(io.FileIO):
    """An open file whose calls count."""

    def __init__(self, handle: int, mode: str, disk: FaultyDisk) -> None:
        super().__init__(handle, mode)
        self._disk = disk

    def write(self, data: Any) -> int:
        self._disk.count("write")
        return super().write(data)

    def readinto(self, buffer: Any) -> int | None:
        self._disk.count("read")
        return super().readinto(buffer)

    def close(self) -> None:
        was_open = not self.closed
        super().close()
        if was_open:
            self._disk.count("close")
