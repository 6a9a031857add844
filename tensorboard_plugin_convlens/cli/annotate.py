"""`convlens annotate`: lists and changes the marks of filters."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard_plugin_convlens.cli.terminal import show, show_json
from tensorboard_plugin_convlens.core.errors import IncompleteError, MarkError
from tensorboard_plugin_convlens.core.judgments.marks import VERDICTS, Mark
from tensorboard_plugin_convlens.storage.output_file import write_output

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.marks.marks import Marks

_EPILOG = """\
examples:
  convlens annotate logs list
  convlens annotate logs set train conv2 3 7 12 --verdict useless --note "flat everywhere"
  convlens annotate logs clear train conv2 7
  convlens annotate logs undo
  convlens annotate logs history train conv2 3
  convlens annotate logs export marks.csv
  convlens annotate logs import marks.csv
  convlens annotate logs backup marks.json
  convlens annotate logs --db postgresql+psycopg://ann@db/marks restore marks.json
  convlens annotate logs --db postgresql+psycopg://ann@db/marks list --json
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command and its actions."""
    parser = commands.add_parser(
        "annotate",
        help="list and change the marks of filters",
        description="Lists and changes the marks of filters, the same that the tab shows.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "logdir", metavar="LOGDIR", help="log directory that the marks belong to"
    )
    parser.add_argument(
        "--db",
        default="",
        metavar="URL",
        help="database of the marks, as --convlens_db of TensorBoard",
    )
    parser.add_argument(
        "--collection",
        default="",
        metavar="NAME",
        help="name of the log directory in a shared database",
    )
    parser.add_argument(
        "--author", help="author of the marks (default: the user of this computer)"
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the marks")
    listing.add_argument("run", nargs="?", metavar="RUN", help="list only this run")
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    listing.set_defaults(command=run, action=_list)
    setting = _filters(
        actions,
        "set",
        "mark filters; parts without an option stay unchanged",
        _set,
        "+",
    )
    setting.add_argument("--verdict", choices=VERDICTS)
    setting.add_argument("--stars", type=int, metavar="0…5")
    setting.add_argument("--tags", nargs="*", metavar="TAG")
    setting.add_argument("--note")
    setting.add_argument(
        "--step", type=int, help="captured step that the marks are based on (default: the last)"
    )
    _filters(actions, "clear", "remove the marks of filters", _clear, "+")
    history = _filters(actions, "history", "list every change of one mark", _history, 1)
    history.add_argument("--json", action="store_true", help="print JSON, for programs")
    undo = actions.add_parser("undo", help="undo an operation (default: your latest)")
    undo.add_argument("operation", nargs="?", metavar="ID")
    undo.set_defaults(command=run, action=_undo)
    for name, text, action in (
        ("export", "write the current marks, as .csv or .json", _export),
        ("import", "import marks from .csv or .json, as one operation", _import),
        ("backup", "write all marks with their history, as .json", _backup),
        ("restore", "read a backup into a database that has no marks yet", _restore),
    ):
        moving = actions.add_parser(name, help=text)
        moving.add_argument("file", type=Path, metavar="FILE")
        moving.set_defaults(command=run, action=action)


def run(arguments: argparse.Namespace) -> None:
    """Runs the requested action."""
    from tensorboard_plugin_convlens.marks.marks import Marks

    marks = Marks(
        arguments.logdir,
        database=arguments.db,
        collection=arguments.collection,
        author=arguments.author,
    )
    try:
        arguments.action(marks, arguments)
    finally:
        marks.close()
    if marks.left_out:
        raise IncompleteError(
            "Some marks are left out, for the reasons above: the database is damaged, or "
            "ConvLens did not write it. The other marks are complete."
        )


def _filters(
    actions: argparse._SubParsersAction[Any],
    name: str,
    text: str,
    action: Any,
    count: int | str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("path", metavar="LAYER", help="Keras path of the layer")
    parser.add_argument("channels", nargs=count, type=int, metavar="FILTER")
    parser.add_argument(
        "--call", type=int, default=0, help="call of a shared layer (default: 0)"
    )
    parser.set_defaults(command=run, action=action)
    return parser


def _list(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks.table import to_fields

    found = marks.current(arguments.run)
    rows = list(zip(found, marks.outdated(found), strict=True))
    if arguments.json:
        fields = [to_fields(mark) | {"outdated": outdated} for mark, outdated in rows]
        show_json(json.dumps({"marks": fields}, indent=1))
        return
    for mark, outdated in rows:
        since = f"  [weights changed since step {mark.made_on.step}]" if outdated else ""
        show(_line(mark) + since)


def _set(marks: Marks, arguments: argparse.Namespace) -> None:
    operation = marks.mark(
        arguments.run,
        arguments.path,
        arguments.channels,
        call=arguments.call,
        step=arguments.step,
        verdict=arguments.verdict,
        stars=arguments.stars,
        tags=arguments.tags,
        note=arguments.note,
    )
    show(operation)


def _clear(marks: Marks, arguments: argparse.Namespace) -> None:
    show(marks.clear(arguments.run, arguments.path, arguments.channels, call=arguments.call))


def _history(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks.table import to_fields

    (channel,) = arguments.channels
    events = marks.history(arguments.run, arguments.path, channel, call=arguments.call)
    if arguments.json:
        shown = [
            {"operation": one.operation.id, "kind": one.operation.kind} | to_fields(one.mark)
            for one in events
        ]
        show_json(json.dumps({"events": shown}, indent=1))
        return
    for one in events:
        show(f"{one.operation.id}  {one.operation.kind:<6}  {_line(one.mark)}")


def _undo(marks: Marks, arguments: argparse.Namespace) -> None:
    show(marks.undo(arguments.operation))


def _export(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks import table

    encode = {".csv": table.encode_csv, ".json": table.encode_json}[_suffix(arguments.file)]
    found = marks.current()
    _write(arguments.file, encode(found))
    show(f"{len(found)} marks", file=sys.stderr)


def _import(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks import table

    decode = {".csv": table.decode_csv, ".json": table.decode_json}[_suffix(arguments.file)]
    found = decode(_read(arguments.file))
    if found:
        show(marks.take_in(found) or "All of these marks exist already.")
    else:
        show(f"There are no marks in {str(arguments.file)!r}.")


def _backup(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks import backup

    past = marks.everything()
    _write(arguments.file, backup.encode(past))
    show(f"{len(past)} operations", file=sys.stderr)


def _restore(marks: Marks, arguments: argparse.Namespace) -> None:
    from tensorboard_plugin_convlens.marks import backup

    past = backup.decode(_read(arguments.file))
    show(f"{len(past)} operations, {marks.restore(past)} events", file=sys.stderr)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise MarkError(f"Cannot read {str(path)!r}: {error}.") from error


def _write(path: Path, text: str) -> None:
    # CSV has line ends of its own, and notes may have others.
    write_output(path, text.encode())


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".json"):
        raise MarkError(f"Cannot tell the format of {str(path)!r}: expected .csv or .json.")
    return suffix


def _line(mark: Mark) -> str:
    said = mark.opinion
    parts = [said.verdict or "-", "*" * said.stars, " ".join(f"#{tag}" for tag in said.tags)]
    return f"{mark.key}: {' '.join(filter(None, [*parts, said.note]))}  ({mark.author})"
