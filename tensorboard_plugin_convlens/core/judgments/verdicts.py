"""Verdicts about filters as they come in files: CSV, or JSON as `convlens annotate` exports it.

CSV has a header and at least the columns `path`, `channel`, `verdict`; `call` and `run` are
understood. JSON is a list of marks, or an object with such a list as `marks`; a mark has the
same names, also as `{"filter": {…}, "opinion": {…}}`. Everything else is left alone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import ModelGraph
from tensorboard_plugin_convlens.core.spreadsheet import unguard

USELESS = "useless"
_KNOWN = ("useful", USELESS, "unsure", "", None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a filter.

    Attributes:
      run: Name of the run; None where the file does not say.
      path, call: As in `records.Layer`.
      channel: From 0.
      verdict: `"useful"`, `"useless"`, `"unsure"`, or None.
    """

    run: str | None
    path: str
    call: int
    channel: int
    verdict: str | None

    @property
    def key(self) -> str:
        """As `records.Layer.key`."""
        return self.path if self.call == 0 else f"{self.path}#{self.call}"


def read_verdicts(path: Path) -> tuple[Verdict, ...]:
    """Reads a file of verdicts.

    Raises:
      InputError: It cannot be read, or a row is no verdict; the text names the row.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(_json_rows(text) if path.suffix == ".json" else _csv_rows(text))
    except OSError as error:
        raise InputError(
            f"The verdicts {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise InputError(f"{str(path)!r} holds no verdicts: {error}.") from error
    return tuple(_verdict(row, place, path) for place, row in enumerate(rows, start=1))


def useless_filters(verdicts: Iterable[Verdict], run: str | None) -> dict[str, tuple[int, ...]]:
    """The filters that are called useless: key of a layer → channels, ascending.

    Args:
      verdicts: Of one run or of several.
      run: Whose verdicts count; None for all, which must be of one run then.

    Raises:
      InputError: There are verdicts of several runs and none was named.
    """
    wanted = [one for one in verdicts if run is None or one.run in (None, run)]
    runs = sorted({one.run for one in wanted if one.run is not None})
    if len(runs) > 1:
        raise InputError(
            f"There are verdicts of several runs: {', '.join(runs)[:400]}. Name one with --run."
        )
    found: dict[str, set[int]] = {}
    for one in wanted:
        if one.verdict == USELESS:
            found.setdefault(one.key, set()).add(one.channel)
    return {key: tuple(sorted(channels)) for key, channels in found.items()}


def removable(
    graph: ModelGraph, useless: Mapping[str, tuple[int, ...]]
) -> list[tuple[str, int]]:
    """(path, channel) of the filters that are called useless in every call of their layer.

    Raises:
      InputError: A layer is not in the model, or a filter of a layer that is called several
        times is called useless in some of its calls only.
    """
    calls: dict[str, list[str]] = {}
    for layer in graph.layers:
        calls.setdefault(layer.path, []).append(layer.key)
    path_of = {key: path for path, keys in calls.items() for key in keys}
    found: set[tuple[str, int]] = set()
    for key, channels in useless.items():
        if key not in path_of:
            raise InputError(
                f"The model {graph.name!r} has no layer {key[:200]!r}, which the verdicts name."
            )
        for channel in channels:
            missing = [
                one for one in calls[path_of[key]] if channel not in useless.get(one, ())
            ]
            if missing:
                raise InputError(
                    f"Filter {channel} of {key} is called useless, but not in {missing[0]}, "
                    "which has the same weights: it can only be removed from both."
                )
            found.add((path_of[key], channel))
    return sorted(found)


def _json_rows(text: str) -> Iterator[Mapping[str, Any]]:
    content = json.loads(text)
    marks = content.get("marks") if isinstance(content, dict) else content
    if not isinstance(marks, list):
        raise ValueError('expected a list of marks, or an object with such a list as "marks"')
    for mark in marks:
        if not isinstance(mark, dict):
            raise ValueError(f"a mark must be an object; got {str(mark)[:80]!r}")
        parts = [mark.get(name) for name in ("filter", "opinion")]
        yield {
            **mark,
            **{k: v for one in parts if isinstance(one, dict) for k, v in one.items()},
        }


def _csv_rows(text: str) -> Iterator[Mapping[str, Any]]:
    # Line ends within a note stay as they are.
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = {"path", "channel", "verdict"} - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"the column {min(missing)!r} is missing in its first line")
    for row in reader:
        yield {
            name: unguard(cell) if isinstance(cell, str) else cell for name, cell in row.items()
        }


def _verdict(row: Mapping[str, Any], place: int, path: Path) -> Verdict:
    name, verdict, run = row.get("path"), row.get("verdict"), row.get("run")
    call, channel = _whole(row.get("call") or 0), _whole(row.get("channel"))
    wrong = call is None or channel is None or not isinstance(name, str) or not name
    if wrong or verdict not in _KNOWN or not isinstance(run, str | None):
        raise InputError(
            f"Mark {place} in {str(path)!r} is none: expected a path, a channel from 0, and "
            f"the verdict useful, useless, unsure or none; got {str(dict(row))[:200]}."
        )
    assert isinstance(name, str)
    assert call is not None
    assert channel is not None
    return Verdict(run or None, name, call, channel, verdict or None)


def _whole(value: Any) -> int | None:
    """A whole number from 0, also as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and value >= 0 else None
