"""Steps of a training that are being written: which are on disk, and with which weights."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.records import Capture
from tensorboard_plugin_convlens.storage.writing.recording import has_failed


@dataclass(frozen=True, slots=True)
class _Pending:
    step: int
    values: str
    done: Future[Capture]


class WrittenSteps:
    """Follows captures until they are written, without waiting for them."""

    def __init__(self) -> None:
        """None so far."""
        self._pending: list[_Pending] = []
        self._steps: dict[str, int] = {}

    def add(self, step: int, values: str, done: Future[Capture]) -> None:
        """Follows a capture; `values` is the hash of everything that the model read."""
        self._pending.append(_Pending(step, values, done))

    def take_failed(self) -> list[int]:
        """The steps that could not be written, since the last time."""
        ended = [one for one in self._pending if one.done.done()]
        self._pending = [one for one in self._pending if one not in ended]
        failed = []
        for one in ended:
            if has_failed(one.done):
                failed.append(one.step)
            else:
                self._steps.setdefault(one.values, one.step)
        return failed

    def step_of(self, values: str) -> int | None:
        """The first written step at which the model read the same values."""
        return self._steps.get(values)
