"""`convlens export`: writes masks and tables for other programs."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.cli import chosen_run, verdict_source
from tensorboard_plugin_convlens.cli.filter_table import filter_table
from tensorboard_plugin_convlens.cli.terminal import show
from tensorboard_plugin_convlens.core.errors import InputError, NotCapturedError
from tensorboard_plugin_convlens.core.judgments.mask import build_mask
from tensorboard_plugin_convlens.core.judgments.verdicts import removable
from tensorboard_plugin_convlens.core.records import Capture, Layer
from tensorboard_plugin_convlens.core.spreadsheet import guard
from tensorboard_plugin_convlens.loading.mask_file import encode_mask
from tensorboard_plugin_convlens.storage.output_file import output_file, write_output
from tensorboard_plugin_convlens.storage.reading.reader import Reader

_EPILOG = """\
examples:
  convlens export mask logs --run train --output mask.json
  convlens export mask logs --run train --verdicts marks.csv --output mask.npz
  convlens export filters logs --run train --output filters.csv
  convlens export statistics logs --run train --step 9 --output numbers.csv

A mask removes the filters that are marked useless and keeps all others. The table of filters
has one row per filter, with its criteria, its flags, its changes since the previous captured
step, and its mark. The table of statistics has every captured number of a step, one per row,
including those of each input image.
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "export",
        help="write masks, tables of filters and statistics for other programs",
        description="Writes a mask that removes the filters marked useless, a table of all "
        "filters, or all statistics of a step.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", choices=list(_EXPORTS), metavar="WHAT", help="mask, filters or statistics"
    )
    parser.add_argument("logdir", metavar="LOGDIR", help="log directory with the captures")
    parser.add_argument("--run", help=chosen_run.HELP)
    parser.add_argument("--step", type=int, help="captured step (default: the last)")
    verdict_source.add_options(parser.add_argument)
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="file to write: .json or .npz for a mask, .csv for the others",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Writes the file and describes its content."""
    export = _EXPORTS[arguments.what]
    name = chosen_run.chosen_run(arguments.logdir, arguments.run)
    show(export(Reader(arguments.logdir), name, arguments), file=sys.stderr)


def _export_mask(reader: Reader, name: str, arguments: argparse.Namespace) -> str:
    graph = reader.model_graph(name, arguments.step)
    useless = verdict_source.useless_of(arguments)
    if not useless:
        raise InputError("There is nothing to write: no filter of this run is marked useless.")
    filters = {one.path: one.channels or 0 for one in graph.layers if one.is_convolution}
    mask = build_mask(filters, removable(graph, useless))
    write_output(arguments.output, encode_mask(mask, arguments.output.suffix))
    return (
        f"{arguments.output}: {mask.removed} filters of {len(mask.layers)} layers are removed"
    )


def _export_filters(reader: Reader, name: str, arguments: argparse.Namespace) -> str:
    """One row per filter; see `filter_table`."""
    # Here, so that the other commands start without SQLAlchemy.
    from tensorboard_plugin_convlens.marks.verdicts import marks_of

    if arguments.verdicts is not None:
        raise InputError(
            "The table of filters has the marks of the log directory or of --db; first import "
            "those of a file with: convlens annotate LOGDIR import FILE"
        )
    capture, layers = _captured(reader, name, arguments)
    marks = marks_of(arguments.logdir, name, arguments.db, arguments.collection)
    rows = filter_table(name, capture, layers, marks)
    _write_csv(arguments.output, rows)
    return f"{arguments.output}: {len(rows) - 1} filters of step {capture.step}"


def _export_statistics(reader: Reader, name: str, arguments: argparse.Namespace) -> str:
    """One row per number; empty where undefined."""
    capture, layers = _captured(reader, name, arguments)
    rows = [
        (
            *(name, capture.step, layers[layer.layer].key, channel),
            *(one.name, one.stage or "", "" if one.input is None else one.input),
            "" if value != value else value,
        )
        for layer in capture.layers
        for one in layer.statistics
        for channel, value in enumerate(one.values.tolist())
    ]
    names = ("run", "step", "layer", "channel", "statistic", "stage", "input", "value")
    _write_csv(arguments.output, [names, *rows])
    return f"{arguments.output}: {len(rows)} numbers of step {capture.step}"


def _captured(
    reader: Reader, name: str, arguments: argparse.Namespace
) -> tuple[Capture, tuple[Layer, ...]]:
    """The capture of the step, by default the last, and the layers of its model graph."""
    steps = reader.steps(name)
    if not steps:
        raise NotCapturedError(f"Run {name!r} has no captured step yet.")
    step = steps[-1] if arguments.step is None else arguments.step
    capture = reader.capture(name, step)
    return capture, reader.model_graph(name, step).layers


def _write_csv(path: Path, rows: Iterable[Iterable[object]]) -> None:
    if path.suffix != ".csv":
        raise InputError(f"Tables are written as .csv; got {path.name!r}.")
    with output_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        csv.writer(text).writerows([guard(cell) for cell in row] for row in rows)
        text.detach()  # Flushes; the file is closed by whoever opened it.


_EXPORTS: dict[str, Callable[[Reader, str, argparse.Namespace], str]] = {
    "mask": _export_mask,
    "filters": _export_filters,
    "statistics": _export_statistics,
}
