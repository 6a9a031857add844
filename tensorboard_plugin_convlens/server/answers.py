"""Answers over many steps: compressed while they are built, kept until their run changes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable

from tensorboard_plugin_convlens.core.kept import Kept

_MOST_BYTES = 12 * 2**20
# As TensorBoard compresses its own answers; a gzip member (RFC 1952) without name and time.
_LEVEL, _GZIP = 3, 31


class Answers:
    """The last answers that took long, as gzip members."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: Kept[Hashable, tuple[Hashable, bytes]] = Kept(_MOST_BYTES)

    def get(
        self,
        question: Hashable,
        version: Callable[[], Hashable | None],
        make: Callable[[], Iterable[bytes]],
    ) -> bytes:
        """An answer, compressed: the one that is kept, if it is of the same version.

        Args:
          question: What was asked: the route and its parameters.
          version: Of everything that the answer depends on; None where that is not known.
            What changed while the answer was made is not kept.
          make: The answer, part by part.
        """
        kept, before = self._kept.find(question), version()
        if kept is not None and before is not None and kept[0] == before:
            return kept[1]
        answer = compress(make())
        if before is not None and before == version():
            self._kept.keep(question, (before, answer), len(answer))
        return answer


def compress(parts: Iterable[bytes]) -> bytes:
    """A gzip member of all parts, of which one at a time is held."""
    gzip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return b"".join([gzip.compress(part) for part in parts] + [gzip.flush()])
