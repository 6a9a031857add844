"""Where the layers lie in manifests, so that a layer of many steps is read without the others.

A manifest is read and its checksum compared once. As long as the file is the same one, with
the same times, only the bytes of the layers that are asked for are read from then on: those of
one layer of a hundred steps are a tenth of all, and a checksum needs all.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture
from tensorboard_plugin_convlens.storage.filesystem import read_file

_LAYERS = 7  # The field of Manifest.
_LARGEST_MANIFEST = 128 * 2**20
Identity = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """A manifest that was read once, without what is in its layers.

    Attributes:
      identity: Of the file; see `identity_of`.
      capture: Everything else that tables need: step, time, session, fingerprints.
      layers: `int64 [layer, 3]`: index in the model graph, place and length in the file.
    """

    identity: Identity
    capture: Capture
    layers: NDArray[np.int64]


class ManifestIndex:
    """The outlines of manifests that were read lately. Usable from several threads."""

    def __init__(self, most_layers: int) -> None:
        """Keeps outlines of so many layers of all manifests together: 24 bytes each."""
        self._most = most_layers
        self._count = 0
        self._lock = threading.Lock()
        self._outlines: OrderedDict[Path, Outline] = OrderedDict()

    def find(self, path: Path, identity: Identity) -> Outline | None:
        """The outline of a file, unless it is another file by now."""
        with self._lock:
            found = self._outlines.get(path)
            if found is None or found.identity != identity:
                return None
            self._outlines.move_to_end(path)
            return found

    def keep(self, path: Path, outline: Outline) -> None:
        """Keeps an outline, and lets those go that were not asked for the longest."""
        with self._lock:
            self._forget(path)
            self._outlines[path] = outline
            self._count += 1 + len(outline.layers)
            while self._count > self._most:
                self._forget(next(iter(self._outlines)))

    def _forget(self, path: Path) -> None:
        outline = self._outlines.pop(path, None)
        self._count -= 0 if outline is None else 1 + len(outline.layers)


def identity_of(path: Path) -> Identity:
    """Tells a file from what it was before, and from others.

    Raises:
      NotCapturedError: There is none.
    """
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        raise NotCapturedError(
            f"The file {path.name!r} is gone from the log directory."
        ) from None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def read_layers(path: Path, outline: Outline, layers: Container[int]) -> list[bytes]:
    """The stored bytes of those of `layers` that the manifest has, read at once."""
    places = outline.layers.tolist()
    wanted = [(start, length) for index, start, length in places if index in layers]
    if not wanted:
        return []
    first = min(start for start, _ in wanted)
    last = max(start + length for start, length in wanted)
    content = read_file(path, offset=first, length=last - first, limit=_LARGEST_MANIFEST)
    return [content[start - first : start - first + length] for start, length in wanted]


def places_of_layers(content: bytes, index_of: Callable[[bytes], int]) -> NDArray[np.int64]:
    """`Outline.layers` of a message that protobuf has parsed.

    Args:
      content: The bytes of a Manifest.
      index_of: Tells the index of a layer from its bytes.
    """
    found = [
        (index_of(content[start:end]), start, end - start)
        for number, start, end in _fields(content)
        if number == _LAYERS
    ]
    return np.asarray(found, np.int64).reshape(-1, 3)


def _fields(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of the value of every field of a message.

    https://protobuf.dev/programming-guides/encoding/
    """
    place = 0
    while place < len(content):
        tag, place = read_varint(content, place)
        kind, start = tag & 7, place
        if kind == 2:
            length, start = read_varint(content, place)
            place = start + length
        elif kind == 0:
            _, place = read_varint(content, place)
        else:
            place += 8 if kind == 1 else 4
        yield tag >> 3, start, place


def read_varint(content: bytes, place: int) -> tuple[int, int]:
    """A whole number of a message, and the place behind it."""
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
