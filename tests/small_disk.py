"""Directories on a disk that can be filled: what a command leaves behind when space ends."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 2 * 2**20
# A file that may not grow is a full disk that nobody needs to be root for.
KINDS = ["files that may not grow"]
if sys.platform == "linux" and os.geteuid() == 0:
    KINDS.append("a file system of 2 MB")


class SmallDisk:
    """A directory; `full` leaves room for so many bytes while its block runs."""

    def __init__(self, place: Path, kind: str) -> None:
        self.place = place
        self._kind = kind

    @contextmanager
    def full(self, left: int = 0) -> Iterator[None]:
        """No file (or the whole disk) may take more than `left` bytes from now on."""
        if self._kind == KINDS[0]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (left, resource.RLIM_INFINITY))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            return
        filling = self.place / ".filling"
        filling.write_bytes(bytes(max(0, shutil.disk_usage(self.place).free - left)))
        try:
            yield
        finally:
            filling.unlink()


@contextmanager
def small_disk(place: Path, kind: str) -> Iterator[SmallDisk]:
    """A new directory on a disk of the kind."""
    place.mkdir()
    if kind == KINDS[0]:
        yield SmallDisk(place, kind)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "convlens", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield SmallDisk(place, kind)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
