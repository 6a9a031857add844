"""The database of marks: connections, transactions, and its faults as sentences."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.annotations import database_url, schema
from tensorboard_plugin_convlens.annotations.address import (
    StoreAddress,
    check_file,
    check_writable,
)
from tensorboard_plugin_convlens.core.errors import StorageError, StoreError
from tensorboard_plugin_convlens.storage.filesystem import make_directory

SECONDS_TO_WAIT = 30
_SECONDS_TO_LOOK_AGAIN = (0.0005, 0.003)


class Database:
    """Connections to one address, made when first needed, anew in a forked process."""

    def __init__(self, address: StoreAddress) -> None:
        """Takes where the database is or will be; nothing is opened yet."""
        self._address = address
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._process = 0
        self._local: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection | None]:
        """A transaction that sees one moment; None where no mark was ever made.

        Raises:
          StoreError: The database cannot be read.
        """
        file = self._address.file
        if file is not None and not file.exists():
            yield None
            return
        with self._faults():
            self._check_file_system()
            with self._connections().begin() as connection:
                known = connection.info.get("convlens") or schema.exists(connection)
                yield connection if known else None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is kept for good when the block ends, or not at all.

        Raises:
          StoreError: The database cannot be written to.
        """
        file = self._address.file
        with self._faults():
            if file is not None:
                self.check_place()
                _make_directory(file.parent)
            engine = self._connections().execution_options(convlens_writes=True)
            with engine.begin() as connection:
                self._prepare(connection)
                yield connection
                info = connection.info
            info["convlens"] = True

    def _prepare(self, connection: sa.Connection) -> None:
        """Makes what is missing, once per connection."""
        if not connection.info.get("convlens"):
            if not schema.exists(connection):
                schema.create(connection)
            schema.add_collection(connection, self._address.collection)

    def check_place(self) -> None:
        """Raises `StoreError` where SQLite is unsafe or may not write. PostgreSQL is asked."""
        if self._address.file is not None:
            self._check_file_system()
            check_writable(self._address.file)

    def _check_file_system(self) -> None:
        """Refuses a file where SQLite is unsafe; one that was found safe is not asked again."""
        file = self._address.file
        if file is None:
            return
        found = _identity(file)
        if found is None or found != self._local:
            check_file(file)
            self._local = found

    def close(self) -> None:
        """Closes all connections; the next transaction opens one again."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose(close=self._process == os.getpid())
            self._engine = None

    def _connections(self) -> sa.Engine:
        with self._lock:
            if self._engine is None or self._process != os.getpid():
                if self._engine is not None:
                    # The connections belong to the process that this one was forked from.
                    self._engine.dispose(close=False)
                self._engine = _engine(self._address)
                self._process = os.getpid()
            return self._engine

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            # What a driver raises may hold a part of the URL, and tracebacks are printed.
            cause = error if self._address.file is not None else None
            raise StoreError(_sentence(error, self._address)) from cause


def _engine(address: StoreAddress) -> sa.Engine:
    if address.file is None:
        url = database_url.parse(address.url).set(drivername="postgresql+psycopg")
        try:
            return sa.create_engine(
                url, pool_pre_ping=True, connect_args={"connect_timeout": 10}
            )
        except ModuleNotFoundError as error:
            raise StoreError(
                "Marks in PostgreSQL need psycopg, which is not installed. Install it with: "
                "pip install 'tensorboard-plugin-convlens[postgresql]'"
            ) from error
    file = address.file
    engine = sa.create_engine(
        sa.URL.create("sqlite"),
        creator=lambda: _open(file),
        poolclass=sa.QueuePool,
    )
    sa.event.listen(engine, "checkout", lambda raw, record, _: _check_inode(file, raw, record))
    sa.event.listen(engine, "begin", _begin)
    return engine


def _open(file: Path) -> sqlite3.Connection:
    """A connection whose commits are on disk when they are acknowledged."""
    writable = os.access(file.parent, os.W_OK) and (
        not file.exists() or os.access(file, os.W_OK)
    )
    # A read-only directory has no place for SQLite's shared memory, and needs none where
    # nobody has left a write-ahead log.
    alone = not Path(f"{file}-wal").exists()
    mode = "rwc" if writable else "ro&immutable=1" if alone else "ro"
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode={mode}",
        uri=True,
        timeout=SECONDS_TO_WAIT,
        check_same_thread=False,
        isolation_level=None,
    )
    if writable:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _begin(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("convlens_writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    # A reader that becomes a writer could not wait for another writer. SQLite itself would
    # look again after up to 100 ms, in which others have written a hundred times.
    raw: Any = connection.connection.dbapi_connection
    patience = time.monotonic() + SECONDS_TO_WAIT
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while _is_locked(raw) and time.monotonic() < patience:
            time.sleep(random.uniform(*_SECONDS_TO_LOOK_AGAIN))
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # Fails, in SQLAlchemy's words.
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(1000 * SECONDS_TO_WAIT)}")


def _is_locked(raw: sqlite3.Connection) -> bool:
    """Begins a transaction that writes, unless another connection is in one."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _check_inode(file: Path, raw: Any, record: Any) -> None:
    """Lets go of a connection to a file that was removed or replaced.

    What is written to a removed file is gone, and would have been acknowledged.
    """
    found = _identity(file)
    if found is None or record.info.setdefault("file", found) != found:
        raise sa.exc.DisconnectionError("The file of the database was removed or replaced.")


def _identity(file: Path) -> tuple[int, int] | None:
    """Names a file for as long as it exists; None where there is none."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _make_directory(path: Path) -> None:
    try:
        make_directory(path)
    except StorageError as error:
        raise StoreError(str(error)) from error


def _sentence(error: sa.exc.SQLAlchemyError, address: StoreAddress) -> str:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if address.file is None:
        cause = database_url.without_secrets(cause, address.url)
    cause = cause.rstrip(".")
    if "disk is full" in cause or "disk I/O error" in cause:
        advice = "Free some space and try again."
    elif "locked" in cause:
        advice = "Another process has been writing for long. Try again."
    elif address.file is None:
        advice = "Check that PostgreSQL runs and that its user may write, and try again."
    else:
        advice = "Check the file and its permissions, and try again."
    return f"The marks in {str(address)!r} could not be read or written: {cause}. {advice}"
