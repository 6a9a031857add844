"""How much of the time of a training captures may take.

All captures together may use a share of the training so far, or some seconds if that is more,
so that short trainings are captured too. One capture may use half of the remaining time, so
that some is left for later ones. The last capture delays no batch, and so it always has those
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tensorboard_plugin_convlens.core.errors import InputError

DEFAULT_SHARE = 0.05
FREE_SECONDS = 10.0
"""Capture time that every training may spend, and once more the last capture alone."""


class Budget:
    """Keeps account of training time and capture time, in seconds of wall time."""

    def __init__(
        self, share: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Starts with nothing spent.

        Args:
          share: The share of the training time, such as 0.05; None for no bound.
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
        """Notes the time that a capture took on the training thread."""
        self._spent += seconds

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Notes the time of the block, even if it fails."""
        began = self._clock()
        try:
            yield
        finally:
            self.spend(self._clock() - began)

    def left(self) -> float | None:
        """Seconds that captures may take together from now, at least 0; None for no bound."""
        if self.share is None:
            return None
        training = self._clock() - self._began - self._spent
        return max(0.0, max(FREE_SECONDS, self.share * training) - self._spent)

    def allowance(self, *, is_last: bool) -> float | None:
        """Seconds that one capture may take now; None for no bound.

        Args:
          is_last: Whether the training is over.
        """
        left = self.left()
        if left is None:
            return None
        return max(left, FREE_SECONDS) if is_last else left / 2

    def has_room_for(self, seconds: float) -> bool:
        """Whether this number of seconds is left."""
        left = self.left()
        return left is None or seconds <= left
