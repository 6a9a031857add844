"""Connections to SQLite databases from untrusted files.

With any content of the file, a statement ends after a bounded time, and nothing outside the
file is read, written or run: https://sqlite.org/security.html
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from functools import partial

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks.database_file import DatabaseFile, Identity
from tensorboard_plugin_convlens.marks.own_tables import check_own

SECONDS_TO_WAIT = 30
SECONDS_PER_STATEMENT = 30
STEPS_PER_STATEMENT = 200_000_000
LONGEST_VALUE = 8 * 2**20
_STEPS_AT_ONCE = 20_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}
# SQLite has it from 3.42 on; Python's sqlite3 names it from 3.12 on.
_DEFENSIVE = getattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE", None)


class Connection(sqlite3.Connection):
    """A connection that knows its file, and ends a statement that takes too long.

    Attributes:
      identity: Identity of its file; None for a private copy.
    """

    identity: Identity | None = None
    _steps = 0
    _until = float("inf")
    _checked = -1

    def protect(self) -> None:
        """Turns off features that a database from elsewhere could abuse."""
        for limit, value in _LIMITS.items():
            self.setlimit(limit, value)
        if _DEFENSIVE is not None:
            self.setconfig(_DEFENSIVE, True)  # type: ignore[attr-defined,unused-ignore]
        self.set_progress_handler(self._is_too_long, _STEPS_AT_ONCE)
        # What is no UTF-8 must not hide the other rows: marks with such a text are left out.
        self.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            self.execute(f"PRAGMA {pragma}")

    def check_tables(self) -> None:
        """Raises `StoreError` if it has more than our tables; checks only after a change."""
        ((now,),) = self.execute("PRAGMA schema_version")
        if now != self._checked:
            check_own(self)
            self._checked = now

    def begin_statement(self) -> None:
        """Counts time and steps from now on."""
        self._steps = 0
        self._until = time.monotonic() + SECONDS_PER_STATEMENT

    def close(self) -> None:
        """Closes it; the file may then be read without SQLite."""
        super().close()
        _OPEN.discard(self)

    def _is_too_long(self) -> bool:
        self._steps += _STEPS_AT_ONCE
        return self._steps > STEPS_PER_STATEMENT or time.monotonic() > self._until


_OPEN: weakref.WeakSet[Connection] = weakref.WeakSet()
OPENING = threading.RLock()
"""Held while a connection is opened, and while a file is read without SQLite."""


def is_open(identity: Identity) -> bool:
    """Whether this process has a connection to a file.

    Such a file must not be opened in any other way: closing it would release the locks of the
    connection. https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled
    """
    return any(one.identity == identity for one in _OPEN)


def connect(file: DatabaseFile, *, writes: bool) -> Connection:
    """A connection to an existing file that is empty or contains only our tables.

    Args:
      file: The database.
      writes: Whether marks are made through it. Commits are then on disk when they are
        acknowledged.

    Raises:
      StoreError: The file is gone, is not ours, or was replaced meanwhile.
      sqlite3.Error: It is not a database, or cannot be read.
    """
    connection = _open(file, writes=writes)
    try:
        connection.protect()
        connection.begin_statement()
        connection.check_tables()
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(file: DatabaseFile, *, writes: bool) -> Connection:
    """Opens exactly the file that was checked; SQLite neither reads nor writes it yet."""
    with OPENING, file.directory() as directory:
        identity = file.identity(directory)
        if directory is None or identity is None:
            raise StoreError(f"The database {str(file.path)!r} was removed. Try again.")
        if writes and not is_open(identity):
            file.check_journal(directory)
        connection = sqlite3.connect(
            f"{file.real_path.as_uri()}?mode={'rw' if writes else 'ro'}",
            uri=True,
            timeout=SECONDS_TO_WAIT,
            check_same_thread=False,
            isolation_level=None,
            factory=Connection,
        )
        connection.identity = identity
        _OPEN.add(connection)
        (_, _, place), *_ = connection.execute("PRAGMA database_list")
        if file.identity(directory) != identity or place != str(file.real_path):
            connection.close()
            raise StoreError(
                f"The database {str(file.path)!r} was replaced while it was opened. Try again."
            )
    return connection


def _forget() -> None:
    """Runs in a forked process, whose connections belong to the process before the fork."""
    global OPENING  # Another thread may have held it.
    OPENING = threading.RLock()
    _OPEN.clear()


os.register_at_fork(after_in_child=_forget)
