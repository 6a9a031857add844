"""Entry point of the `convlens` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import tensorboard_plugin_convlens
from tensorboard_plugin_convlens.cli import interruption, terminal
from tensorboard_plugin_convlens.core.errors import (
    ConvLensError,
    IncompleteError,
    OutputError,
)

_INTERRUPTED = 130
_OUTPUT_UNREAD = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status.

    0: done. 1: a fault, one sentence on stderr. 2: wrong usage. 3: only a part of
    the request could be done. 130: interrupted. 141: the program that
    reads the output has ended, as in `convlens inspect logs | head -2`; the last two are
    those of programs that the signals SIGINT and SIGPIPE end.
    """
    # TensorFlow's notices about the processor would stand between the user and the answer.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    terminal.prepare()
    try:
        try:
            with interruption.remembered():
                return _run(argv)
        finally:
            terminal.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        terminal.abandon()
        return _OUTPUT_UNREAD
    except OutputError as error:
        terminal.show(f"convlens: {error}", file=sys.stderr)
        terminal.abandon()
        return 1


def _run(argv: Sequence[str] | None) -> int:
    """Runs the command, without handling faults of its output."""
    arguments = build_parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except OutputError:
        raise
    except ConvLensError as error:
        if arguments.debug:
            raise
        terminal.show(f"convlens: {error}", file=sys.stderr)
        return 3 if isinstance(error, IncompleteError) else 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `docs/cli.md` is made from it."""
    # Here, so that an interruption while they are loaded ends like any other.
    from tensorboard_plugin_convlens.cli import (
        ablate,
        annotate,
        capture,
        demo,
        doctor,
        export,
        inspect,
        prune,
    )

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
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (capture, demo, inspect, doctor, annotate, ablate, export, prune):
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
