"""The database of marks: connections, transactions, and errors as sentences."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks import database_url, schema, sqlite_connection
from tensorboard_plugin_convlens.marks.address import StoreAddress, check_file, check_writable
from tensorboard_plugin_convlens.marks.database_fault import fault_of
from tensorboard_plugin_convlens.marks.database_file import DatabaseFile, Identity
from tensorboard_plugin_convlens.marks.own_tables import APPLICATION
from tensorboard_plugin_convlens.marks.snapshot import Snapshot
from tensorboard_plugin_convlens.marks.sqlite_connection import Connection

_SECONDS_TO_LOOK_AGAIN = (0.0005, 0.003)


class Database:
    """Connections to one address, made when first needed, and again in a forked process."""

    def __init__(self, address: StoreAddress) -> None:
        """Takes the address of the database; opens nothing yet."""
        self._address = address
        self._file = DatabaseFile(address.file, address.below) if address.file else None
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._snapshot: Snapshot | None = None
        self._copy: tuple[Connection, sa.Engine] | None = None
        self._process = 0
        self._local: Identity | None = None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection | None]:
        """A transaction that sees one moment; None if no mark was ever made.

        With SQLite, it makes or changes no file in the log directory.

        Raises:
          StoreError: The database cannot be read.
        """
        with self._faults():
            if self._file is None:
                with self._begun(self._connections()) as connection:
                    yield connection
                return
            if not self._check_file_system(self._file):
                yield None
                return
            with self._current_snapshot(self._file).reading() as copy:
                if isinstance(copy, Connection):
                    with self._begun(self._engine_of(copy)) as connection:
                        yield connection
                    return
            if copy is None:
                yield None
                return
            with self._begun(self._connections()) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is committed when the block ends, or not at all.

        Raises:
          StoreError: The database cannot be written to.
        """
        with self._faults():
            if self._file is not None:
                self.check_place()
                self._file.create()
            engine = self._connections().execution_options(convlens_writes=True)
            with engine.begin() as connection:
                self._prepare(connection)
                yield connection
                info = connection.info
            info["convlens"] = True

    @contextmanager
    def _begun(self, engine: sa.Engine) -> Iterator[sa.Connection | None]:
        with engine.begin() as connection:
            known = connection.info.get("tables") or schema.exists(connection)
            connection.info["tables"] = known
            yield connection if known else None

    def _engine_of(self, copy: Connection) -> sa.Engine:
        """Statements for a connection that stays open; one reader at a time asks."""
        if self._copy is None or self._copy[0] is not copy:
            pool = {"creator": lambda: copy, "poolclass": sa.StaticPool}
            self._copy = copy, _with_bounds(sa.create_engine("sqlite://", **pool))
        return self._copy[1]

    def _prepare(self, connection: sa.Connection) -> None:
        """Makes missing tables, once per connection."""
        if not connection.info.get("convlens"):
            if not schema.exists(connection):
                schema.create(connection)
            if self._file is not None:
                _sign(connection)
            schema.add_collection(connection, self._address.collection)

    def check_place(self) -> None:
        """Raises `StoreError` if SQLite is unsafe or may not write, or PostgreSQL refuses."""
        if self._file is not None:
            self._check_file_system(self._file)
            check_writable(self._file.path)

    def _check_file_system(self, file: DatabaseFile) -> bool:
        """Refuses a file where SQLite is unsafe; checks each safe file only once.

        Returns:
          Whether the file exists.
        """
        with file.directory() as directory:
            found = file.identity(directory)
        if found is None or found != self._local:
            check_file(file.path)
            self._local = found
        return found is not None

    def close(self) -> None:
        """Closes all connections; the next transaction opens one again."""
        with self._lock:
            if self._process == os.getpid():
                if self._engine is not None:
                    self._engine.dispose()
                if self._snapshot is not None:
                    self._snapshot.close()
            self._let_go()

    def _let_go(self) -> None:
        """Forgets closed connections, and those of a process before a fork."""
        if self._engine is not None:
            self._engine.dispose(close=False)
        self._engine, self._snapshot, self._copy = None, None, None

    def _current_snapshot(self, file: DatabaseFile) -> Snapshot:
        with self._lock:
            if self._process != os.getpid():
                self._let_go()
                self._process = os.getpid()
            self._snapshot = self._snapshot or Snapshot(file)
            return self._snapshot

    def _connections(self) -> sa.Engine:
        with self._lock:
            if self._process != os.getpid():
                self._let_go()
                self._process = os.getpid()
            if self._engine is None:
                self._engine = (
                    _postgresql_engine(self._address.url)
                    if self._file is None
                    else _sqlite_engine(self._file)
                )
            return self._engine

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
            # UnicodeError: of a damaged file, SQLite's own sentence may be no text.
            # What a driver raises may hold a part of the URL, and tracebacks are printed.
            cause = error if self._file is not None else None
            raise fault_of(error, self._address) from cause


def _postgresql_engine(url: str) -> sa.Engine:
    try:
        return sa.create_engine(
            database_url.parse(url).set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "Marks in PostgreSQL need psycopg, which is not installed. Install it with: "
            "pip install 'tensorboard-plugin-convlens[postgresql]'"
        ) from error


def _sqlite_engine(file: DatabaseFile) -> sa.Engine:
    writes = os.access(file.real_path, os.W_OK) and os.access(file.real_path.parent, os.W_OK)
    engine = sa.create_engine(
        sa.URL.create("sqlite"),
        creator=lambda: sqlite_connection.connect(file, writes=writes),
        poolclass=sa.QueuePool,
    )
    sa.event.listen(engine, "checkout", lambda raw, *_: _check_identity(file, raw))
    return _with_bounds(engine)


def _with_bounds(engine: sa.Engine) -> sa.Engine:
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(
        engine,
        "before_cursor_execute",
        lambda connection, *_: connection.connection.dbapi_connection.begin_statement(),
    )
    return engine


def _sign(connection: sa.Connection) -> None:
    """Writes our application id into the file; databases of the first releases lack it."""
    if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
        connection.exec_driver_sql(f"PRAGMA user_version = {schema.VERSION}")


def _begin(connection: sa.Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    writes = connection.get_execution_options().get("convlens_writes", False)
    raw.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    if writes:
        _begin_writing(connection, raw)
    else:
        connection.exec_driver_sql("BEGIN")
    raw.check_tables()


def _begin_writing(connection: sa.Connection, raw: Any) -> None:
    # A reader that becomes a writer could not wait for another writer. SQLite itself would
    # look again after up to 100 ms, in which others have written a hundred times.
    seconds = sqlite_connection.SECONDS_TO_WAIT
    patience = time.monotonic() + seconds
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while _is_locked(raw) and time.monotonic() < patience:
            time.sleep(random.uniform(*_SECONDS_TO_LOOK_AGAIN))
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # Fails, in SQLAlchemy's words.
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}")


def _is_locked(raw: sqlite3.Connection) -> bool:
    """Begins a transaction that writes, unless another connection is in one."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _check_identity(file: DatabaseFile, raw: Any) -> None:
    """Drops a connection to a file that was removed or replaced.

    Marks written to a removed file would be acknowledged and lost.
    """
    with file.directory() as directory:
        if file.identity(directory) != raw.identity:
            raise sa.exc.DisconnectionError("The file of the database was removed or replaced.")
