"""An output file of a command: written completely, or left as it was before.

Unlike the files of a log directory it may be a symbolic link, which is followed, or not an
ordinary file (`/dev/stdout`, a named pipe), which has no content to lose.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.storage.filesystem import atomic_file, atomic_path, sync_file


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it appears under its name when the block ends without an exception.

    Raises:
      StorageError: It cannot be written; the old file is unchanged.
    """
    real = _real(path)
    if _is_special(real):
        with _special(path) as file:
            yield file
    else:
        with atomic_file(real) as file:
            yield file


@contextmanager
def output_path(path: Path) -> Iterator[Path]:
    """The same for writers that take a path: the one to write to, with the suffix of `path`.

    Raises:
      StorageError: It cannot be written; the old file is unchanged.
    """
    real = _real(path)
    with atomic_path(real, suffix=path.suffix) as unfinished:
        yield unfinished
        sync_file(unfinished, like=real)


def write_output(path: Path, content: bytes) -> None:
    """Writes a whole file at once. Raises as `output_file`."""
    with output_file(path) as file:
        file.write(content)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        return False


@contextmanager
def _special(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("wb") as file:
            yield file
    except OSError as error:
        raise StorageError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from error
