"""The store of marks: applies and undoes operations, and finds the current marks.

Every operation is one transaction under the lock of its collection, so that sequences have
no gaps and no reader misses an event. Acknowledged operations are on disk.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from tensorboard_plugin_convlens.core.errors import (
    MarkError,
    StoreError,
    UnknownOperationError,
)
from tensorboard_plugin_convlens.core.judgments.mark_limits import (
    LARGEST_SEQUENCE,
    check_number,
)
from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    Mark,
    MarkConflictError,
    Operation,
    PastOperation,
    check_changes,
)
from tensorboard_plugin_convlens.marks import events, statements
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.current import Current, Events, Place
from tensorboard_plugin_convlens.marks.database import Database

_STORE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Collection:
    id: int
    place: Place


class MarkStore:
    """The marks of one log directory. Usable from several threads and processes."""

    def __init__(self, address: StoreAddress) -> None:
        """Takes the address of the marks; opens nothing yet."""
        self.address = address
        self._database = Database(address)

    def check_place(self) -> None:
        """Raises `StoreError` if it is clear that marks cannot be written there."""
        self._database.check_place()

    def close(self) -> None:
        """Closes all connections; the next use opens one again."""
        self._database.close()

    def current(self, run: str | None = None, *, since: int = 0) -> Current:
        """The last event of every filter, by ascending sequence.

        Args:
          run: Only of this run; of all by default.
          since: Only filters with events after this sequence, removed marks included; if it
            is 0, removed marks are left out.

        Raises:
          StoreError: The database cannot be read.
          TooLargeError: There are too many for one answer.
        """
        with self._database.reading() as connection:
            if connection is None or (here := self._collection(connection)) is None:
                return Current()
            last = events.last_of_each(connection, here.id, run=run, after=since)
            shown = (one for one in last.found if since or not one.mark.opinion.is_empty)
            return Current(here.place, tuple(shown), last.left_out)

    def history(self, key: FilterKey) -> Events:
        """Every event of a filter, the oldest first. Raises as `current`."""
        with self._database.reading() as connection:
            if connection is None or (here := self._collection(connection)) is None:
                return Events()
            return events.of_filter(connection, here.id, key)

    def last_operation(self, author: str) -> str | None:
        """The latest operation of an author that can still be undone. Raises as `current`."""
        with self._database.reading() as connection:
            if connection is None or (here := self._collection(connection)) is None:
                return None
            return events.last_operation(connection, here.id, author)

    def apply(self, operation: Operation, marks: Iterable[Mark], base: int) -> Place:
        """Makes all changes or none; repeating the same operation has no effect.

        Args:
          operation: The operation, with an id that the client chose.
          marks: The whole new marks, one per filter; an empty opinion removes a mark.
          base: The sequence up to which the client knows the marks.

        Returns:
          The state of the collection afterwards.

        Raises:
          MarkError: There are no changes, too many, or two of one filter.
          MarkConflictError: One of the filters has an event after `base`, or the id was
            used for another operation.
          StoreError: The database cannot be written to; nothing was changed.
        """
        changes = tuple(marks)
        check_changes(changes)
        digest = _digest(operation, changes, base)
        with self._database.writing() as connection:
            here = self._lock(connection)
            if self._is_repeated(connection, here, operation, digest):
                return here.place
            self._refuse_unseen(connection, here, {mark.key for mark in changes}, base)
            return self._append(connection, here, operation, changes, digest)

    def undo(self, operation: Operation) -> Place:
        """Gives every filter of the operation `operation.undoes` the mark it had before.

        An undo is an operation too, and can itself be undone.

        Raises:
          UnknownOperationError: There is no such operation.
          MarkConflictError: One of its filters was marked since then; or as `apply`.
          StoreError: The database cannot be written to; nothing was changed.
        """
        digest = _digest(operation, (), 0)
        with self._database.writing() as connection:
            here = self._lock(connection)
            if self._is_repeated(connection, here, operation, digest):
                return here.place
            span = events.span(connection, here.id, operation.undoes or "")
            if span is None:
                raise UnknownOperationError(
                    f"There is no operation {operation.undoes!r} to undo."
                )
            undone = events.between(connection, here.id, *span)
            keys = {one.mark.key for one in undone.found}
            self._refuse_unseen(connection, here, keys, span[1])
            before, left_out = events.before(connection, here.id, *span)
            for sentence in (*undone.left_out, *left_out):
                raise StoreError(f"Nothing was undone, because part is unreadable. {sentence}")
            restored = tuple(
                before.get(one.mark.key, Mark(one.mark.key)) for one in undone.found
            )
            return self._append(connection, here, operation, restored, digest)

    def everything(self) -> tuple[tuple[PastOperation, ...], tuple[str, ...]]:
        """All operations ever made, in order, and which are left out.

        Raises:
          StoreError: The database cannot be read.
        """
        with self._database.reading() as connection:
            if connection is None or (here := self._collection(connection)) is None:
                return (), ()
            return events.all_operations(connection, here.id)

    def restore(self, past: Iterable[PastOperation]) -> Place:
        """Restores marks into a collection without marks: the inverse of `everything`.

        Raises:
          StoreError: The collection already has marks; or as `apply`.
        """
        with self._database.writing() as connection:
            here = self._lock(connection)
            if here.place.sequence:
                raise StoreError(
                    f"Nothing was restored to {str(self.address)!r}: it already has marks. "
                    "Choose a database or a collection without marks, or import only the "
                    "current marks: convlens annotate LOGDIR import FILE"
                )
            for one in past:
                place = self._append(connection, here, one.operation, one.marks, one.digest)
                here = replace(here, place=place)
            return here.place

    def _collection(self, connection: sa.Connection, *, lock: bool = False) -> Any:
        query = statements.LOCKED_COLLECTION if lock else statements.COLLECTION
        row = connection.execute(query, {"name": self.address.collection}).one_or_none()
        if row is None:
            return None
        known = isinstance(row.id, int) and isinstance(row.store, str)
        if not known or not _STORE.fullmatch(row.store):
            raise self._damaged()
        try:
            check_number(row.sequence, "A sequence", LARGEST_SEQUENCE)
        except MarkError:
            raise self._damaged() from None
        return _Collection(row.id, Place(row.store, row.sequence))

    def _damaged(self) -> StoreError:
        return StoreError(
            f"The marks in {str(self.address)!r} are damaged: the row of their collection "
            "is not valid. Restore the database from a backup."
        )

    def _lock(self, connection: sa.Connection) -> _Collection:
        """The collection, which nobody else can append to until the transaction ends."""
        here: _Collection = self._collection(connection, lock=True)
        return here

    def _is_repeated(
        self, connection: sa.Connection, here: _Collection, operation: Operation, digest: str
    ) -> bool:
        known = events.digest(connection, here.id, operation.id)
        if known is not None and known != digest:
            raise MarkConflictError(
                f"The id {operation.id!r} was used for another operation. Choose a new one "
                "for every operation, such as a random UUID."
            )
        return known is not None

    def _refuse_unseen(
        self, connection: sa.Connection, here: _Collection, keys: set[FilterKey], base: int
    ) -> None:
        """Raises `MarkConflictError` if a filter has an event after `base`."""
        if base >= here.place.sequence:
            return
        later = events.last_of_each(connection, here.id, after=base)
        unseen = tuple(one for one in later.found if one.mark.key in keys)
        if unseen:
            first = unseen[0].mark
            more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
            raise MarkConflictError(
                f"The mark of {first.key}{more} was changed in the meantime, by "
                f"{unseen[0].operation.author or 'somebody'}. Look at it, then decide again.",
                unseen,
            )

    def _append(
        self,
        connection: sa.Connection,
        here: _Collection,
        operation: Operation,
        marks: tuple[Mark, ...],
        digest: str,
    ) -> Place:
        first, last = here.place.sequence + 1, here.place.sequence + len(marks)
        row = {
            "collection": here.id,
            "operation": operation.id,
            "kind": operation.kind,
            "undoes": operation.undoes,
            "author": operation.author,
            "wall_time": operation.wall_time or time.time(),
            "digest": digest,
            "first": first,
            "last": last,
        }
        connection.execute(statements.ADD_OPERATION, row)
        rows = [
            {"collection": here.id, "sequence": first + index, "operation": operation.id}
            | events.to_row(mark)
            for index, mark in enumerate(marks)
        ]
        connection.execute(statements.ADD_EVENTS, rows)
        connection.execute(statements.ADVANCE, {"collection": here.id, "last": last})
        return Place(here.place.store, last)


def _digest(operation: Operation, marks: tuple[Mark, ...], base: int) -> str:
    """A hash of the request without its time."""
    asked = {
        "kind": operation.kind,
        "author": operation.author,
        "undoes": operation.undoes,
        "base": base,
        "marks": [asdict(mark) | {"wall_time": 0} for mark in marks],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
