"""When a training run is captured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import InputError

_BATCHES = re.compile(r"batch:([1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every `every` epochs, or every `every` batches.

    Attributes:
      every: How many, at least 1.
      by_batch: Whether `every` and the steps count batches (optimizer updates).
    """

    every: int
    by_batch: bool

    def is_due(self, step: int, last: int | None) -> bool:
        """Whether a step is captured: a multiple of `every` was passed since the last.

        Steps may be passed over: Keras ends several batches at once with
        `steps_per_execution`.

        Args:
          step: The epoch or batch that has ended.
          last: The last captured step, or None.
        """
        return step // self.every > (-1 if last is None else last // self.every)


def build_schedule(freq: int | str) -> Schedule:
    """The schedule that the user gave: `2` (epochs) or `"batch:500"`.

    Raises:
      InputError: It is neither of them.
    """
    if isinstance(freq, str) and (match := _BATCHES.fullmatch(freq)):
        return Schedule(int(match[1]), by_batch=True)
    if isinstance(freq, int) and not isinstance(freq, bool) and freq >= 1:
        return Schedule(freq, by_batch=False)
    raise InputError(
        f'freq must be a number of epochs from 1, or batches such as "batch:500"; got {freq!r}.'
    )
