"""What people say about filters, and requests for changes."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.words import OperationKind, Verdict


class Mark(TypedDict):
    """An opinion about a filter: its author, time, and the capture that they looked at.

    `stars` is 1 to 5, or 0 for none. A mark without content was removed. `step`, `graph`
    and `weights` are of the capture that the mark was made on; if `weights` differs from
    `LayerSummary.weights`, the layer's weights have changed since. `sequence` is that of the
    last change, `operation` what it was part of.
    """

    run: str
    path: str
    call: int
    channel: int
    verdict: Verdict | None
    stars: int
    tags: list[str]
    note: str
    author: str
    wallTime: float
    step: int | None
    graph: str | None
    weights: str | None
    sequence: int
    operation: str


class Writing(TypedDict):
    """Whether marks can be changed; if not, `reason` is a sentence to show."""

    allowed: bool
    reason: str


class Marks(TypedDict):
    """Answer of /marks, /mark and /undo: the marks of a run that changed after `since`.

    `since` is 0 if these are all marks; removed ones are then left out. Send this `sequence`
    and `store` with the next request. `leftOut` has a sentence about each row of the
    database that is not valid. `author` is the author to suggest; empty if it is unknown.
    """

    run: str
    store: str
    sequence: int
    since: int
    marks: list[Mark]
    leftOut: list[str]
    writing: Writing
    author: str


class MarkChange(TypedDict):
    """The whole new mark of one filter; without verdict, stars, tags and note it is removed."""

    path: str
    call: int
    channel: int
    verdict: Verdict | None
    stars: int
    tags: list[str]
    note: str


class MarkRequest(TypedDict):
    """Body of /mark: changes that are made, and undone, together.

    `operation` is an id that the client chooses (a random UUID): the same request, sent again
    after an answer that never came, has no effect. `base` is the `sequence` up to which the
    client knows the marks of the run: a filter that was changed after it is a conflict.
    `step` and `session` name the capture that the client looked at.
    """

    operation: str
    base: int
    run: str
    step: int
    session: str
    author: str
    changes: list[MarkChange]


class UndoRequest(TypedDict):
    """Body of /undo: every filter of the operation `undoes` gets the mark it had before.

    `operation` as in `MarkRequest`; `since` selects the marks of the answer.
    """

    operation: str
    undoes: str
    run: str
    since: int
    author: str


class MarkEvent(TypedDict):
    """One change of a mark: its author, its time, and the mark after it.

    `undoes` is the operation that an undo undid. `author` and `wallTime` are of the
    operation; of an undo or an import they may differ from the mark's.
    """

    kind: OperationKind
    undoes: str | None
    author: str
    wallTime: float
    mark: Mark


class MarkHistory(TypedDict):
    """Answer of /mark_history: every change of the mark of one filter, the oldest first.

    `leftOut` as in `Marks`.
    """

    run: str
    path: str
    call: int
    channel: int
    events: list[MarkEvent]
    leftOut: list[str]


class MarkConflict(TypedDict):
    """Body of an answer 409: somebody was faster; `marks` are the current marks."""

    error: str
    marks: list[Mark]
