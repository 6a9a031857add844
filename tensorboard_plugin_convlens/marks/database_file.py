"""The file of a SQLite database and those beside it, checked without following links.

A log directory may come from elsewhere. A link in it could make SQLite change a file that
belongs to somebody else, and a file that SQLite finds beside a database decides what it does.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import StoreError, StoreFullError

WAL, SHARED_MEMORY, JOURNAL = "-wal", "-shm", "-journal"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# A journal that ends in this names another file, which SQLite would remove.
# https://sqlite.org/fileformat2.html#the_rollback_journal
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Identity = tuple[int, int]
"""Device and inode number of a file, which identify it while it exists."""

Signature = tuple[tuple[int, ...] | None, ...]
"""Changes whenever the database, or a file beside it with marks, changes."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """Where a SQLite database is or will be.

    Attributes:
      path: Its path, for people.
      below: The log directory that contains it: below that, no link is followed. None if
        a person named the file.
    """

    path: Path
    below: Path | None = None

    @property
    def real_path(self) -> Path:
        """The path that SQLite gets: links above the log directory are resolved."""
        if self.below is None:
            return Path(os.path.realpath(self.path))
        return Path(os.path.realpath(self.below)) / self.path.relative_to(self.below)

    @contextmanager
    def directory(self) -> Iterator[int | None]:
        """A handle of its directory; None if there is none.

        Raises:
          StoreError: A directory on the way is a link or something else.
        """
        handles: list[int] = []
        try:
            yield self._open_directory(handles)
        finally:
            for handle in handles:
                os.close(handle)

    def _open_directory(self, handles: list[int]) -> int | None:
        real = self.real_path
        start = Path(os.path.realpath(self.below)) if self.below else real.parent
        try:
            handles.append(os.open(start, _DIRECTORY))
            for name in real.parent.relative_to(start).parts:
                handles.append(os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=handles[-1]))
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise self._refusal(str(real.parent), "is not an ordinary directory") from None
            raise self._fault(error) from error
        return handles[-1]

    def identity(self, directory: int | None) -> Identity | None:
        """Identifies the file; None if there is none.

        Raises:
          StoreError: It, or a file beside it, is a link or not an ordinary file.
        """
        status = self._status(directory, "")
        for suffix in (WAL, SHARED_MEMORY, JOURNAL):
            self._status(directory, suffix)
        return None if status is None else (status.st_dev, status.st_ino)

    def signature(self, directory: int | None) -> Signature:
        """A value that changes when marks are made. Raises as `identity`."""
        found = (self._status(directory, suffix) for suffix in ("", WAL, JOURNAL))
        return tuple(
            (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) if one else None
            for one in found
        )

    def open(self, directory: int, suffix: str) -> int:
        """A handle to read the file, or the one beside it, from. Raises OSError."""
        return os.open(self.real_path.name + suffix, _FILE, dir_fd=directory)

    def create(self) -> None:
        """Creates the file, empty, and its directory, unless they exist.

        Raises:
          StoreError: They cannot be created.
        """
        real = self.real_path
        try:
            if self.below is None:
                real.parent.mkdir(parents=True, exist_ok=True)
            else:
                self._create_below(Path(os.path.realpath(self.below)))
            with self.directory() as directory, suppress(FileExistsError):
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                os.close(os.open(real.name, flags, 0o644, dir_fd=directory))
        except OSError as error:
            raise self._fault(error) from error

    def check_journal(self, directory: int) -> None:
        """Raises `StoreError` if the journal beside it would make SQLite remove a file."""
        if self._status(directory, JOURNAL) is None:
            return
        try:
            journal = os.fdopen(self.open(directory, JOURNAL), "rb")
        except FileNotFoundError:
            return
        with journal:
            end = os.fstat(journal.fileno()).st_size
            journal.seek(max(0, end - len(_NAMES_ANOTHER)))
            if journal.read() == _NAMES_ANOTHER:
                raise self._refusal(f"{self.path}{JOURNAL}", "names another file")

    def _create_below(self, log_directory: Path) -> None:
        log_directory.mkdir(parents=True, exist_ok=True)
        handles = [os.open(log_directory, _DIRECTORY)]
        try:
            for name in self.real_path.parent.relative_to(log_directory).parts:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handles[-1])
                handles.append(os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=handles[-1]))
        finally:
            for handle in handles:
                os.close(handle)

    def _status(self, directory: int | None, suffix: str) -> os.stat_result | None:
        name = self.real_path.name + suffix
        if directory is None:
            return None
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._fault(error) from error
        if stat.S_ISLNK(status.st_mode):
            raise self._refusal(f"{self.path}{suffix}", "is a symbolic link")
        if not stat.S_ISREG(status.st_mode):
            raise self._refusal(f"{self.path}{suffix}", "is not an ordinary file")
        if status.st_nlink > 1:
            # Under its other name it has another write-ahead log: https://sqlite.org/
            # howtocorrupt.html#_multiple_links_to_the_same_file
            raise self._refusal(f"{self.path}{suffix}", "has a second name (a hard link)")
        return status

    def _refusal(self, what: str, is_what: str) -> StoreError:
        where = f" inside {str(self.below)!r}" if self.below else ""
        return StoreError(
            f"The marks in {str(self.path)!r} are not opened: {what!r} {is_what}; expected "
            f"ordinary files and directories{where}. Move the database itself there, or give "
            "its real path with --convlens_db sqlite:///PATH (convlens annotate: --db)."
        )

    def _fault(self, error: OSError) -> StoreError:
        kind = StoreFullError if error.errno in _NO_SPACE else StoreError
        return kind(
            f"The marks in {str(self.path)!r} could not be opened: {error.strerror or error}. "
            "Check the space, the file and its permissions, and try again."
        )
