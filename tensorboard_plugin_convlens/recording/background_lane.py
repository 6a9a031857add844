"""Writes on a separate thread; the training waits for it for a bounded time.

Training must not wait for compression and disks. Pieces of captures wait in a queue that
is bounded by bytes; when it is full, the computing thread waits, which counts as capture
time and so against the budget. It waits only for a bounded time, because a mount whose server
is gone never answers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.storage.writing.recording import (
    Piece,
    Recording,
    fail,
    has_failed,
    size_of,
)

LIMIT = 64 * 2**20
"""Bytes of pictures that may wait."""
PATIENCE = 30.0
"""Seconds that a training waits for a writer without progress."""
LONGEST = 300.0
"""Seconds that one capture, or the end of a training, waits for a writer that is only slow."""
# A thread that was lost with a forked process does not tell anybody.
_SECONDS_TO_LOOK_AGAIN = 1.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Task:
    """A task for the writing thread; `size` bytes of a recording wait with it."""

    run: Callable[[], None]
    recording: Recording | None = None
    size: int = 0


class BackgroundLane:
    """Writes on a separate thread.

    The next call replaces a thread that ended. The first call waits `patience` seconds for a
    thread that is stuck; later calls fail at once, until the thread makes progress.
    """

    def __init__(
        self, limit: int = LIMIT, *, patience: float = PATIENCE, longest: float = LONGEST
    ) -> None:
        """Starts nothing yet; the thread ends with the process and never delays its end.

        Args:
          limit: Bytes that may wait; one piece may always wait, however large.
          patience: Seconds without any progress that a call waits.
          longest: Seconds that all calls between two calls of `renew` wait together.
        """
        self._limit = limit
        self._patience = patience
        self._longest = longest
        self._left = longest
        self._tasks: deque[_Task] = deque()
        self._waiting = 0
        self._done = 0
        self._is_stuck = False
        self._faults: list[Exception] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def is_usable(self) -> bool:
        """Whether no call has waited in vain; a new thread replaces one that ended."""
        return not self._is_stuck

    def renew(self) -> None:
        """Begins a capture, which may wait as long as any other."""
        with self._changed:
            self._left = self._longest

    def put(self, recording: Recording, piece: Piece) -> None:
        """Queues a piece; waits while the queue is full. Raises as `wait`."""
        size = size_of(piece)
        with self._changed:
            self._wait_until(lambda: not self._tasks or self._waiting + size <= self._limit)
            self._queue(_Task(lambda: self._accept(recording, piece), recording, size))

    def abandon(self, recording: Recording) -> None:
        """Abandons a recording; the thread removes its unfinished files."""
        recording.done.cancel()
        self.send(recording.abandon)

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Calls a function on the thread after all waiting tasks; returns or raises as it does.

        Raises:
          StorageError: As `wait`. The function may be running still; else it never runs.
        """
        future: Future[_Result] = Future()
        with self._changed:
            self._check_stuck()
            self._queue(_Task(lambda: _fulfil(future, function)))
            try:
                self._wait_until(future.done)
            except BaseException:
                future.cancel()
                raise
        return future.result()

    def send(self, function: Callable[[], None]) -> None:
        """Queues a function without waiting for it; drops what it raises."""

        def run() -> None:
            with suppress(Exception):
                function()

        with suppress(StorageError), self._changed:
            self._check_stuck()
            self._queue(_Task(run))

    def wait(self) -> None:
        """Waits for the queue to be empty.

        Raises:
          StorageError: The disk did not answer in time, or the thread ended.
        """
        with self._changed:
            self._wait_until(lambda: not self._tasks)

    def drain(self) -> None:
        """Waits for the queue to be empty.

        Raises:
          StorageError: As `wait`.
          Exception: The first fault of a recording that was not raised yet; its step does
            not exist, the others do.
        """
        self.wait()
        self.check()

    def check(self) -> None:
        """Raises the first fault that was not raised yet, without waiting."""
        with self._changed:
            fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault

    def _queue(self, task: _Task) -> None:
        """Appends a task, and starts the thread if there is none; with the lock held."""
        if self._thread is None or not self._thread.is_alive():
            self._drop_tasks()
            thread = threading.Thread(target=self._work, name="convlens-writer", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                raise StorageError(
                    f"Cannot start the thread that writes captures: {error}. "
                    "The next capture tries again."
                ) from error
            self._thread = thread
        self._tasks.append(task)
        self._waiting += task.size
        self._changed.notify_all()

    def _check_stuck(self) -> None:
        """Raises where an earlier call waited in vain; with the lock held."""
        if self._is_stuck:
            raise StorageError(
                f"The log directory does not answer: ConvLens waited {self._patience:.0f} "
                "seconds for it, and writes no capture until it answers. Check the disk, or "
                "the server that it is mounted from."
            )

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        """Waits for a condition, for a bounded time; with the lock held.

        Raises:
          StorageError: The disk did not answer in time, or the thread ended.
        """
        began = last = time.monotonic()
        done = self._done
        try:
            while not holds():
                if self._thread is None or not self._thread.is_alive():
                    self._drop_tasks()
                    raise self._faults.pop()
                now = time.monotonic()
                if done != self._done:
                    done, last = self._done, now
                left = min(last + self._patience, began + self._left) - now
                self._is_stuck = self._is_stuck or left <= 0
                self._check_stuck()
                self._changed.wait(min(left, _SECONDS_TO_LOOK_AGAIN))
        finally:
            self._left -= time.monotonic() - began

    def _drop_tasks(self) -> None:
        """Abandons the tasks of a thread that ended, which is a fault; with the lock held."""
        if self._tasks:
            self._faults.append(self._fail_recordings())
        self._tasks.clear()
        self._waiting = 0
        self._is_stuck = False

    def _fail_recordings(self) -> StorageError:
        """Abandons the recordings of a thread that ended; with the lock held."""
        fault = StorageError(
            "The thread that writes captures ended before it had written all of them. "
            "ConvLens starts another one."
        )
        for task in self._tasks:
            if task.recording is not None:
                fail(task.recording.done, fault)  # A capture with a hole is none.
        return fault

    def _work(self) -> None:
        """Does one task after the other; wakes all waiters when it ends for any reason."""
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: bool(self._tasks))
                    task = self._tasks[0]
                task.run()
                with self._changed:
                    self._tasks.popleft()
                    self._waiting -= task.size
                    self._done += 1
                    self._is_stuck = False
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._thread = None
                self._fail_recordings()
                self._changed.notify_all()

    def _accept(self, recording: Recording, piece: Piece) -> None:
        """Writes a piece, unless an earlier one of its recording could not be written."""
        if has_failed(recording.done):
            return
        try:
            recording.accept(piece)
        except Exception as fault:
            with self._changed:
                self._faults.append(fault)
            recording.fail(fault)


def _fulfil(future: Future[_Result], function: Callable[[], _Result]) -> None:
    """Calls a function and sets the future, if somebody still waits for it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
