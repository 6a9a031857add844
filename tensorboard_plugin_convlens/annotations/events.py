"""Events of marks as rows: to and from tables, and the questions that are asked of them."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.annotations import schema
from tensorboard_plugin_convlens.core.marks import (
    FilterKey,
    MadeOn,
    Mark,
    MarkEvent,
    Operation,
    Opinion,
    PastOperation,
)

_EVENT, _OPERATION = schema.event, schema.operation
_FIELDS: tuple[Any, ...] = (
    _EVENT,
    _OPERATION.c.kind,
    _OPERATION.c.undoes,
    _OPERATION.c.author.label("operation_author"),
    _OPERATION.c.wall_time.label("operation_time"),
)


def to_row(mark: Mark) -> dict[str, Any]:
    """The columns of an event that say what the mark is."""
    key, opinion, made_on = mark.key, mark.opinion, mark.made_on
    return {
        "run": key.run,
        "path": key.path,
        "call": key.call,
        "channel": key.channel,
        "verdict": opinion.verdict,
        "stars": opinion.stars,
        "tags": json.dumps(opinion.tags, ensure_ascii=False),
        "note": opinion.note,
        "author": mark.author,
        "wall_time": mark.wall_time,
        "step": made_on.step,
        "graph": made_on.graph,
        "weights": made_on.weights,
    }


def from_row(row: Any) -> MarkEvent:
    """The event of a row, `_FIELDS` wide."""
    key = FilterKey(row.run, row.path, row.call, row.channel)
    opinion = Opinion(row.verdict, row.stars, tuple(json.loads(row.tags)), row.note)
    made_on = MadeOn(row.step, row.graph, row.weights)
    return MarkEvent(
        row.sequence,
        Operation(
            row.operation, row.kind, row.operation_author, row.undoes, row.operation_time
        ),
        Mark(key, opinion, row.author, row.wall_time, made_on),
    )


def last_of_each(
    connection: sa.Connection, collection: int, *, run: str | None = None, after: int = 0
) -> tuple[MarkEvent, ...]:
    """The last event of every filter (of a run) that has one after a sequence."""
    where = [_EVENT.c.collection == collection, _EVENT.c.sequence > after]
    if run is not None:
        where.append(_EVENT.c.run == run)
    last = sa.select(sa.func.max(_EVENT.c.sequence)).where(*where).group_by(*schema.KEY)
    return _read(connection, collection, _EVENT.c.sequence.in_(last))


def of_filter(
    connection: sa.Connection, collection: int, key: FilterKey
) -> tuple[MarkEvent, ...]:
    """Every event of a filter, ascending."""
    values = (key.run, key.path, key.call, key.channel)
    same = [column == value for column, value in zip(schema.KEY, values, strict=True)]
    return _read(connection, collection, sa.and_(*same))


def between(
    connection: sa.Connection, collection: int, first: int, last: int
) -> tuple[MarkEvent, ...]:
    """The events from one sequence to another, both included, ascending."""
    return _read(connection, collection, _EVENT.c.sequence.between(first, last))


def all_operations(connection: sa.Connection, collection: int) -> tuple[PastOperation, ...]:
    """Every operation with the marks of its events, in their order."""
    digests = sa.select(_OPERATION.c.operation, _OPERATION.c.digest).where(
        _OPERATION.c.collection == collection
    )
    digest_of = dict(map(tuple, connection.execute(digests)))
    everything = _read(connection, collection, sa.true())
    return tuple(
        PastOperation(operation, digest_of[operation.id], tuple(one.mark for one in some))
        for operation, some in groupby(everything, lambda event: event.operation)
    )


def before(
    connection: sa.Connection, collection: int, first: int, last: int
) -> dict[FilterKey, Mark]:
    """The marks that the filters of `between(first, last)` had before `first`."""
    changed = _EVENT.alias("changed")
    same = [column == changed.c[column.name] for column in schema.KEY]
    previous = (
        sa.select(sa.func.max(_EVENT.c.sequence))
        .join(changed, sa.and_(_EVENT.c.collection == changed.c.collection, *same))
        .where(changed.c.collection == collection, changed.c.sequence.between(first, last))
        .where(_EVENT.c.sequence < first)
        .group_by(*schema.KEY)
    )
    found = _read(connection, collection, _EVENT.c.sequence.in_(previous))
    return {one.mark.key: one.mark for one in found}


def span(connection: sa.Connection, collection: int, operation: str) -> tuple[int, int] | None:
    """First and last sequence of an operation, or None if there is none of that id."""
    row = connection.execute(
        sa.select(_OPERATION.c.first, _OPERATION.c.last).where(
            _OPERATION.c.collection == collection, _OPERATION.c.operation == operation
        )
    ).one_or_none()
    return None if row is None else (row.first, row.last)


def digest(connection: sa.Connection, collection: int, operation: str) -> str | None:
    """What an operation asked for, or None if there is none of that id."""
    found: str | None = connection.scalar(
        sa.select(_OPERATION.c.digest).where(
            _OPERATION.c.collection == collection, _OPERATION.c.operation == operation
        )
    )
    return found


def last_operation(connection: sa.Connection, collection: int, author: str) -> str | None:
    """The latest operation of an author that is no undo and was not undone."""
    undo = _OPERATION.alias("undo")
    undone = sa.exists().where(
        undo.c.collection == collection, undo.c.undoes == _OPERATION.c.operation
    )
    found: str | None = connection.scalar(
        sa.select(_OPERATION.c.operation)
        .where(_OPERATION.c.collection == collection, _OPERATION.c.author == author)
        .where(_OPERATION.c.kind != "undo", ~undone)
        .order_by(_OPERATION.c.last.desc())
        .limit(1)
    )
    return found


def _read(
    connection: sa.Connection, collection: int, where: sa.ColumnElement[bool]
) -> tuple[MarkEvent, ...]:
    query: sa.Select[Any] = (
        sa.select(*_FIELDS)
        .join(
            _OPERATION,
            sa.and_(
                _OPERATION.c.collection == _EVENT.c.collection,
                _OPERATION.c.operation == _EVENT.c.operation,
            ),
        )
        .where(_EVENT.c.collection == collection, where)
        .order_by(_EVENT.c.sequence)
    )
    return tuple(map(from_row, connection.execute(query)))
