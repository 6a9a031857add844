"""Converts marks to the JSON contract of `wire/`, and requests back to records."""

from __future__ import annotations

from collections.abc import Callable

from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    MadeOn,
    Mark,
    MarkEvent,
    Opinion,
)
from tensorboard_plugin_convlens.server import wire


def mark(event: MarkEvent) -> wire.Mark:
    """The mark of a filter after an event."""
    key, opinion, made_on = event.mark.key, event.mark.opinion, event.mark.made_on
    return {
        "run": key.run,
        "path": key.path,
        "call": key.call,
        "channel": key.channel,
        "verdict": opinion.verdict,
        "stars": opinion.stars,
        "tags": list(opinion.tags),
        "note": opinion.note,
        "author": event.mark.author,
        "wallTime": event.mark.wall_time,
        "step": made_on.step,
        "graph": made_on.graph,
        "weights": made_on.weights,
        "sequence": event.sequence,
        "operation": event.operation.id,
    }


def mark_event(event: MarkEvent) -> wire.MarkEvent:
    """One line of the history of a mark."""
    return {
        "kind": event.operation.kind,
        "undoes": event.operation.undoes,
        "author": event.operation.author,
        "wallTime": event.operation.wall_time,
        "mark": mark(event),
    }


def marks_from_request(
    body: wire.MarkRequest, wall_time: float, made_on: Callable[[FilterKey], MadeOn]
) -> tuple[Mark, ...]:
    """The marks that a request contains.

    Args:
      body: The request.
      wall_time: When it arrived.
      made_on: Returns the capture of a filter that the request names; raises if none exists.

    Raises:
      MarkError: Something is out of range.
    """
    marks = []
    for change in body["changes"]:
        key = FilterKey(body["run"], change["path"], change["call"], change["channel"])
        opinion = Opinion(
            change["verdict"], change["stars"], tuple(change["tags"]), change["note"]
        )
        marks.append(Mark(key, opinion, body["author"], wall_time, made_on(key)))
    return tuple(marks)
