"""The one seam through which ConvLens touches files.

Files are written beside their place and renamed, so that a reader sees all of a file or
nothing. What is read comes from a log directory, which nobody vouches for: symbolic links
are not followed in the last component, sizes are bounded, and only ordinary files count.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError, StorageError

TEMPORARY_SUFFIX = ".tmp"


def local_path(log_dir: str | os.PathLike[str]) -> Path:
    """The directory that a user named, absolute, with `~` expanded.

    Raises:
      StorageError: It is a URL: only local (and mounted) directories are supported.
    """
    text = os.fspath(log_dir)
    if "://" in text:
        raise StorageError(
            f"Cannot use {text!r} as a log directory: ConvLens writes to and reads from local "
            "directories. Mount the bucket, or copy the log directory."
        )
    return Path(os.path.abspath(os.path.expanduser(text)))


def make_directory(path: Path) -> None:
    """Creates a directory and its parents; one that exists is fine.

    Raises:
      StorageError: It cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot create the directory {str(path)!r}: {error.strerror or error}. "
            "Choose a log directory that you may write to."
        ) from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that appears under its name, complete and on disk, when the block ends.

    If the block raises, nothing appears and the unfinished file is removed.

    Raises:
      StorageError: The file cannot be written (no space, no permission, …).
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=TEMPORARY_SUFFIX, dir=path.parent
        )
        os.fchmod(handle, 0o666 & ~_umask())
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise StorageError(
            f"Cannot write {str(path)!r}: {error.strerror or error}. "
            "Check the space and the permissions of the log directory."
        ) from error
    except BaseException:
        _remove(temporary)
        raise


def write_file(path: Path, content: bytes) -> None:
    """Writes a whole file at once. Raises as `atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def read_file(path: Path, *, offset: int = 0, length: int | None = None, limit: int) -> bytes:
    """Reads bytes of an ordinary file.

    Args:
      path: The file; a symbolic link is refused.
      offset, length: What to read; to the end by default.
      limit: More bytes than this are refused.

    Raises:
      NotCapturedError: There is no such file.
      FormatError: It is no ordinary file, too large, or ends before `offset + length`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotCapturedError(
            f"The file {path.name!r} is gone from the log directory."
        ) from None
    except OSError as error:
        raise FormatError(f"Cannot read {path.name!r}: {error.strerror or error}.") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        wanted = status.st_size - offset if length is None else length
        if not stat.S_ISREG(status.st_mode):
            raise FormatError(f"{path.name!r} is not an ordinary file.")
        if wanted > limit:
            raise FormatError(
                f"{path.name!r} is too large to read: {wanted} bytes, expected at most {limit}."
            )
        if offset < 0 or wanted < 0 or offset + wanted > status.st_size:
            raise FormatError(
                f"{path.name!r} is cut short: expected {offset + wanted} bytes, "
                f"got {status.st_size}."
            )
        file.seek(offset)
        return file.read(wanted)


def _umask() -> int:
    """The process's file mode mask; it cannot be read without being set."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _remove(path: str | None) -> None:
    if path is not None:
        with suppress(FileNotFoundError):
            os.unlink(path)
