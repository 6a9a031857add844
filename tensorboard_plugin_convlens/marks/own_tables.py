"""Checks that a SQLite database holds only our tables, before any query.

A view in place of a table, a trigger, a default or a computed column would be code of the
person who made the file. So each statement that made a table may contain only words of our
statements.
"""

from __future__ import annotations

import re
import sqlite3

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks import schema

APPLICATION = int.from_bytes(b"CvLn")
"""`PRAGMA application_id` of databases of marks; 0 in those of the first releases."""

_KEYWORDS = "CREATE TABLE INDEX ON NOT NULL PRIMARY KEY UNIQUE FOREIGN REFERENCES"
_WORDS = {*_KEYWORDS.split(), "INTEGER", "BIGINT", "TEXT", "FLOAT"}

# What SQLite keeps for itself in any database that somebody analyzed.
_STATISTICS = {"sqlite_stat1", "sqlite_stat4"}
_MOST_OBJECTS = 50


def check_own(connection: sqlite3.Connection) -> None:
    """Raises `StoreError` unless the database is empty or one of marks.

    Raises:
      StoreError: It belongs to another program, or contains more than our tables.
      sqlite3.Error: It cannot be read.
    """
    ((application,),) = connection.execute("PRAGMA application_id")
    if application not in (0, APPLICATION):
        raise _refusal(f"it is a database of another program (application_id {application})")
    found = _objects(connection)
    if not found:
        return
    if schema.version.name in found:
        _check_table(connection, schema.version.name, *found[schema.version.name])
        schema.check_version(
            connection.execute(f"SELECT max(version) FROM {schema.version.name}").fetchone()[0]
        )
    expected = {*schema.tables(), schema.INDEX}
    for name in sorted(expected - set(found)):
        raise _refusal(f"it lacks {name!r}")
    for name, (kind, sql) in found.items():
        if name not in expected:
            raise _refusal(f"it holds {kind} {name!r}, which ConvLens does not use")
        if name in schema.tables():
            _check_table(connection, name, kind, sql)
        else:
            _check_words(name, kind, "index", sql)


def _objects(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Kind and statement of everything in the database, except SQLite's own objects."""
    rows = connection.execute(
        f"SELECT type, name, sql FROM sqlite_schema LIMIT {_MOST_OBJECTS}"
    ).fetchall()
    if len(rows) == _MOST_OBJECTS:
        raise _refusal(f"it holds {_MOST_OBJECTS} tables or more")
    return {
        str(name): (str(kind), str(sql))
        for kind, name, sql in rows
        if not (kind == "index" and sql is None) and name not in _STATISTICS
    }


def _check_table(connection: sqlite3.Connection, name: str, kind: str, sql: str) -> None:
    _check_words(name, kind, "table", sql)
    columns = {row[1]: row for row in connection.execute(f"PRAGMA table_xinfo({name})")}
    expected = schema.tables()[name].columns
    key = {column.name for column in expected if column.primary_key}
    if set(columns) != set(expected.keys()) or key != {
        column for column, row in columns.items() if row[5]
    }:
        raise _refusal(f"the table {name!r} has other columns")


def _check_words(name: str, kind: str, expected: str, sql: str) -> None:
    """Refuses an object of another kind, or with a word that ours does not have."""
    words = set(re.findall(r"\w+", sql))
    if kind != expected or words - _WORDS - schema.names():
        raise _refusal(f"{name!r} was not made by ConvLens")


def _refusal(reason: str) -> StoreError:
    return StoreError(
        f"This is not a database of marks: {reason}. Nothing in it was read or changed. "
        "Keep marks in a database of their own: --convlens_db (convlens annotate: --db), or "
        "remove the file if it came with a log directory from elsewhere."
    )
