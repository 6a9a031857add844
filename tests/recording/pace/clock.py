"""A clock that tests move."""

from __future__ import annotations


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        """The seconds so far."""
        return self.now
