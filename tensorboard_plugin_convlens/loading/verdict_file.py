"""Files of verdicts about filters: CSV, or JSON as `convlens annotate` exports it.

CSV has a header and at least the columns `path`, `channel`, `verdict`; `call` and `run` are
optional. JSON is a list of marks, or an object with such a list as `marks`; a mark has the
same names, also as `{"filter": {…}, "opinion": {…}}`. Everything else is left alone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.verdicts import USELESS, Verdict
from tensorboard_plugin_convlens.core.spreadsheet import unguard

_KNOWN = ("useful", USELESS, "unsure", "", None)


def read_verdicts(path: Path) -> tuple[Verdict, ...]:
    """Reads a file of verdicts.

    Raises:
      InputError: It cannot be read, or a row is not a verdict; the text names the row.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(_json_rows(text) if path.suffix == ".json" else _csv_rows(text))
    except OSError as error:
        raise InputError(
            f"The verdicts {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise InputError(f"{str(path)!r} has no verdicts: {error}.") from error
    return tuple(_verdict(row, place, path) for place, row in enumerate(rows, start=1))


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
            f"Mark {place} in {str(path)!r} is not valid: expected a path, a channel from 0, "
            f"and the verdict useful, useless, unsure or none; got {str(dict(row))[:200]}."
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
