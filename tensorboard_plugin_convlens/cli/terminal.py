"""Prints text without the terminal controls that files and databases may contain."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

from tensorboard_plugin_convlens.core.errors import OutputError

# Controls, line ends among them; signs that turn the direction of writing; half characters.
_NOT_SHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def plain(text: object) -> str:
    r"""The text as one line without control characters: an escape becomes `\x1b`."""
    return _NOT_SHOWN.sub(lambda found: repr(found[0])[1:-1], str(text))


def show(*lines: object, file: TextIO | None = None) -> None:
    """Prints each of the lines, as `plain` has it, to stdout or to another stream.

    Raises:
      BrokenPipeError: The program that reads the output has ended.
      OutputError: The output cannot be written, as on a full disk.
    """
    try:
        for line in lines:
            print(plain(line), file=file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def show_json(text: str) -> None:
    """Prints JSON, whose texts are escaped already; errors are those of `show`."""
    show(*text.split("\n"))


def flush() -> None:
    """Writes out what was printed; errors are those of `show`."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # None: the caller closed it.
                stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def prepare() -> None:
    r"""Makes characters that the terminal's encoding lacks appear as `\u…`, not as faults."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def abandon() -> None:
    """Drops unwritten output: Python would try again when it ends, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _unwritable(error: OSError) -> OutputError:
    return OutputError(f"The output cannot be written: {error.strerror or error}.")
