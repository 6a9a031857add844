"""The one place where ConvLens touches files.

Files are written beside their place and renamed, so that a reader sees all of a file or
nothing. Log directories are not trusted: symbolic links are not followed in the last component,
sizes are bounded, and only ordinary files count.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tensorboard_plugin_convlens.core.errors import FormatError, StorageError
from tensorboard_plugin_convlens.storage.ordinary_file import ordinary_file

TEMPORARY_SUFFIX = ".tmp"


def local_path(log_dir: str | os.PathLike[str]) -> Path:
    """The directory that a user named, absolute, with `~` expanded.

    Raises:
      StorageError: It is a URL; only local (and mounted) directories are supported.
    """
    text = os.fspath(log_dir)
    if "://" in text:
        raise StorageError(
            f"Cannot use {text!r} as a log directory: ConvLens writes to and reads from local "
            "directories. Mount the bucket, or copy the log directory."
        )
    try:
        return Path(os.path.abspath(os.path.expanduser(text)))
    except OSError as error:
        raise StorageError(
            f"Cannot tell where {text!r} is: the working directory is gone "
            f"({error.strerror or error}). Give an absolute path."
        ) from error


def make_directory(path: Path) -> None:
    """Creates a directory and its parents; one that exists is fine.

    Raises:
      StorageError: It cannot be created.
    """
    try:
        if not _is_directory(path):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot create the directory {str(path)!r}: {error.strerror or error}. "
            "Choose a log directory that you may write to."
        ) from error


@contextmanager
def atomic_file(path: Path, *, aside: Path | None = None) -> Iterator[BinaryIO]:
    """A new file that appears under its name, complete and on disk, when the block ends.

    If the block raises, nothing appears, a file that was there before stays as it was, and
    the unfinished file is removed if possible. The new file gets the permissions of a file
    that it replaces.

    Args:
      path: The file. A symbolic link is replaced, not followed.
      aside: The unfinished file is named after this path, on the same file system; `path`
        by default.

    Raises:
      StorageError: The file cannot be written (no space, no permission, …).
    """
    with atomic_path(path, aside=aside) as temporary, _created(temporary, path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def atomic_path(path: Path, *, aside: Path | None = None, suffix: str = "") -> Iterator[Path]:
    """The path of an unfinished file that takes its name when the block ends.

    The block writes it and brings it onto the disk. Arguments and errors are those of
    `atomic_file`; the unfinished file's name ends in `suffix`, for writers that look at it.
    """
    beside = path if aside is None else aside
    unfinished = f".{beside.name[:40]}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}{suffix}"
    temporary = beside.with_name(unfinished)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise StorageError(
            f"Cannot write {str(path)!r}: {error.strerror or error}. "
            "Check that there is space and that you may write there."
        ) from error
    except BaseException:
        _remove(temporary)
        raise


def write_file(path: Path, content: bytes) -> None:
    """Writes a whole file at once. Raises as `atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def sync_file(path: Path, *, like: Path) -> None:
    """Brings a file onto the disk, with the permissions of `like` if that exists.

    Raises:
      OSError: It cannot be opened or written.
    """
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _copy_mode(handle, like)
        os.fsync(handle)
    finally:
        os.close(handle)


def list_directory(path: Path) -> list[str]:
    """The names in a directory.

    Raises:
      StorageError: It cannot be read.
    """
    try:
        return os.listdir(path)
    except OSError as error:
        raise StorageError(
            f"Cannot read the directory {str(path)!r}: {error.strerror or error}. "
            "Check that it is there and that you may read it."
        ) from error


def size_of_file(path: Path) -> int | None:
    """Size in bytes of an ordinary file, or None if there is none.

    Raises:
      StorageError: Its size cannot be found out.
    """
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(
            f"Cannot look at {str(path)!r}: {error.strerror or error}. "
            "Check the disk and the permissions of the log directory."
        ) from error
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def read_file(
    path: str | os.PathLike[str], *, offset: int = 0, length: int | None = None, limit: int
) -> bytes:
    """Reads bytes of an ordinary file.

    Args:
      path: The file; a symbolic link is refused.
      offset, length: What to read; to the end by default.
      limit: More bytes than this are refused.

    Raises:
      NotCapturedError: There is no such file.
      FormatError: It is not an ordinary file, is too large, ends before `offset + length`, or
        the operating system cannot read it.
    """
    with ordinary_file(path) as file:
        wanted = file.size - offset if length is None else length
        if wanted > limit:
            raise FormatError(
                f"{os.path.basename(path)!r} is too large to read: {wanted} bytes, expected "
                f"at most {limit}."
            )
        return file.read(offset, wanted)


def read_beginning(path: Path, most: int) -> bytes:
    """The first bytes of an ordinary file, up to a limit. Raises as `read_file`."""
    with ordinary_file(path) as file:
        return file.read(0, min(most, file.size))


@contextmanager
def _created(temporary: Path, path: Path) -> Iterator[BinaryIO]:
    """A new, empty file; the process's file mode mask applies, or the mode of `path`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(temporary, flags, 0o666)
    with os.fdopen(handle, "wb") as file:
        _copy_mode(handle, path)
        yield file


def _copy_mode(handle: int, path: Path) -> None:
    """Copies the permissions of a file that will be replaced, if there is one."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISREG(mode):
        with suppress(PermissionError):  # A file system without permissions.
            os.fchmod(handle, stat.S_IMODE(mode))


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    """Removes a file if possible; otherwise ignores that, because the earlier fault matters."""
    with suppress(OSError):
        os.unlink(path)
