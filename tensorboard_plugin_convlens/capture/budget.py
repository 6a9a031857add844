"""How much time captures may take of a training.

A capture may use what the share of the training so far allows, less what earlier captures
have used. The first seconds are free, so that small trainings are captured in full.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tensorboard_plugin_convlens.core.errors import InputError

DEFAULT_SHARE = 0.05
FREE_SECONDS = 30.0
"""Capture time that a training may always spend: full captures of a small network."""


class Budget:
    """Keeps account of training time and capture time, in seconds of wall time."""

    def __init__(
        self, share: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Starts with nothing spent.

        Args:
          share: Of the training time, such as 0.05; None for no bound.
          clock: Seconds that only grow.

        Raises:
          InputError: The share is not above 0.
        """
        if share is not None and not 0 < share <= 10:
            raise InputError(
                "budget must be a share of the training time above 0, such as 0.05 for 5 %, "
                f"or None for no bound; got {share!r}."
            )
        self.share = share
        self._clock = clock
        self._began = clock()
        self._spent = 0.0

    def restart(self) -> None:
        """A training begins."""
        self._began = self._clock()
        self._spent = 0.0

    def spend(self, seconds: float) -> None:
        """Notes what a capture took of the training thread."""
        self._spent += seconds

    def left(self) -> float | None:
        """Seconds that a capture may take now, at least 0; None for no bound."""
        if self.share is None:
            return None
        training = self._clock() - self._began - self._spent
        return max(0.0, max(FREE_SECONDS, self.share * training) - self._spent)
