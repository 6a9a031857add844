"""Reads marks from a private copy, so that SQLite does not touch the log directory.

SQLite creates, changes and removes files beside a database even if it only reads, and acts on
files that it finds there. So a database is copied for reading, and copied again after a change.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks import sqlite_connection
from tensorboard_plugin_convlens.marks.database_file import (
    JOURNAL,
    WAL,
    DatabaseFile,
    Signature,
)
from tensorboard_plugin_convlens.marks.sqlite_connection import Connection

LARGEST = 512 * 2**20
"""The most bytes of a database, and of its write-ahead log."""

_TRIES = 20
_SECONDS_BETWEEN = 0.003
# If a file was changed this recently, another change may leave the same times.
_SECONDS_UNTIL_SETTLED = 0.1

Busy = Literal["busy"]


class Snapshot:
    """The latest private copy of a database; one reader at a time."""

    def __init__(self, file: DatabaseFile) -> None:
        """Takes the file of the database; reads nothing yet."""
        self._file = file
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._signature: Signature = ()

    @contextmanager
    def reading(self) -> Iterator[Connection | Busy | None]:
        """A connection to a copy of the current database.

        Yields:
          The connection; None if there is no database; `"busy"` if this process has a
          connection open to it, or others write all the time. It is then in use, so reading
          it directly changes nothing that does not change anyway.

        Raises:
          StoreError: It is not ours, is too large, or cannot be copied.
        """
        with self._lock:
            found = self._refresh()
            yield self._connection if found is True else found

    def close(self) -> None:
        """Removes the copy; the next reader makes a new one."""
        with self._lock:
            self._drop()

    def _refresh(self) -> Literal[True] | Busy | None:
        with sqlite_connection.OPENING, self._file.directory() as directory:
            for _ in range(_TRIES):
                identity = self._file.identity(directory)
                if directory is None or identity is None:
                    self._drop()
                    return None
                if sqlite_connection.is_open(identity):
                    return "busy"
                before = self._file.signature(directory)
                if before == self._signature:
                    return True
                if self._copy(directory, before):
                    return True
                time.sleep(_SECONDS_BETWEEN)
        return "busy"

    def _copy(self, directory: int, before: Signature) -> bool:
        """Copies the files; False if they changed meanwhile."""
        self._drop()
        self._file.check_journal(directory)
        try:
            with tempfile.TemporaryDirectory(prefix="convlens-marks-") as scratch:
                for suffix, state in zip(("", WAL, JOURNAL), before, strict=True):
                    if state is not None:
                        self._copy_file(directory, suffix, Path(scratch) / f"marks{suffix}")
                if self._file.signature(directory) != before:
                    return False
                self._connection = _open_copy(Path(scratch) / "marks")
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(
                f"The marks in {str(self._file.path)!r} could not be copied to read them: "
                f"{error.strerror or error}. Check the permissions of the file, and the space "
                f"in {tempfile.gettempdir()!r}."
            ) from error
        self._signature = before if _is_settled(before) else ()
        return True

    def _copy_file(self, directory: int, suffix: str, copy: Path) -> None:
        with os.fdopen(self._file.open(directory, suffix), "rb") as source:
            size = os.fstat(source.fileno()).st_size
            if size > LARGEST:
                raise StoreError(
                    f"The marks in {str(self._file.path)!r} are not read: '{copy.name}' would "
                    f"have {size} bytes, expected at most {LARGEST}. Move them to PostgreSQL: "
                    "see --convlens_db."
                )
            with copy.open("xb") as target:
                while size > 0 and (chunk := source.read(min(size, 2**20))):
                    size -= len(chunk)
                    target.write(chunk)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._signature = ()


def _open_copy(path: Path) -> Connection:
    """A connection that needs only an open handle, so that no copy is left behind."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
        factory=Connection,
    )
    try:
        connection.protect()
        connection.begin_statement()
        # Takes in the write-ahead log, without shared memory.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.check_tables()
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_settled(signature: Signature) -> bool:
    latest = max(times for state in signature if state for times in state[2:])
    return latest < time.time_ns() - int(_SECONDS_UNTIL_SETTLED * 1e9)
