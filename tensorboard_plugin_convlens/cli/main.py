"""Entry point of the `convlens` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import tensorboard_plugin_convlens
from tensorboard_plugin_convlens.cli import (
    ablate,
    annotate,
    capture,
    demo,
    export,
    inspect,
    prune,
)
from tensorboard_plugin_convlens.core.errors import ConvLensError, IncompleteError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status.

    0: done. 1: a fault, told in one sentence on stderr. 2: wrong usage. 3: some of what
    was asked for is done, the rest could not be. 130: interrupted.
    """
    # TensorFlow's notices about the processor would stand between the user and the answer.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    arguments = build_parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except ConvLensError as error:
        if arguments.debug:
            raise
        print(f"convlens: {error}", file=sys.stderr)
        return 3 if isinstance(error, IncompleteError) else 1
    except KeyboardInterrupt:
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `docs/cli.md` is made from it."""
    parser = argparse.ArgumentParser(
        prog="convlens",
        description="See what every filter of a convolutional network has learned.",
        epilog="example: convlens demo",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"convlens {tensorboard_plugin_convlens.__version__}",
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks of faults")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (capture, demo, inspect, annotate, ablate, export, prune):
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
