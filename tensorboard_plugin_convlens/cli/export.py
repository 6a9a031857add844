"""`convlens export`: what other programs need of a log directory, as files."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.cli import verdict_source
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.mask import build_mask, write_mask
from tensorboard_plugin_convlens.core.verdicts import removable
from tensorboard_plugin_convlens.storage.reader import Reader

_EPILOG = """\
examples:
  convlens export mask logs --run train --output mask.json
  convlens export mask logs --run train --verdicts marks.csv --output mask.npz
  convlens export statistics logs --run train --step 9 --output numbers.csv
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "export",
        help="write masks of filters and statistics for other programs",
        description="Writes a mask of the filters that are called useless, or all statistics "
        "of a step.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["mask", "statistics"], help="mask or statistics")
    parser.add_argument("logdir", metavar="LOGDIR", help="log directory with the captures")
    parser.add_argument(
        "--run", default=".", help="name of the run (default: the log directory)"
    )
    parser.add_argument("--step", type=int, help="captured step (default: the last)")
    verdict_source.add_options(parser.add_argument)
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="file to write: .json or .npz for a mask, .csv for statistics",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Writes the file and says what is in it."""
    export = _export_mask if arguments.what == "mask" else _export_statistics
    print(export(Reader(arguments.logdir), arguments), file=sys.stderr)


def _export_mask(reader: Reader, arguments: argparse.Namespace) -> str:
    graph = reader.model_graph(arguments.run, arguments.step)
    useless = verdict_source.useless_of(arguments)
    if not useless:
        raise InputError("There is nothing to write: no filter of this run is called useless.")
    filters = {one.path: one.channels or 0 for one in graph.layers if one.is_convolution}
    mask = build_mask(filters, removable(graph, useless))
    write_mask(arguments.output, mask)
    return (
        f"{arguments.output}: {mask.removed} filters of {len(mask.layers)} layers are removed"
    )


def _export_statistics(reader: Reader, arguments: argparse.Namespace) -> str:
    """One row per number, `layer, channel, statistic, input, value`; empty where undefined."""
    if arguments.output.suffix != ".csv":
        raise InputError(f"Statistics are written as .csv; got {arguments.output.name!r}.")
    steps = reader.steps(arguments.run)
    step = steps[-1] if arguments.step is None and steps else arguments.step
    capture = reader.capture(arguments.run, step)
    layers = reader.model_graph(arguments.run, step).layers
    rows = [
        (layers[layer.layer].key, channel, one.name, one.input if one.input >= 0 else "", value)
        for layer in capture.layers
        for one in layer.statistics
        for channel, value in enumerate(one.values.tolist())
    ]
    try:
        with arguments.output.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("layer", "channel", "statistic", "input", "value"))
            writer.writerows((*row[:-1], "" if row[-1] != row[-1] else row[-1]) for row in rows)
    except OSError as error:
        raise InputError(
            f"The statistics cannot be written to {str(arguments.output)!r}: "
            f"{error.strerror or error}."
        ) from error
    return f"{arguments.output}: {len(rows)} numbers of step {step}"
