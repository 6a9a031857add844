"""Who writes to the disk: the thread that computes, or one beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from tensorboard_plugin_convlens.storage.writing.recording import Piece, Recording

_Result = TypeVar("_Result")


class Lane(Protocol):
    """Takes the pieces of recordings, and all other work on the disk, in order."""

    def renew(self) -> None:
        """Begins a capture, which may wait for the disk as long as any other."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Hands over a piece."""

    def abandon(self, recording: Recording) -> None:
        """Abandons a recording and removes its files. Never waits, never raises."""

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Calls a function on the writing thread; returns or raises its result."""

    def wait(self) -> None:
        """Waits until everything is written, or has failed."""

    def drain(self) -> None:
        """Waits until everything is written, and raises the first fault since the last time."""


class DirectLane:
    """Writes at once, and waits as long as it takes."""

    def renew(self) -> None:
        """Does nothing: this lane waits without a limit."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Writes a piece. Raises `StorageError` after abandoning the recording."""
        try:
            recording.accept(piece)
        except BaseException as fault:
            recording.fail(fault)
            raise

    def abandon(self, recording: Recording) -> None:
        """Removes the unfinished files."""
        recording.abandon()

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Calls the function."""
        return function()

    def wait(self) -> None:
        """Does nothing: `put` has written everything."""

    def drain(self) -> None:
        """Does nothing: `put` has written everything."""
