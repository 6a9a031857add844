"""Who writes: the thread that computes, or one beside it.

Training must not wait for compression and disks. Pieces of captures wait in a queue that
is bounded by bytes; when it is full, the computing thread waits, which counts as capture
time and so against the budget.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from tensorboard_plugin_convlens.storage.recording import Piece, Recording, size_of

LIMIT = 64 * 2**20
"""Bytes of pictures that may wait."""


class Lane(Protocol):
    """Takes the pieces of recordings, in their order."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Hands over a piece."""

    def wait(self) -> None:
        """Waits until everything is written, or has failed."""

    def drain(self) -> None:
        """Waits until everything is written, and raises the first fault since the last time."""


class DirectLane:
    """Writes at once."""

    def put(self, recording: Recording, piece: Piece) -> None:
        """Writes a piece. Raises `StorageError` after giving the recording up."""
        try:
            recording.accept(piece)
        except BaseException:
            recording.abandon()
            raise

    def wait(self) -> None:
        """Does nothing: nothing waits."""

    def drain(self) -> None:
        """Does nothing: nothing waits."""


class BackgroundLane:
    """Writes on a thread of its own."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Starts the thread; it ends with the process, and sleeps when there is no work.

        Args:
          limit: Bytes that may wait; one piece may always wait, however large.
        """
        self._limit = limit
        self._pieces: deque[tuple[Recording, Piece]] = deque()
        self._waiting = 0
        self._busy = False
        self._faults: list[Exception] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="convlens-writer", daemon=True).start()

    def put(self, recording: Recording, piece: Piece) -> None:
        """Queues a piece; waits while the queue is full."""
        size = size_of(piece)
        with self._changed:
            self._changed.wait_for(
                lambda: not self._pieces or self._waiting + size <= self._limit
            )
            self._pieces.append((recording, piece))
            self._waiting += size
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits for the queue to be empty."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pieces and not self._busy)

    def drain(self) -> None:
        """Waits for the queue to be empty.

        Raises:
          Exception: The first fault of a recording since the last call; its step does not
            exist, the others do.
        """
        self.wait()
        self.check()

    def check(self) -> None:
        """Raises the first fault since the last time, without waiting."""
        with self._changed:
            faults, self._faults = self._faults, []
        if faults:
            raise faults[0]

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._pieces))
                recording, piece = self._pieces[0]
                self._busy = True
            self._accept(recording, piece)
            with self._changed:
                self._pieces.popleft()
                self._waiting -= size_of(piece)
                self._busy = False
                self._changed.notify_all()

    def _accept(self, recording: Recording, piece: Piece) -> None:
        """Writes a piece, unless an earlier one of its recording could not be written."""
        if recording.is_abandoned:
            return
        try:
            recording.accept(piece)
        except Exception as fault:
            recording.abandon()
            with self._changed:
                self._faults.append(fault)
