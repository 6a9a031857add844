"""Starts TensorFlow without its notices about processors and graphics cards."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.engine.onednn import choose_onednn


def start_tensorflow(*, measure: bool = False) -> None:
    """Imports the capture room, and Keras on TensorFlow with it.

    A command owns its process: the backend that `KERAS_BACKEND` or Keras' own settings name
    is for the programs of its user, and ConvLens computes with TensorFlow. Of TensorFlow's two
    kinds of code for convolutions it takes the faster one; see `engine/onednn.py`.

    Args:
      measure: Whether the command takes long enough to measure, once for this machine, which
        one is faster.

    Raises:
      ConvLensError: TensorFlow is not installed.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    choose_onednn(measure=measure)
    try:
        with _silent_stderr():
            importlib.import_module("tensorboard_plugin_convlens.recording.recorder")
            # The first tensor makes TensorFlow look for graphics cards.
            importlib.import_module("keras").ops.zeros(1)
    except ModuleNotFoundError as error:
        raise ConvLensError(
            f"To capture, ConvLens needs a package that is not installed ({error.name}). "
            "Install it with: pip install 'tensorboard-plugin-convlens[tensorflow]'"
        ) from error


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keeps what native code writes to stderr, and shows it only if the block fails.

    These notices are written before TensorFlow reads any of its logging settings.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        except Exception:
            notices.seek(0)
            os.write(kept, notices.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
