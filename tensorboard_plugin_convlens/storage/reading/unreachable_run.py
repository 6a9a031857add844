"""A run that TensorBoard lists but whose captures cannot be read from here."""

from __future__ import annotations

from collections.abc import Container
from typing import Never

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.records import StepKey


class UnreachableRun:
    """A `Source` without steps that gives the reason."""

    def __init__(self, reason: str) -> None:
        """Takes a sentence with the reason and the advice."""
        self._reason = reason

    def steps(self) -> tuple[StepKey, ...]:
        """None."""
        return ()

    def ablations(self) -> tuple[()]:
        """None."""
        return ()

    def problems(self) -> tuple[str, ...]:
        """The reason."""
        return (self._reason,)

    def version(self) -> str:
        """The reason, which stays the same."""
        return self._reason

    def outline(self, key: StepKey) -> Never:
        """Raises `NotCapturedError`, as every method for content does."""
        raise NotCapturedError(self._reason)

    head = step_version = outline

    def layers(self, key: StepKey, layers: Container[int] | None = None) -> Never:
        """Raises `NotCapturedError`."""
        raise NotCapturedError(self._reason)

    numbers = layers

    def graph(self, fingerprint: str) -> Never:
        """Raises `NotCapturedError`."""
        raise NotCapturedError(self._reason)

    inputs_outline = graph

    def picture(self, fingerprint: str, index: int, source: int) -> Never:
        """Raises `NotCapturedError`."""
        raise NotCapturedError(self._reason)

    def stored(self, sheet: object) -> Never:
        """Raises `NotCapturedError`."""
        raise NotCapturedError(self._reason)

    def tile(self, sheet: object, channel: int) -> Never:
        """Raises `NotCapturedError`."""
        raise NotCapturedError(self._reason)
