"""The list of runs and their steps; reads only what is new."""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from dataclasses import dataclass

import msgspec

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.server import to_wire, wire
from tensorboard_plugin_convlens.storage.reading.source import Source

# Compressed, a step takes some 40 bytes.
_MOST_BYTES = 8 * 2**20
_Rows = list[tuple[int, wire.StepSummary]]
"""The version of each step, and its entry in the list."""


@dataclass(frozen=True, slots=True)
class _KeptList:
    """The steps of a run when they were last read.

    Attributes:
      version: Version of the run; None if a step was left out, because it may be repaired.
      rows: `_Rows`, compressed.
      problems: The problems of the run.
    """

    version: Hashable | None
    rows: bytes
    problems: tuple[str, ...]


class RunLists:
    """The steps and the problems of each run.

    Attributes:
      left_out: Number of damaged steps so far.
    """

    def __init__(self) -> None:
        """Begins without any run."""
        self._kept: Kept[str, _KeptList] = Kept(_MOST_BYTES)
        self.left_out = 0

    def of(self, run: str, source: Source) -> wire.Run:
        """A run; steps that were not replaced are not read again."""
        version = source.version()
        kept = self._kept.find(run)
        if kept is not None and version is not None and kept.version == version:
            steps = [summary for _, summary in _unpack(kept.rows)]
            return {"run": run, "steps": steps, "problems": list(kept.problems)}
        rows, left_out = _read(source, [] if kept is None else _unpack(kept.rows))
        self.left_out += len(left_out)
        problems = (*source.problems(), *left_out)
        packed = zlib.compress(msgspec.msgpack.encode(rows), 1)
        size = len(packed) + sum(map(len, problems))
        self._kept.keep(run, _KeptList(None if left_out else version, packed, problems), size)
        return {
            "run": run,
            "steps": [summary for _, summary in rows],
            "problems": list(problems),
        }


def _read(source: Source, before: _Rows) -> tuple[_Rows, list[str]]:
    """The steps of a run, and a sentence for each that is left out."""
    known = {(one["step"], one["session"]): (version, one) for version, one in before}
    rows: _Rows = []
    left_out = []
    for key in source.steps():
        try:
            version = source.step_version(key)
            found = known.get((key.step, key.session))
            if found is None or found[0] != version:
                found = version, to_wire.step_summary(key, source.outline(key))
            rows.append(found)
        except ConvLensError as error:
            left_out.append(f"Step {key.step} is left out: {error}")
    return rows, left_out


def _unpack(rows: bytes) -> _Rows:
    return msgspec.msgpack.decode(zlib.decompress(rows), type=_Rows)
