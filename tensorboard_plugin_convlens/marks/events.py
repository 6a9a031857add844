"""Converts events of marks to rows and back, and queries them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.core.errors import MarkError, StoreError, TooLargeError
from tensorboard_plugin_convlens.core.judgments.mark_limits import (
    LARGEST_SEQUENCE,
    check_number,
    check_wall_time,
)
from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    MadeOn,
    Mark,
    MarkEvent,
    Operation,
    Opinion,
    PastOperation,
)
from tensorboard_plugin_convlens.marks import statements
from tensorboard_plugin_convlens.marks.current import Events
from tensorboard_plugin_convlens.marks.table import to_fields

MOST_EVENTS = 50_000
MOST_CHARACTERS = 16_000_000
"""The most events, and characters in tags and notes, that one answer holds."""
_MOST_TOLD = 5


def to_row(mark: Mark) -> dict[str, Any]:
    """The columns of an event that contain the mark."""
    return to_fields(mark) | {"tags": json.dumps(mark.opinion.tags, ensure_ascii=False)}


class _Rows:
    """Events of rows; values that many rows share are kept once."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._texts: dict[str, str] = {}

    def event(self, row: Any) -> MarkEvent:
        """The event of a row of `statements.EVENTS`. Raises MarkError or TypeError."""
        operation = self._operations.get(row.operation)
        if operation is None:
            time = check_wall_time(row.operation_time)
            operation = Operation(
                row.operation, row.kind, row.operation_author, row.undoes, time
            )
            self._operations[operation.id] = operation
        once = self._once
        key = FilterKey(once(row.run), once(row.path), row.call, row.channel)
        opinion = Opinion(row.verdict, row.stars, _tags(row.tags), row.note)
        made_on = MadeOn(row.step, once(row.graph), once(row.weights))
        mark = Mark(key, opinion, once(row.author), check_wall_time(row.wall_time), made_on)
        check_number(row.sequence, "A sequence", LARGEST_SEQUENCE)
        return MarkEvent(row.sequence, operation, mark)

    def _once(self, text: Any) -> Any:
        return self._texts.setdefault(text, text)


@lru_cache(1000)  # Many filters have the same few, most have none.
def _tags(text: str) -> tuple[str, ...]:
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        tags = None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise MarkError(f"Tags must be a list of texts; got {str(text)[:80]!r}.")
    return tuple(tags)


def last_of_each(
    connection: sa.Connection, collection: int, *, run: str | None = None, after: int = 0
) -> Events:
    """The last event of every filter (of a run) that has one after a sequence."""
    if run is None:
        return _read(connection, statements.LAST_EVENTS, collection, after=after)
    return _read(connection, statements.LAST_EVENTS_OF_RUN, collection, run=run, after=after)


def of_filter(connection: sa.Connection, collection: int, key: FilterKey) -> Events:
    """Every event of a filter, ascending."""
    return _read(connection, statements.EVENTS_OF_FILTER, collection, **asdict(key))


def between(connection: sa.Connection, collection: int, first: int, last: int) -> Events:
    """The events from one sequence to another, both included, ascending."""
    return _read(connection, statements.EVENTS_BETWEEN, collection, first=first, last=last)


def all_operations(
    connection: sa.Connection, collection: int
) -> tuple[tuple[PastOperation, ...], tuple[str, ...]]:
    """Every operation with the marks of its events, in order, and which events are left out."""
    digests = connection.execute(statements.DIGESTS, {"collection": collection})
    digest_of = {row.operation: row.digest for row in digests}
    everything = _read(connection, statements.EVENTS, collection, bounded=False)
    past, left_out = [], list(everything.left_out)
    for operation, some in groupby(everything.found, lambda event: event.operation):
        try:
            marks = tuple(one.mark for one in some)
            past.append(PastOperation(operation, digest_of[operation.id], marks))
        except (MarkError, TypeError) as error:
            left_out.append(f"The operation {operation.id!r} is left out: {error}")
    return tuple(past), tuple(left_out)


def before(
    connection: sa.Connection, collection: int, first: int, last: int
) -> tuple[dict[FilterKey, Mark], tuple[str, ...]]:
    """The previous marks of the filters of `between(first, last)`, and which are left out."""
    events = _read(connection, statements.EVENTS_BEFORE, collection, first=first, last=last)
    return {one.mark.key: one.mark for one in events.found}, events.left_out


def span(connection: sa.Connection, collection: int, operation: str) -> tuple[int, int] | None:
    """First and last sequence of an operation, or None if no operation has that id."""
    row = _operation(connection, collection, operation)
    if row is None:
        return None
    if not all(isinstance(end, int) for end in (row.first, row.last)):
        raise StoreError(f"The operation {operation!r} is damaged. Restore a backup.")
    return row.first, row.last


def digest(connection: sa.Connection, collection: int, operation: str) -> str | None:
    """The digest of an operation, or None if no operation has that id."""
    row = _operation(connection, collection, operation)
    return None if row is None else row.digest


def last_operation(connection: sa.Connection, collection: int, author: str) -> str | None:
    """The latest operation of an author that is not an undo and was not undone."""
    asked = {"collection": collection, "author": author}
    found = connection.scalar(statements.LAST_OPERATION, asked)
    return found if isinstance(found, str) else None


def _operation(connection: sa.Connection, collection: int, operation: str) -> Any:
    asked = {"collection": collection, "operation": operation}
    return connection.execute(statements.OPERATION, asked).one_or_none()


def _read(
    connection: sa.Connection,
    statement: sa.Select[Any],
    collection: int,
    *,
    bounded: bool = True,
    **asked: object,
) -> Events:
    found: list[MarkEvent] = []
    left_out, characters, rows = _LeftOut(), 0, _Rows()
    for row in connection.execute(statement, {"collection": collection, **asked}):
        try:
            event = rows.event(row)
        except (MarkError, TypeError, ValueError) as error:
            left_out.add(row.sequence, error)
            continue
        found.append(event)
        characters += len(event.mark.opinion.note) + len(row.tags)
        if bounded and (len(found) > MOST_EVENTS or characters > MOST_CHARACTERS):
            raise TooLargeError(
                f"There are more than {MOST_EVENTS} marks, or more than {MOST_CHARACTERS} "
                "characters in them, which is too much for one answer. Ask for one run, or "
                "export them with: convlens annotate LOGDIR backup FILE"
            )
    return Events(tuple(found), left_out.sentences())


class _LeftOut:
    """Sentences about invalid rows."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._count = 0

    def add(self, sequence: object, error: Exception) -> None:
        self._count += 1
        if self._count <= _MOST_TOLD:
            reason = str(error) if isinstance(error, MarkError) else "A value has another type."
            shown = str(sequence)[:20].encode("ascii", "backslashreplace").decode()
            self._sentences.append(f"Change {shown} of the marks is left out: {reason}")

    def sentences(self) -> tuple[str, ...]:
        more = self._count - _MOST_TOLD
        rest = (f"{more} more changes of the marks are left out.",) if more > 0 else ()
        return (*self._sentences, *rest)
