"""A cache of values, bounded by their bytes."""

from __future__ import annotations

import random
import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# The key, the tuple, and the entries of two dictionaries.
_BYTES_PER_ENTRY = 300


class Kept(Generic[Key, Value]):
    """A cache that is bounded by bytes, usable from several threads.

    When it is full, a random entry is dropped. Steps are requested one after the other, again
    and again. If one more step is requested than fits, a cache that drops the least recently
    used entry never finds any; this one finds nearly all.
    """

    def __init__(self, most_bytes: int) -> None:
        """Keeps at most this number of bytes: those given to `keep`, and 300 for each entry."""
        self._most = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._entries: dict[Key, tuple[Value, int, int]] = {}
        self._keys: list[Key] = []
        self._lot = random.Random(0)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key: Key) -> Value | None:
        """The value of a key, or None."""
        found = self._entries.get(key)
        return None if found is None else found[0]

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keeps a value of `size` bytes, if that is at most half of the limit."""
        size += _BYTES_PER_ENTRY
        with self._lock:
            self._forget(key)
            if 2 * size > self._most:
                return
            while self._bytes + size > self._most:
                self._forget(self._keys[self._lot.randrange(len(self._keys))])
            self._entries[key] = (value, size, len(self._keys))
            self._keys.append(key)
            self._bytes += size

    def forget(self, key: Key) -> None:
        """Drops the value of a key, if there is one."""
        with self._lock:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        found = self._entries.pop(key, None)
        if found is None:
            return
        _, size, place = found
        self._bytes -= size
        # The last key takes the place that is free now.
        last = self._keys.pop()
        if last != key:
            value, size_of_last, _ = self._entries[last]
            self._entries[last] = (value, size_of_last, place)
            self._keys[place] = last
