"""Finds and removes what dead writers left: unfinished files, files of no step.

A file is litter only if its writer cannot be alive: its session's lock is free and was taken on
this machine, or none of its files was written for a day. A lock of another machine is trusted
only if it is held, not if it is free: not every network file system shares locks.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import ConvLensError, StorageError
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.filesystem import list_directory, read_file
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import unseal
from tensorboard_plugin_convlens.storage.writing.session_file import is_alive

logger = logging.getLogger(__name__)
SECONDS_OF_THE_UNKNOWN = 24 * 3600
_LARGEST_MANIFEST = 128 * 2**20
# `filesystem.atomic_file` names them after the first 40 characters of the file.
_UNFINISHED = re.compile(r"\.(.{1,40})\.[0-9a-z_]{8}\.tmp")
_BEGINNING = re.compile(
    r"(?:(?:step|pack|traits)-[0-9]{15}|status)-([tc][0-9]{13}-[0-9a-f]{0,8})"
)


@dataclass(frozen=True, slots=True)
class Litter:
    """A file that no reader needs and no writer has open.

    Attributes:
      name: Its name in the plugin directory.
      size: Its size in bytes.
      what: Description for a sentence that begins with "It".
    """

    name: str
    size: int
    what: str


@dataclass
class _Directory:
    """The contents of a plugin directory: which session wrote which file, and when."""

    path: Path
    now: float
    files: Sequence[str]
    _alive: dict[str, bool] = field(default_factory=dict)

    def may_be_alive(self, session: str) -> bool:
        """Whether somebody may still write a session, or one whose name begins like this."""
        if session not in self._alive:
            self._alive[session] = self._find_out(session)
        return self._alive[session]

    def is_old(self, names_of_files: Iterable[str]) -> bool:
        """Whether nothing was written to any of the files for a day."""
        known = filter(None, map(self.status, names_of_files))
        latest = max((one.st_mtime for one in known), default=0.0)
        return latest <= self.now - SECONDS_OF_THE_UNKNOWN

    def status(self, name: str) -> os.stat_result | None:
        """Size and times of an ordinary file; None for anything else.

        Only possible litter is looked up: there may be ten thousand files on a network.
        """
        try:
            status = os.lstat(self.path / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"Cannot look at {name!r}: {error.strerror or error}. "
                "Check the disk and the permissions of the log directory."
            ) from error
        return status if stat.S_ISREG(status.st_mode) else None

    def _find_out(self, session: str) -> bool:
        own = [name for name in self.files if (_session_of(name) or "").startswith(session)]
        whole = {found for name in own if (found := names.session_of(name))}
        answers = [is_alive(self.path, one) for one in whole]
        if True in answers:
            return True
        known_dead = bool(answers) and None not in answers
        return not known_dead and not self.is_old(own)


def find_litter(directory: Path, now: float, own: str = "") -> list[Litter]:
    """Files that dead writers left, sorted by name; changes nothing.

    Args:
      directory: A plugin directory.
      now: Time of the file system's clock, in seconds since 1970.
      own: The caller's session, which is alive.

    Raises:
      StorageError: The directory, or the status of a file, cannot be read.
    """
    found = _Directory(directory, now, list_directory(directory), {own: True})
    litter = [one for name in found.files if (one := _unfinished(found, name)) is not None]
    steps = {key for name in found.files if (key := names.parse_manifest_name(name))}
    litter += _orphaned_packs(found, steps)
    litter += _of_no_step(found, _of_dead(found, names.parse_traits_name, steps))
    return sorted(litter, key=lambda one: one.name)


def remove_litter(directory: Path, litter: Iterable[Litter]) -> list[Litter]:
    """Removes litter as far as possible.

    Returns:
      The removed files.
    """
    removed = []
    for one in litter:
        with suppress(OSError):
            os.unlink(directory / one.name)
            removed.append(one)
    return removed


def clean_up(directory: Path, clock: Path | None = None) -> None:
    """Removes files that dead writers left, as far as possible; only logs faults.

    Args:
      directory: A plugin directory.
      clock: A file of the caller's session, written just now: the file system has its own
        clock.
    """
    try:
        now = time.time() if clock is None else os.lstat(clock).st_mtime
        own = "" if clock is None else names.session_of(clock.name) or ""
        remove_litter(directory, find_litter(directory, now, own))
    except (OSError, ConvLensError) as error:
        logger.warning("ConvLens did not clean up after earlier writers: %s", error)


def _session_of(name: str) -> str | None:
    """The session of a file, or the beginning of its name."""
    unfinished = _UNFINISHED.fullmatch(name)
    beginning = _BEGINNING.match(unfinished[1]) if unfinished else None
    return beginning[1] if beginning else names.session_of(name)


def _unfinished(found: _Directory, name: str) -> Litter | None:
    """A file that is litter by itself: unfinished, or of a dead session."""
    is_session_file = name == names.session_file_name(names.session_of(name) or "")
    if not (is_session_file or _UNFINISHED.fullmatch(name)):
        return None
    status, session = found.status(name), _session_of(name)
    if status is None:
        return None
    is_dead = found.is_old([name]) if session is None else not found.may_be_alive(session)
    if not is_dead:
        return None
    what = "says that a session is being written" if is_session_file else "was never finished"
    return Litter(name, status.st_size, f"{what}; its writer is gone")


def _orphaned_packs(found: _Directory, steps: set[StepKey]) -> list[Litter]:
    """Packs that no manifest names, of steps that have no manifest."""
    candidates = _of_dead(found, names.parse_pack_name, steps)
    if not candidates:
        return []
    try:
        named = {pack for key in steps for pack in _packs_of(found.path, key)}
    except ConvLensError:
        return []  # A manifest that cannot be read may name them.
    return _of_no_step(found, [name for name in candidates if name not in named])


def _of_dead(
    found: _Directory, parse: Callable[[str], StepKey | None], steps: set[StepKey]
) -> list[str]:
    """Files of steps that have no manifest and will not get one."""
    return [
        name
        for name in found.files
        if (key := parse(name)) is not None
        and key not in steps
        and not found.may_be_alive(key.session)
    ]


def _of_no_step(found: _Directory, files: Iterable[str]) -> list[Litter]:
    return [
        Litter(name, status.st_size, "belongs to no step; its writer is gone")
        for name in files
        if (status := found.status(name)) is not None
    ]


def _packs_of(directory: Path, key: StepKey) -> list[str]:
    name = names.manifest_name(key)
    content = read_file(directory / name, limit=_LARGEST_MANIFEST)
    return list(unseal(content, pb.ManifestOutline(), f"manifest {name!r}").packs)
