"""Marks: what people say about filters, as values, events and the fold of events.

A mark is never overwritten. Its history is a sequence of events, each of which contains the
whole mark after it; the current mark is that of the last event (`fold`), and an undo is one
more event, with the mark from before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tensorboard_plugin_convlens.core.errors import ConvLensError, MarkError
from tensorboard_plugin_convlens.core.judgments.mark_limits import (
    LARGEST_NUMBER,
    LARGEST_STEP,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_CHANGES,
    MOST_STARS,
    MOST_TAGS,
    check_author,
    check_number,
    check_text,
    check_wall_time,
)

Verdict = Literal["useful", "useless", "unsure"]
"""Whether a filter is worth keeping, according to a person."""

VERDICTS: tuple[Verdict, ...] = ("useful", "useless", "unsure")

OperationKind = Literal["mark", "undo", "import"]
OPERATION_KINDS: tuple[OperationKind, ...] = ("mark", "undo", "import")

_OPERATION = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
# A tag stands in one cell of a table, beside others, separated by commas.
_NOT_IN_TAGS = re.compile(r"[,\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, order=True)
class FilterKey:
    """The filter of a mark.

    Attributes:
      run: The run's name, as TensorBoard calls it.
      path: Keras path of the layer.
      call: 0 for the first call of the layer, as in `records.Layer`.
      channel: From 0.
    """

    run: str
    path: str
    call: int
    channel: int

    def __post_init__(self) -> None:
        """Raises `MarkError` if a name or a number is not valid."""
        check_text(self.run, "The name of a run", LONGEST_NAME)
        check_text(self.path, "The path of a layer", LONGEST_NAME)
        check_number(self.call, "The call of a layer", LARGEST_NUMBER)
        check_number(self.channel, "The channel", LARGEST_NUMBER)

    def __str__(self) -> str:
        """`train: conv2 #7`, as messages name a filter."""
        layer = self.path if self.call == 0 else f"{self.path}#{self.call}"
        return f"filter {self.channel} of {layer} in run {self.run!r}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A person's opinion about a filter.

    Attributes:
      verdict: None if none was given.
      stars: 1 to 5; 0 if none were given.
      tags: Sorted, each once; at most 20 of 50 characters, without commas.
      note: Free text of at most 4000 characters.
    """

    verdict: Verdict | None = None
    stars: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Raises `MarkError` if a part is out of range; sorts the tags."""
        if self.verdict is not None and self.verdict not in VERDICTS:
            raise MarkError(
                f"A verdict must be useful, useless or unsure; got {str(self.verdict)[:80]!r}."
            )
        check_number(self.stars, "Stars", MOST_STARS)
        check_text(self.note, "A note", LONGEST_NOTE, empty=True)
        object.__setattr__(self, "tags", tuple(sorted(set(self.tags))))
        if len(self.tags) > MOST_TAGS:
            raise MarkError(f"A filter has at most {MOST_TAGS} tags; got {len(self.tags)}.")
        for tag in self.tags:
            check_text(tag, "A tag", LONGEST_TAG)
            if _NOT_IN_TAGS.search(tag) or tag != tag.strip():
                raise MarkError(
                    "A tag has no commas or line breaks, and no space around it; "
                    f"got {tag[:80]!r}."
                )

    @property
    def is_empty(self) -> bool:
        """Whether it is empty: a filter without a mark."""
        return self == NO_OPINION


NO_OPINION = Opinion()


@dataclass(frozen=True, slots=True)
class MadeOn:
    """What a mark was made on; each is None if unknown.

    Attributes:
      step: The captured step that the author looked at.
      graph: Fingerprint of the model graph.
      weights: SHA-256, hexadecimal, of the layer's weights at that step.
    """

    step: int | None = None
    graph: str | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        """Raises `MarkError` if the step or a hash is not valid."""
        if self.step is not None:
            check_number(self.step, "A step", LARGEST_STEP)
        for name, value in (("graph", self.graph), ("weights", self.weights)):
            if value is not None and not (isinstance(value, str) and _HASH.fullmatch(value)):
                raise MarkError(
                    f"The {name} of a mark must be 64 lower-case hexadecimal digits; "
                    f"got {str(value)[:80]!r}."
                )


@dataclass(frozen=True, slots=True)
class Mark:
    """An opinion about a filter, with its author, its time and what it was made on.

    Attributes:
      key: The filter.
      opinion: Empty if the mark was removed.
      author: Its author; empty if unsigned.
      wall_time: Its time, in seconds since 1970-01-01 UTC; 0 if there never was a mark.
      made_on: What the author looked at.
    """

    key: FilterKey
    opinion: Opinion = NO_OPINION
    author: str = ""
    wall_time: float = 0.0
    made_on: MadeOn = field(default_factory=MadeOn)

    def __post_init__(self) -> None:
        """Raises `MarkError` if the author or the time is not valid."""
        check_author(self.author)
        check_wall_time(self.wall_time)


@dataclass(frozen=True, slots=True)
class Operation:
    """Changes that are made, and undone, together.

    Attributes:
      id: Chosen by the client, so that a repeated request has no further effect.
      kind: `"mark"`, `"undo"` or `"import"`.
      author: Author of the operation.
      undoes: For an undo, the id of the operation that it undid.
      wall_time: When the store accepted it.
    """

    id: str
    kind: OperationKind
    author: str
    undoes: str | None = None
    wall_time: float = 0.0

    def __post_init__(self) -> None:
        """Raises `MarkError` if the id, the kind, the author or the time is not valid."""
        if self.kind not in OPERATION_KINDS:
            raise MarkError(
                f"The kind of an operation must be one of {', '.join(OPERATION_KINDS)}; got "
                f"{str(self.kind)[:80]!r}."
            )
        for id_ in (self.id, self.undoes):
            if id_ is not None and not (isinstance(id_, str) and _OPERATION.fullmatch(id_)):
                raise MarkError(
                    "The id of an operation must be 8 to 64 letters, digits, - or _, such as a "
                    f"random UUID; got {str(id_)[:80]!r}."
                )
        check_author(self.author)
        check_wall_time(self.wall_time)


@dataclass(frozen=True, slots=True)
class MarkEvent:
    """One event: from `sequence` on, the mark of its filter is `mark`.

    Attributes:
      sequence: From 1, without gaps, in the order in which the store accepted events.
      operation: The operation that it is part of.
      mark: The whole mark after the event.
    """

    sequence: int
    operation: Operation
    mark: Mark


@dataclass(frozen=True, slots=True)
class PastOperation:
    """An operation as a store keeps it, for backups.

    Attributes:
      operation: The operation, with the time at which the store accepted it.
      digest: SHA-256, hexadecimal, of the request, to recognize a repetition.
      marks: The marks of its events, in order.
    """

    operation: Operation
    digest: str
    marks: tuple[Mark, ...]

    def __post_init__(self) -> None:
        """Raises `MarkError` if the digest is not valid or its marks are not one operation."""
        if not _HASH.fullmatch(self.digest):
            raise MarkError(
                "The digest of an operation must be 64 lower-case hexadecimal digits; got "
                f"{self.digest[:80]!r}."
            )
        check_changes(self.marks)


class MarkConflictError(ConvLensError):
    """Somebody else changed the mark first.

    Attributes:
      current: The events that the client had not seen, one per filter of the request.
    """

    def __init__(self, sentence: str, current: tuple[MarkEvent, ...] = ()) -> None:
        super().__init__(sentence)
        self.current = current


def fold(events: Iterable[MarkEvent]) -> dict[FilterKey, MarkEvent]:
    """The last event of each filter: the current marks, including removed ones."""
    current: dict[FilterKey, MarkEvent] = {}
    for event in events:
        known = current.get(event.mark.key)
        if known is None or known.sequence < event.sequence:
            current[event.mark.key] = event
    return current


def check_changes(marks: tuple[Mark, ...]) -> None:
    """Raises `MarkError` unless these can be one operation: some, not too many, each once."""
    if not 1 <= len(marks) <= MOST_CHANGES:
        raise MarkError(
            f"An operation must change between 1 and {MOST_CHANGES} marks; got {len(marks)}."
        )
    seen: set[FilterKey] = set()
    for mark in marks:
        if mark.key in seen:
            raise MarkError(f"An operation may name the {mark.key} only once.")
        seen.add(mark.key)
