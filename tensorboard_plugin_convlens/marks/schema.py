"""The tables of marks. Version 1 is described in docs/annotations.md.

Rows of `convlens_event` and `convlens_operation` are never changed or removed; only the number
of events in `convlens_collection` changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import sqlalchemy as sa

from tensorboard_plugin_convlens.core.errors import StoreError

VERSION = 1

_metadata = sa.MetaData()
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

version = sa.Table(
    "convlens_schema",
    _metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)

collection = sa.Table(
    "convlens_collection",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    # Changes if the database is removed and made again.
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("sequence", _BIG, nullable=False),
)

operation = sa.Table(
    "convlens_operation",
    _metadata,
    sa.Column("collection", sa.ForeignKey(collection.c.id), primary_key=True),
    sa.Column("operation", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("undoes", sa.Text),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("wall_time", sa.Float(53), nullable=False),
    # SHA-256 of the request: a repeated id must repeat the request.
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("first", _BIG, nullable=False),
    sa.Column("last", _BIG, nullable=False),
)

event = sa.Table(
    "convlens_event",
    _metadata,
    sa.Column("collection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", _BIG, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("call", sa.Integer, nullable=False),
    sa.Column("channel", sa.Integer, nullable=False),
    sa.Column("verdict", sa.Text),
    sa.Column("stars", sa.Integer, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("wall_time", sa.Float(53), nullable=False),
    sa.Column("step", _BIG),
    sa.Column("graph", sa.Text),
    sa.Column("weights", sa.Text),
    sa.ForeignKeyConstraint(
        ["collection", "operation"], [operation.c.collection, operation.c.operation]
    ),
)
KEY = (event.c.run, event.c.path, event.c.call, event.c.channel)
INDEX = "convlens_event_of_filter"
sa.Index(INDEX, event.c.collection, *KEY, event.c.sequence)


def tables() -> Mapping[str, sa.Table]:
    """All tables, by name."""
    return _metadata.tables


def names() -> set[str]:
    """Tables, columns and the index: the words that only their definitions have."""
    columns = {column.name for table in _metadata.tables.values() for column in table.columns}
    return {*_metadata.tables, *columns, INDEX}


def exists(connection: sa.Connection) -> bool:
    """Whether the database has tables of marks.

    Raises:
      StoreError: They have another version. There is no earlier one yet: the release that
        brings version 2 will convert tables of version 1 here.
    """
    if not sa.inspect(connection).has_table(version.name):
        return False
    found = connection.scalar(sa.select(sa.func.max(version.c.version)))
    check_version(found)
    return found is not None


def check_version(found: object) -> None:
    """Raises `StoreError` unless this is our version of the tables, or None."""
    if isinstance(found, int) and found > VERSION:
        raise StoreError(
            f"The marks were written by a later ConvLens (version {found} of their tables, "
            f"expected at most {VERSION}). Install that release or a later one."
        )
    if found is not None and found != VERSION:
        raise StoreError(
            f"The tables of the marks have version {str(found)[:20]}, which no release of "
            f"ConvLens wrote; expected {VERSION}. Restore the database from a backup."
        )


def create(connection: sa.Connection) -> None:
    """Creates the tables, unless another process was faster."""
    if connection.dialect.name == "postgresql":
        # One at a time; "CREATE TABLE IF NOT EXISTS" alone can fail where two begin together.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x636F6E766C656E73)))
    if exists(connection):
        return
    _metadata.create_all(connection)
    connection.execute(sa.insert(version).values(version=VERSION))


def add_collection(connection: sa.Connection, name: str) -> None:
    """Adds a collection, unless another process was faster."""
    dialect = connection.dialect.name
    values = {"name": name, "store": secrets.token_hex(16), "sequence": 0}
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        connection.execute(
            postgresql_insert(collection).values(**values).on_conflict_do_nothing()
        )
    elif connection.scalar(sa.select(collection.c.id).where(collection.c.name == name)) is None:
        connection.execute(sa.insert(collection).values(**values))
