"""Marks of a log directory for scripts and notebooks, the same that the tab shows."""

from __future__ import annotations

import getpass
import logging
import os
import time
import uuid
from collections.abc import Iterable

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    MadeOn,
    Mark,
    MarkEvent,
    Operation,
    OperationKind,
    Opinion,
    PastOperation,
    Verdict,
)
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.current import Current
from tensorboard_plugin_convlens.marks.last_weights import LastWeights
from tensorboard_plugin_convlens.marks.store import MarkStore
from tensorboard_plugin_convlens.storage.reading.reader import Reader

logger = logging.getLogger(__name__)


class Marks:
    """Reads and changes the marks of a log directory.

    A row of a damaged database that cannot be a mark is left out, with a warning in the log.

    Attributes:
      left_out: Whether a row was left out since this object was made.

    Example:
      >>> marks = Marks("logs")                                       # doctest: +SKIP
      >>> done = marks.mark("train", "conv2", [3, 7], verdict="useless")  # doctest: +SKIP
      >>> [mark.key.channel for mark in marks.current("train")]       # doctest: +SKIP
      [3, 7]
      >>> marks.undo(done)                                            # doctest: +SKIP
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        *,
        database: str = "",
        collection: str = "",
        author: str | None = None,
    ) -> None:
        """Opens the marks of a log directory; nothing is read yet.

        Args:
          log_dir: What TensorBoard gets as `--logdir`.
          database, collection: TensorBoard's `--convlens_db` and `--convlens_collection`.
          author: Author of new marks; the user of this computer by default.

        Raises:
          StoreError: Marks cannot be kept there.
        """
        self._reader = Reader(log_dir)
        self._store = MarkStore(find_store(log_dir, database, collection))
        self._author = getpass.getuser() if author is None else author
        self.left_out = False

    def current(self, run: str | None = None) -> tuple[Mark, ...]:
        """The marks of a run, or of all, the latest last.

        Raises:
          StoreError: They cannot be read.
        """
        return tuple(event.mark for event in self._current(run).events)

    def outdated(self, marks: Iterable[Mark]) -> tuple[bool | None, ...]:
        """Whether each mark was made on other weights than those of the last captured step.

        Returns:
          None if this is unknown: the mark was made without a capture, or the run no longer
          has such a layer.
        """
        last = LastWeights(self._reader)
        return tuple(last.differ_from(mark) for mark in marks)

    def history(
        self, run: str, path: str, channel: int, *, call: int = 0
    ) -> tuple[MarkEvent, ...]:
        """Every change of the mark of one filter, the oldest first. Raises as `current`."""
        events = self._store.history(FilterKey(run, path, call, channel))
        self._warn(events.left_out)
        return events.found

    def mark(  # noqa: PLR0913  # The named parts of one mark, all optional.
        self,
        run: str,
        path: str,
        channels: Iterable[int],
        *,
        call: int = 0,
        step: int | None = None,
        verdict: Verdict | None = None,
        stars: int | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
    ) -> str:
        """Marks filters of a layer; parts that are not given stay unchanged.

        Args:
          run, path, call: The layer, as in `Reader.model_graph`.
          channels: Which filters.
          step: The captured step that the author looked at; the last one by default.
          verdict, stars, tags, note: See `Opinion`.

        Returns:
          The id of the operation, for `undo`.

        Raises:
          NotCapturedError: The run has no such step, layer or filter.
          MarkError: Something is out of range.
          MarkConflictError: Somebody else marked a filter first.
          StoreError: The marks cannot be written.
        """
        made_on, count = self._made_on(run, path, call, step)
        place, events, _ = self._current(run)
        known = {event.mark.key: event.mark.opinion for event in events}
        changes = []
        for channel in channels:
            if not 0 <= channel < count:
                raise NotCapturedError(f"Layer {path!r} has {count} filters, counted from 0.")
            key = FilterKey(run, path, call, channel)
            before = known.get(key, Opinion())
            opinion = Opinion(
                verdict or before.verdict,
                before.stars if stars is None else stars,
                before.tags if tags is None else tuple(tags),
                before.note if note is None else note,
            )
            changes.append(Mark(key, opinion, self._author, time.time(), made_on))
        return self._apply("mark", changes, place.sequence)

    def clear(self, run: str, path: str, channels: Iterable[int], *, call: int = 0) -> str:
        """Removes the marks of filters. Returns and raises as `mark`."""
        sequence = self._current(run).place.sequence
        keys = [FilterKey(run, path, call, channel) for channel in channels]
        return self._apply("mark", [Mark(key, author=self._author) for key in keys], sequence)

    def take_in(self, marks: Iterable[Mark]) -> str | None:
        """Imports marks, all at once, with their own authors and times.

        Returns:
          The id of the operation, or None if all marks exist already.
        """
        place, events, _ = self._current()
        known = {event.mark for event in events}
        changes = [mark for mark in marks if mark not in known]
        return self._apply("import", changes, place.sequence) if changes else None

    def undo(self, operation: str | None = None) -> str:
        """Gives the filters of an operation the marks that they had before.

        Args:
          operation: What `mark` returned; the author's latest by default.

        Returns:
          The id of the undo, which can itself be undone.

        Raises:
          NotCapturedError: There is nothing to undo.
          UnknownOperationError: There is no such operation.
          MarkConflictError: One of the filters was marked since then.
        """
        undoes = operation or self._store.last_operation(self._author)
        if undoes is None:
            raise NotCapturedError(f"{self._author!r} has no operation to undo.")
        undo = Operation(uuid.uuid4().hex, "undo", self._author, undoes)
        self._store.undo(undo)
        return undo.id

    def everything(self) -> tuple[PastOperation, ...]:
        """All operations ever made, with their marks: a backup. Raises as `current`."""
        past, left_out = self._store.everything()
        self._warn(left_out)
        return past

    def restore(self, past: Iterable[PastOperation]) -> int:
        """Restores a backup from `everything`, with its history, where no marks are yet.

        Returns:
          The number of events.

        Raises:
          StoreError: The place already has marks, or cannot be written.
        """
        return self._store.restore(past).sequence

    def close(self) -> None:
        """Closes the database; the next use opens it again."""
        self._store.close()

    def _current(self, run: str | None = None) -> Current:
        current = self._store.current(run)
        self._warn(current.left_out)
        return current

    def _warn(self, left_out: tuple[str, ...]) -> None:
        self.left_out = self.left_out or bool(left_out)
        for sentence in left_out:
            logger.warning(sentence)

    def _apply(self, kind: OperationKind, changes: list[Mark], base: int) -> str:
        id_ = uuid.uuid4().hex
        self._store.apply(Operation(id_, kind, self._author), changes, base)
        return id_

    def _made_on(self, run: str, path: str, call: int, step: int | None) -> tuple[MadeOn, int]:
        """A layer at a step, and its number of filters."""
        looked_at = self._reader.steps(run)[-1:] if step is None else (step,)
        if not looked_at:
            raise NotCapturedError(f"Run {run!r} has no captured step yet.")
        capture = self._reader.capture(run, looked_at[0])
        layers = self._reader.model_graph(run, looked_at[0]).layers
        for index, layer in enumerate(layers):
            if (layer.path, layer.call) == (path, call):
                weights = next(
                    (one.weights for one in capture.layers if one.layer == index), ""
                )
                return (
                    MadeOn(capture.step, capture.graph, weights or None),
                    layer.channels or 0,
                )
        raise NotCapturedError(f"Run {run!r} has no layer {path!r} at step {capture.step}.")
