"""Converts marks to CSV and JSON and back: exact inverses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tensorboard_plugin_convlens.core.errors import MarkError
from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, MadeOn, Mark, Opinion
from tensorboard_plugin_convlens.core.spreadsheet import guard, unguard

COLUMNS = (
    *("run", "path", "call", "channel", "verdict", "stars", "tags", "note"),
    *("author", "wall_time", "step", "graph", "weights"),
)


def encode_csv(marks: Iterable[Mark]) -> str:
    """A line of names and a line per mark."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for mark in marks:
        fields = to_fields(mark) | {"tags": ",".join(mark.opinion.tags)}
        writer.writerow([guard(fields[name]) for name in COLUMNS])
    return text.getvalue()


def decode_csv(text: str) -> tuple[Mark, ...]:
    """The marks of `encode_csv`. Raises `MarkError` if a line is not a mark."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    marks = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ValueError("it has more or fewer cells than the first line")
            fields: dict[str, Any] = {name: unguard(cell) for name, cell in row.items()}
            fields["tags"] = [tag for tag in fields["tags"].split(",") if tag]
            for name in ("call", "channel", "stars", "step"):
                fields[name] = int(fields[name]) if fields[name] else None
            fields["wall_time"] = float(fields["wall_time"])
            marks.append(from_fields(fields))
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:  # An empty file, or one of zeros: it has no rows, but no first line either.
            raise ValueError(f"expected names of columns, such as {min(missing)!r}")
    except (ValueError, KeyError, TypeError, csv.Error, MarkError) as error:
        raise MarkError(f"Line {reader.line_num} is not a mark: {error}.") from error
    return tuple(marks)


def encode_json(marks: Iterable[Mark]) -> str:
    """`{"marks": […]}`, an object per mark."""
    return json.dumps({"marks": [to_fields(mark) for mark in marks]}, indent=1)


def decode_json(text: str) -> tuple[Mark, ...]:
    """The marks of `encode_json`. Raises `MarkError` if one is not valid."""
    try:
        return tuple(from_fields(fields) for fields in json.loads(text)["marks"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MarkError(f"This is not JSON with marks: {error!r}.") from error


def to_fields(mark: Mark) -> dict[str, Any]:
    """A mark as one flat object."""
    key, opinion, made_on = mark.key, mark.opinion, mark.made_on
    return {
        "run": key.run,
        "path": key.path,
        "call": key.call,
        "channel": key.channel,
        "verdict": opinion.verdict,
        "stars": opinion.stars,
        "tags": list(opinion.tags),
        "note": opinion.note,
        "author": mark.author,
        "wall_time": mark.wall_time,
        "step": made_on.step,
        "graph": made_on.graph,
        "weights": made_on.weights,
    }


def from_fields(fields: Mapping[str, Any]) -> Mark:
    """The inverse of `to_fields`. Raises KeyError, TypeError or `MarkError`."""
    return Mark(
        FilterKey(fields["run"], fields["path"], fields["call"], fields["channel"]),
        Opinion(
            fields["verdict"] or None, fields["stars"], tuple(fields["tags"]), fields["note"]
        ),
        fields["author"],
        float(fields["wall_time"]),
        MadeOn(fields["step"], fields["graph"] or None, fields["weights"] or None),
    )
