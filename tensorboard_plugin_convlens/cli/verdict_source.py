"""The verdicts that a command uses: from a file, or from the marks of a log directory."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.cli import chosen_run
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.verdicts import useless_filters
from tensorboard_plugin_convlens.loading.verdict_file import read_verdicts


def add_options(add: Callable[..., Any]) -> None:
    """Adds `--verdicts` and `--db` to a command, by its `add_argument`."""
    add(
        "--verdicts",
        type=Path,
        metavar="FILE",
        help="marks as .csv or .json (default: the marks of the log directory)",
    )
    add(
        "--db",
        default="",
        metavar="DATABASE",
        help="database of the marks, as --convlens_db of TensorBoard (default: the one in the "
        "log directory)",
    )
    add(
        "--collection",
        default="",
        metavar="NAME",
        help="name of the log directory in a shared database",
    )


def useless_of(arguments: argparse.Namespace) -> dict[str, tuple[int, ...]]:
    """The filters marked useless: key of a layer → channels.

    Raises:
      InputError: The file has no verdicts, or there are two sources, or several runs.
      StoreError: The marks cannot be read.
    """
    if arguments.verdicts is not None:
        if arguments.db or arguments.collection:
            raise InputError("Give --verdicts, or --db with --collection, not both.")
        return useless_filters(read_verdicts(arguments.verdicts), arguments.run)
    if arguments.logdir is None:
        return {}
    # Here, so that commands without marks start without SQLAlchemy.
    from tensorboard_plugin_convlens.marks.verdicts import verdicts_of

    run = chosen_run.chosen_run(arguments.logdir, arguments.run)
    found = verdicts_of(arguments.logdir, run, arguments.db, arguments.collection)
    return useless_filters(found, run)
