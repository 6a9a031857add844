"""Answers over many steps: compressed while they are built, kept until their run changes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable

from tensorboard_plugin_convlens.core.kept import Kept

_MOST_BYTES = 12 * 2**20
# Settings of TensorBoard's own answers; a gzip member (RFC 1952) without name and time.
_LEVEL, _GZIP = 3, 31


class Answers:
    """The latest long answers, as gzip members."""

    def __init__(self) -> None:
        """Begins without any answer."""
        self._kept: Kept[Hashable, tuple[Hashable, bytes]] = Kept(_MOST_BYTES)

    def get(
        self,
        question: Hashable,
        version: Callable[[], Hashable | None],
        make: Callable[[], Iterable[bytes]],
    ) -> bytes:
        """An answer, compressed: the kept one, if it has the same version.

        Args:
          question: The route and its parameters.
          version: Version of everything that the answer depends on; None if it is unknown.
            An answer is not kept if this changed while it was made.
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
    """A gzip member of all parts; only one part at a time is in memory."""
    gzip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return b"".join([gzip.compress(part) for part in parts] + [gzip.flush()])
