"""Who touches the disk: the thread that computes, or one beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from tensorboard_plugin_convlens.storage.writing.recording import Piece, Recording

_Result = TypeVar("_Result")


class Lane(Protocol):
    """Takes the pieces of recordings, and whatever else touches the disk, in their order."""

    def renew(self) -> None:
        """A capture begins: it may wait for the disk as long as any."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Hands over a piece."""

    def abandon(self, recording: Recording) -> None:
        """Gives a recording up; nothing of it shall be left. Never waits, never raises."""

    def call(self, function: Callable[[], _Result]) -> _Result:
        """What `function` returns or raises, called where files are written."""

    def wait(self) -> None:
        """Waits until everything is written, or has failed."""

    def drain(self) -> None:
        """Waits until everything is written, and raises the first fault since the last time."""


class DirectLane:
    """Writes at once, and waits as long as it takes."""

    def renew(self) -> None:
        """Does nothing: nobody's patience is counted."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Writes a piece. Raises `StorageError` after giving the recording up."""
        try:
            recording.accept(piece)
        except BaseException as fault:
            recording.fail(fault)
            raise

    def abandon(self, recording: Recording) -> None:
        """Removes what was begun."""
        recording.abandon()

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Calls the function."""
        return function()

    def wait(self) -> None:
        """Does nothing: nothing waits."""

    def drain(self) -> None:
        """Does nothing: nothing waits."""
