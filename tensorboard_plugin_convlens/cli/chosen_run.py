"""The run of a log directory that a command uses."""

from __future__ import annotations

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.storage.reading.reader import Reader

HELP = "name of the run (default: the only one, or the log directory itself)"


def chosen_run(log_dir: str, asked: str | None) -> str:
    """The requested run, else the only one, else `"."`, the log directory itself.

    Raises:
      InputError: No run was requested, and there are several.
    """
    if asked is not None:
        return asked
    runs = Reader(log_dir).runs()
    if len(runs) > 1 and "." not in runs:
        raise InputError(
            f"{log_dir!r} has captures of several runs: {', '.join(runs)}. "
            "Choose one with --run."
        )
    return runs[0] if len(runs) == 1 else "."
