"""The file of a session, locked while the session is alive.

A session takes a name that sorts after all sessions in the run's directory, whatever the clock
says. So its file appears as soon as it begins, before its first step. The lock is `flock`,
which the operating system releases whenever a process ends. Several processes may write one
session: they share the lock.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import ConvLensError, StorageError
from tensorboard_plugin_convlens.storage.filesystem import list_directory
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.ordinary_file import ordinary_file

logger = logging.getLogger(__name__)
_LARGEST_FILE = 4096
_ATTEMPTS = 8


def latest_session(directory: Path) -> str:
    """The latest session of a plugin directory, or "" if there is none.

    Raises:
      StorageError: The directory cannot be read.
    """
    there = filter(None, map(names.session_of, list_directory(directory)))
    return max(there, key=names.session_start, default="")


def take_session(kind: Literal["training", "capture"], after: str) -> str:
    """A name for a new session, later than the session `after` and all before it.

    Raises:
      StorageError: `after` is so late that no session can be later.
    """
    latest = names.session_milliseconds(after) if after else 0
    if latest >= names.LATEST_MILLISECONDS:
        raise StorageError(
            f"The run has a session {after!r} whose name says the year 2286: no other can be "
            "later. Remove the files with this name from the run's plugin directory."
        )
    return names.new_session(kind, max(time.time_ns() // 1_000_000, latest + 1))


def begin_session(
    directory: Path, kind: Literal["training", "capture"]
) -> tuple[str, str, SessionFile]:
    """A new session, later than all others; the latest of those; and the file of the new one.

    A session that begins at the same moment on another machine may not have seen this one. So
    both look again once their files exist, and the earlier one takes a later name.

    Raises:
      StorageError: The directory cannot be read, or as `take_session`.
    """
    for _ in range(_ATTEMPTS):
        after = latest_session(directory)
        session = take_session(kind, after)
        file = SessionFile(directory, session)
        if latest_session(directory) in ("", session):
            break
        file.release()
    return session, after, file


class SessionFile:
    """The file of a session that this process writes, from now until it is released."""

    def __init__(self, directory: Path, session: str) -> None:
        """Writes the file, or joins those who write it, and takes the lock.

        If the file system has no locks, the session goes on without one; cleaning up then uses
        the age of its files.

        Raises:
          StorageError: The file cannot be written.
        """
        self.path = directory / names.session_file_name(session)
        self._finalize: weakref.finalize[..., SessionFile] | None = None
        handle = _open_locked(self.path)
        if handle is not None:
            self._finalize = weakref.finalize(self, _release, self.path, handle, os.getpid())

    def detach(self) -> Callable[[], None]:
        """From now on, only a call of the returned function releases it, on any thread.

        Neither the end of the program nor of this object then waits for a disk that may not
        answer. The operating system releases the lock when the process ends.
        """
        found = None if self._finalize is None else self._finalize.detach()
        if found is None:
            return lambda: None
        _, function, arguments, _ = found
        return lambda: function(*arguments)

    def release(self) -> None:
        """Gives the lock back, and removes the file if nobody else writes the session."""
        if self._finalize is not None:
            self._finalize()


def is_alive(directory: Path, session: str) -> bool | None:
    """Whether somebody writes a session now; None if that is unknown.

    A lock of another machine is trusted only if it is held: some mounts of a network file
    system do not share locks.
    """
    path = directory / names.session_file_name(session)
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)
    return False if _host_of(path) == socket.gethostname() else None


def _open_locked(path: Path) -> int | None:
    """A handle with a shared lock on the file that has the name now, or None."""
    for _ in range(_ATTEMPTS):
        handle = None
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(path, flags, 0o666)
            if _is_locked(handle) and os.fstat(handle).st_ino == os.lstat(path).st_ino:
                _describe(handle)
                return handle
        except FileNotFoundError:
            pass  # Somebody removes it at this moment.
        except OSError as error:
            _close(handle)
            raise StorageError(
                f"Cannot write {str(path)!r}: {error.strerror or error}. "
                "Check that there is space and that you may write there."
            ) from error
        _close(handle)
    return None


def _is_locked(handle: int) -> bool:
    """Takes a shared lock; somebody may be checking it, or there may be no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _close(handle: int | None) -> None:
    if handle is not None:
        with suppress(OSError):
            os.close(handle)


def _describe(handle: int) -> None:
    """Writes who holds it, for people and for `is_alive`, unless that is written already."""
    if os.fstat(handle).st_size == 0:
        text = json.dumps({"host": socket.gethostname(), "process": os.getpid()})
        os.pwrite(handle, text.encode(), 0)


def _release(path: Path, handle: int, process: int) -> None:
    """Removes the file if nobody else writes the session."""
    if os.getpid() != process:
        return  # A child by fork: the lock is its parent's, too.
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino == os.lstat(path).st_ino:
            os.unlink(path)
    except (BlockingIOError, FileNotFoundError):
        pass  # Somebody else writes the session, or has removed the file.
    except OSError as error:
        logger.warning("ConvLens could not remove %r: %s", str(path), error)
    finally:
        _close(handle)


def _host_of(path: Path) -> str:
    try:
        with ordinary_file(path) as file:
            text = file.read(0, min(file.size, _LARGEST_FILE))
        return str(json.loads(text)["host"])
    except (ConvLensError, ValueError, KeyError, TypeError, RecursionError):
        return ""
