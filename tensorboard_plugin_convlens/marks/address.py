"""The place of a log directory's marks, and whether a database can be there.

SQLAlchemy is not imported here: TensorBoard reads addresses at every start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import StorageError, StoreError
from tensorboard_plugin_convlens.core.judgments.mark_limits import LONGEST_NAME
from tensorboard_plugin_convlens.marks import database_url
from tensorboard_plugin_convlens.storage.filesystem import local_path

BESIDE_LOGS = Path(".convlens") / "annotations.db"
SCHEMES = {"sqlite": "sqlite", "postgresql+psycopg": "postgresql", "postgresql": "postgresql"}

_SQLITE_PATH = re.compile(r"sqlite:///[^?]*[^?/]")
_ELSEWHERE = (
    "Keep the marks elsewhere: start TensorBoard with --convlens_db sqlite:///PATH on a local "
    "disk, or --convlens_db postgresql+psycopg://HOST/DATABASE for a team (convlens annotate: "
    "--db)."
)


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A database, and the part of it that belongs to this log directory.

    Attributes:
      kind: Kind of the database.
      file: The file of an SQLite database; None otherwise.
      url: SQLAlchemy's URL of a PostgreSQL database, else "". It may contain a password, so it
        is never shown.
      collection: Name of the marks in a shared database, which has those of many log
        directories. Empty for a database beside the logs, because a log directory may be
        moved.
      below: The log directory, if the file lies in it: nothing in there is trusted.
    """

    kind: Literal["sqlite", "postgresql"]
    file: Path | None
    url: str = field(repr=False)
    collection: str
    below: Path | None = None

    def __str__(self) -> str:
        """For people: the file, or scheme, host and database."""
        return str(self.file) if self.file is not None else database_url.shown(self.url)


def find_store(
    log_dir: str | os.PathLike[str], database: str = "", collection: str = ""
) -> StoreAddress:
    """Finds where the marks of a log directory are kept.

    Args:
      log_dir: The value that TensorBoard gets; a URL only together with a database.
      database: `sqlite:///PATH` or `postgresql+psycopg://…`; empty: beside the logs.
      collection: Name in a shared database; empty: the log directory itself.

    Raises:
      StoreError: Nothing can be kept there, or the kind of database is not supported.
    """
    if not database:
        local = _local(log_dir)
        return StoreAddress("sqlite", local / BESIDE_LOGS, "", collection, local)
    kind = check_database(database)
    name = collection or _name_of(log_dir)
    if len(name) > LONGEST_NAME or "\0" in name:
        raise StoreError("The name of a collection of marks has at most 4096 characters.")
    if kind == "sqlite":
        path = Path(os.path.abspath(os.path.expanduser(database.removeprefix("sqlite:///"))))
        return StoreAddress("sqlite", path, "", name, _log_directory_of(path, log_dir))
    return StoreAddress("postgresql", None, database, name)


def check_database(database: str) -> Literal["sqlite", "postgresql"]:
    """The kind of database that a URL names.

    Raises:
      StoreError: It is neither SQLite nor PostgreSQL.
    """
    kind = SCHEMES.get(database_url.scheme_of(database) or "")
    reason = "expected"
    if kind == "postgresql":
        try:
            database_url.parse(database)
        except ValueError as error:
            reason = f"{error}; expected"
        else:
            return "postgresql"
    if kind == "sqlite" and _SQLITE_PATH.fullmatch(database):
        return "sqlite"
    raise StoreError(
        f"Cannot keep marks in {database_url.shown(database)!r}: {reason} sqlite:///PATH (four "
        "slashes for an absolute path) or postgresql+psycopg://USER@HOST/DATABASE."
    )


def check_file(file: Path, file_system: Callable[[Path], str] | None = None) -> None:
    """Refuses a place where SQLite would lose or damage marks.

    Its locks and its shared memory do not work over a network.
    https://sqlite.org/wal.html, https://sqlite.org/faq.html#q5

    Args:
      file: The existing or future database.
      file_system: Returns the kind of file system of a path; this machine's by default.

    Raises:
      StoreError: The file system is not local.
    """
    kind = (file_system or file_system_of)(file)
    if is_unsafe(kind):
        raise StoreError(
            f"Marks cannot be kept in {str(file)!r}: it lies on a {kind} file system, where "
            f"SQLite's locks are not safe. {_ELSEWHERE}"
        )


def check_writable(file: Path) -> None:
    """Refuses a place that may not be written to.

    Raises:
      StoreError: The file, or the directory that it would be in, is read-only.
    """
    existing = next(path for path in (file, *file.parents) if path.exists())
    places = [existing] if existing.is_dir() else [existing, existing.parent]
    for place in places:
        if not os.access(place, os.W_OK):
            raise StoreError(
                f"Marks cannot be kept in {str(file)!r}: {str(place)!r} is read-only for the "
                f"user that TensorBoard runs as. {_ELSEWHERE}"
            )


_NETWORK = re.compile(
    r"9p|ac?fs|afpfs|beegfs|ceph|cifs|coda|davfs|drvfs|gfs2?|glusterfs|gpfs|lustre|ncpfs|nfs\d?"
    r"|ocfs2|orangefs|prl_fs|pvfs2|smb\d?|smbfs|sshfs|vboxsf|vmhgfs|webdav(fs)?"
)
# File systems in user space are most often another machine; these are this one's disks.
_USER_SPACE = re.compile(r"fuse\.(?!(bindfs|encfs|ext2|fuse-overlayfs|gocryptfs|ntfs|zfs)\b)")


def is_unsafe(file_system: str) -> bool:
    """Whether SQLite is unsafe there; an unknown kind counts as a local disk."""
    kind = file_system.lower()
    return bool(_NETWORK.fullmatch(kind) or _USER_SPACE.match(kind))


def file_system_of(path: Path) -> str:
    """The kind of file system that a path is or would be on, or "" if unknown."""
    import psutil  # Not when TensorBoard starts.

    real = os.path.realpath(path)
    if real.startswith("\\\\"):
        return "smb"
    kinds = {
        mount.mountpoint: "smb" if "remote" in mount.opts.split(",") else mount.fstype
        for mount in psutil.disk_partitions(all=True)
    }
    places = [real, *map(str, Path(real).parents)]
    return next((kinds[place] for place in places if place in kinds), "")


def _local(log_dir: str | os.PathLike[str]) -> Path:
    text = os.fspath(log_dir)
    if not text:
        raise StoreError(f"There is no single log directory to keep marks in. {_ELSEWHERE}")
    try:
        return local_path(text)
    except StorageError:
        raise StoreError(
            f"Marks cannot be kept in {text!r}, which is not a local directory. {_ELSEWHERE}"
        ) from None


def _log_directory_of(file: Path, log_dir: str | os.PathLike[str]) -> Path | None:
    """The log directory, if the file is inside it."""
    try:
        local = _local(log_dir)
    except StoreError:
        return None
    return local if file.is_relative_to(local) else None


def _name_of(log_dir: str | os.PathLike[str]) -> str:
    text = os.fspath(log_dir)
    return text if "://" in text or not text else str(local_path(text))
