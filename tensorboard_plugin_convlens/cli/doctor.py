"""`convlens doctor`: lists and repairs what is wrong with a log directory."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tensorboard_plugin_convlens.cli import terminal
from tensorboard_plugin_convlens.core.errors import (
    ConvLensError,
    IncompleteError,
    NotCapturedError,
)
from tensorboard_plugin_convlens.storage.checkup import Advance, Finding, check_run
from tensorboard_plugin_convlens.storage.filesystem import local_path
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.log_directory import LogDirectory
from tensorboard_plugin_convlens.storage.writing.discovery import announce
from tensorboard_plugin_convlens.storage.writing.litter import find_litter, remove_litter

_EPILOG = """\
examples:
  convlens doctor logs
  convlens doctor logs --fix
  convlens doctor logs --json | jq '.findings[].problem'

Checks every file of every run: model graphs, input images, manifests and ablation tests against
their SHA-256, and every sheet and segment against its checksum. Looks for unfinished files,
packs that no step needs, symbolic links, missing permissions, a missing discovery event and
wrong clocks. Also checks the database of marks in the log directory.

Without --fix, nothing is changed. --fix removes files that dead writers left, and writes a
missing discovery event; neither loses any data. It never touches a file that a running writer
has open. Where that cannot be determined, it leaves everything younger than a day.

exit status: 0 nothing is wrong, or everything is fixed; 1 the log directory cannot be read or
has no captures; 2 wrong usage; 3 something is wrong; 130 interrupted.
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """A finding, its run, and whether it was fixed."""

    run: str
    finding: Finding
    is_fixed: bool


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "doctor",
        help="check every file of a log directory",
        description="Lists what is wrong with the captures of a log directory, and fixes what "
        "can be fixed without losing data.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("logdir", metavar="LOGDIR", help="log directory to check")
    parser.add_argument(
        "--fix",
        action="store_true",
        help="remove files that dead writers left, and write missing discovery events",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints what is wrong; progress goes to stderr.

    Raises:
      NotCapturedError: The log directory has no captures.
      IncompleteError: Something is wrong that was not fixed.
    """
    logs = local_path(arguments.logdir)
    found_runs = LogDirectory(logs).runs()
    if not found_runs:
        raise NotCapturedError(f"{arguments.logdir!r} has no ConvLens captures.")
    told = list(_check_all(logs, found_runs, fix=arguments.fix))
    if arguments.json:
        terminal.show_json(json.dumps({"findings": [_to_json(one) for one in told]}, indent=1))
    else:
        terminal.show(*map(_as_text, told))
    wrong = sum(not one.is_fixed for one in told)
    if wrong:
        raise IncompleteError(f"{wrong} of {len(told)} findings need attention.")
    if not arguments.json:
        count = len(found_runs)
        runs = f"{count} run{'s' if count > 1 else ''}"
        terminal.show(f"{runs}: {'all is fixed' if told else 'nothing is wrong'}.")


def _check_all(logs: Path, runs: tuple[str, ...], *, fix: bool) -> Iterator[_Told]:
    """The problems of the marks and then of each run."""
    problem = _check_marks(logs)
    if problem:
        advice = "Restore a backup that convlens annotate made, or move the file away."
        yield _Told("", Finding(".convlens/annotations.db", problem, advice), is_fixed=False)
    steps = sum(_count_steps(logs / name) for name in runs)
    with tqdm(total=steps, unit="step", disable=None) as bar:
        for name in runs:
            for finding in _check_one(logs / name, _advancing(bar)):
                is_fixed = fix and _fix(logs / name, finding)
                yield _Told(name, finding, is_fixed)


def _advancing(bar: tqdm[Any]) -> Advance:
    def advance() -> None:
        bar.update()

    return advance


def _check_one(directory: Path, advance: Advance) -> list[Finding]:
    """The findings of a run; an unreadable run is a finding, too."""
    found: list[Finding] = []
    try:
        found.extend(check_run(directory, advance))
    except ConvLensError as error:
        found.append(Finding("", str(error), "The rest of the run was not checked."))
    return found


def _check_marks(logs: Path) -> str:
    from tensorboard_plugin_convlens.marks.address import find_store
    from tensorboard_plugin_convlens.marks.checkup import check_marks

    return check_marks(find_store(logs))


def _count_steps(directory: Path) -> int:
    with suppress(OSError):
        files = (directory / names.DIRECTORY).iterdir()
        return sum(names.parse_manifest_name(one.name) is not None for one in files)
    return 0


def _fix(directory: Path, finding: Finding) -> bool:
    """Makes the repair of a finding; returns whether that succeeded."""
    if finding.fix == "announce":
        with suppress(ConvLensError):
            announce(directory, began=time.time())
            return True
    if finding.fix == "remove":
        # Looked at again: a writer may have come in the meantime.
        plugin_directory = directory / names.DIRECTORY
        litter = find_litter(plugin_directory, time.time())
        again = [one for one in litter if one.name == finding.file]
        return bool(remove_litter(plugin_directory, again))
    return False


def _to_json(told: _Told) -> dict[str, Any]:
    finding = told.finding
    return {
        "run": told.run,
        "file": finding.file,
        "problem": finding.problem,
        "advice": finding.advice,
        "fixable": bool(finding.fix),
        "fixed": told.is_fixed,
    }


def _as_text(told: _Told) -> str:
    place = "/".join(part for part in (told.run, told.finding.file) if part)
    done = "Fixed." if told.is_fixed else told.finding.advice
    hint = " (--fix)" if told.finding.fix and not told.is_fixed else ""
    return f"{place or '.'}: {told.finding.problem} {done}{hint}"
