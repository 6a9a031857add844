"""SQL statements for the tables of marks.

Built once: SQLAlchemy takes longer to build a statement than databases take to answer it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.marks import schema

_EVENT, _OPERATION, _COLLECTION = schema.event, schema.operation, schema.collection
_HERE = sa.bindparam("collection", type_=sa.Integer())


def _number(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger())


def _text(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.Text())


def _with_operations(events: sa.FromClause) -> sa.Select[Any]:
    """Events, ascending, each with its operation."""
    return (
        sa.select(
            *(events.c[column.name] for column in _EVENT.c),
            _OPERATION.c.kind,
            _OPERATION.c.undoes,
            _OPERATION.c.author.label("operation_author"),
            _OPERATION.c.wall_time.label("operation_time"),
        )
        .join(
            _OPERATION,
            sa.and_(
                _OPERATION.c.collection == events.c.collection,
                _OPERATION.c.operation == events.c.operation,
            ),
        )
        .order_by(events.c.sequence)
    )


def _last(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The last event of every filter after the sequence `after`.

    Counts within each filter instead of joining with the largest sequences: until PostgreSQL
    has new statistics of a table that grew fast, it would compare all rows with all.
    """
    place = sa.func.row_number().over(
        partition_by=schema.KEY, order_by=_EVENT.c.sequence.desc()
    )
    events = (
        sa.select(_EVENT, place.label("place"))
        .where(_EVENT.c.collection == _HERE, _EVENT.c.sequence > _number("after"), *conditions)
        .subquery("later")
    )
    return _with_operations(events).where(events.c.place == 1)


_EVENTS = _with_operations(_EVENT).where(_EVENT.c.collection == _HERE)
_CHANGED = _EVENT.alias("changed")
_PREVIOUS: sa.Select[Any] = (
    sa.select(sa.func.max(_EVENT.c.sequence))
    .join(
        _CHANGED,
        sa.and_(
            _EVENT.c.collection == _CHANGED.c.collection,
            *(column == _CHANGED.c[column.name] for column in schema.KEY),
        ),
    )
    .where(
        _CHANGED.c.collection == _HERE,
        _CHANGED.c.sequence.between(_number("first"), _number("last")),
        _EVENT.c.sequence < _number("first"),
    )
    .group_by(*schema.KEY)
)

EVENTS = _EVENTS
"""Selects all events of `collection`, ascending."""
EVENTS_BETWEEN = _EVENTS.where(_EVENT.c.sequence.between(_number("first"), _number("last")))
"""Selects the events from the sequence `first` to `last`, both included."""
EVENTS_OF_FILTER = _EVENTS.where(
    *(column == sa.bindparam(column.name, type_=column.type) for column in schema.KEY)
)
LAST_EVENTS = _last()
"""The last one of every filter that has one after the sequence `after`."""
LAST_EVENTS_OF_RUN = _last(_EVENT.c.run == _text("run"))
"""The same of one `run`."""
EVENTS_BEFORE = _EVENTS.where(_EVENT.c.sequence.in_(_PREVIOUS))
"""The last one before `first` of every filter that has one between `first` and `last`."""

DIGESTS = sa.select(_OPERATION.c.operation, _OPERATION.c.digest).where(
    _OPERATION.c.collection == _HERE
)
OPERATION = sa.select(_OPERATION.c.first, _OPERATION.c.last, _OPERATION.c.digest).where(
    _OPERATION.c.collection == _HERE, _OPERATION.c.operation == _text("operation")
)
_UNDO = _OPERATION.alias("undo")
LAST_OPERATION = (
    sa.select(_OPERATION.c.operation)
    .where(_OPERATION.c.collection == _HERE, _OPERATION.c.author == _text("author"))
    .where(
        _OPERATION.c.kind != "undo",
        ~sa.exists().where(
            _UNDO.c.collection == _HERE, _UNDO.c.undoes == _OPERATION.c.operation
        ),
    )
    .order_by(_OPERATION.c.last.desc())
    .limit(1)
)
"""The latest of an `author` that is not an undo and was not undone."""

COLLECTION = sa.select(_COLLECTION).where(_COLLECTION.c.name == _text("name"))
LOCKED_COLLECTION = COLLECTION.with_for_update()

ADD_OPERATION = sa.insert(_OPERATION)
ADD_EVENTS = sa.insert(_EVENT)
ADVANCE = (
    sa.update(_COLLECTION).where(_COLLECTION.c.id == _HERE).values(sequence=_number("last"))
)
