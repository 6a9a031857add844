"""Events of marks as rows: to and from tables, and the questions that are asked of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.annotations import statements
from tensorboard_plugin_convlens.annotations.table import to_fields
from tensorboard_plugin_convlens.core.marks import (
    FilterKey,
    MadeOn,
    Mark,
    MarkEvent,
    Operation,
    Opinion,
    PastOperation,
)


def to_row(mark: Mark) -> dict[str, Any]:
    """The columns of an event that say what the mark is."""
    return to_fields(mark) | {"tags": json.dumps(mark.opinion.tags, ensure_ascii=False)}


def from_row(row: Any, operations: dict[str, Operation]) -> MarkEvent:
    """The event of a row of `statements.EVENTS`; `operations` keeps those of earlier rows."""
    operation = operations.get(row.operation)
    if operation is None:
        author, time = row.operation_author, row.operation_time
        operation = Operation(row.operation, row.kind, author, row.undoes, time)
        operations[operation.id] = operation
    key = FilterKey(row.run, row.path, row.call, row.channel)
    opinion = Opinion(row.verdict, row.stars, _tags(row.tags), row.note)
    made_on = MadeOn(row.step, row.graph, row.weights)
    return MarkEvent(
        row.sequence, operation, Mark(key, opinion, row.author, row.wall_time, made_on)
    )


@lru_cache(1000)  # Many filters have the same few, most have none.
def _tags(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def last_of_each(
    connection: sa.Connection, collection: int, *, run: str | None = None, after: int = 0
) -> tuple[MarkEvent, ...]:
    """The last event of every filter (of a run) that has one after a sequence."""
    if run is None:
        return _read(connection, statements.LAST_EVENTS, collection, after=after)
    return _read(connection, statements.LAST_EVENTS_OF_RUN, collection, run=run, after=after)


def of_filter(
    connection: sa.Connection, collection: int, key: FilterKey
) -> tuple[MarkEvent, ...]:
    """Every event of a filter, ascending."""
    return _read(connection, statements.EVENTS_OF_FILTER, collection, **asdict(key))


def between(
    connection: sa.Connection, collection: int, first: int, last: int
) -> tuple[MarkEvent, ...]:
    """The events from one sequence to another, both included, ascending."""
    return _read(connection, statements.EVENTS_BETWEEN, collection, first=first, last=last)


def all_operations(connection: sa.Connection, collection: int) -> tuple[PastOperation, ...]:
    """Every operation with the marks of its events, in their order."""
    digests = connection.execute(statements.DIGESTS, {"collection": collection})
    digest_of = {row.operation: row.digest for row in digests}
    everything = _read(connection, statements.EVENTS, collection)
    return tuple(
        PastOperation(operation, digest_of[operation.id], tuple(one.mark for one in some))
        for operation, some in groupby(everything, lambda event: event.operation)
    )


def before(
    connection: sa.Connection, collection: int, first: int, last: int
) -> dict[FilterKey, Mark]:
    """The marks that the filters of `between(first, last)` had before `first`."""
    found = _read(connection, statements.EVENTS_BEFORE, collection, first=first, last=last)
    return {one.mark.key: one.mark for one in found}


def span(connection: sa.Connection, collection: int, operation: str) -> tuple[int, int] | None:
    """First and last sequence of an operation, or None if there is none of that id."""
    row = _operation(connection, collection, operation)
    return None if row is None else (row.first, row.last)


def digest(connection: sa.Connection, collection: int, operation: str) -> str | None:
    """What an operation asked for, or None if there is none of that id."""
    row = _operation(connection, collection, operation)
    return None if row is None else row.digest


def last_operation(connection: sa.Connection, collection: int, author: str) -> str | None:
    """The latest operation of an author that is no undo and was not undone."""
    asked = {"collection": collection, "author": author}
    found: str | None = connection.scalar(statements.LAST_OPERATION, asked)
    return found


def _operation(connection: sa.Connection, collection: int, operation: str) -> Any:
    asked = {"collection": collection, "operation": operation}
    return connection.execute(statements.OPERATION, asked).one_or_none()


def _read(
    connection: sa.Connection, statement: sa.Select[Any], collection: int, **asked: object
) -> tuple[MarkEvent, ...]:
    rows = connection.execute(statement, {"collection": collection, **asked})
    operations: dict[str, Operation] = {}
    return tuple(from_row(row, operations) for row in rows)
