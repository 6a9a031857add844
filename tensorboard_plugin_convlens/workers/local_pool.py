"""A series of checkpoints in worker processes, each with a TensorFlow of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from tensorboard_plugin_convlens.engine.precision import CotangentTypes, cotangent_types
from tensorboard_plugin_convlens.recording.series import Series, wait_until
from tensorboard_plugin_convlens.recording.series_request import Outcome, Request

_WATCH_SECONDS = 0.5
_worker: tuple[Series, Any] | None = None
"""For a worker process: the series, and which of its tasks have ended."""


def capture_in_processes(request: Request, jobs: int) -> Iterator[Outcome]:
    """Captures every checkpoint in `jobs` processes; yields in the order of the series.

    Tasks begin in the order of the steps, so one that waits for an earlier one never waits
    in vain. This process decides once, for all workers, whether they compute gradients in
    bfloat16. If the caller stops reading, the workers stop.

    Raises:
      StorageError: The log directory cannot be written to.
    """
    context = multiprocessing.get_context("spawn")
    ended = context.Array("b", len(request.checkpoints))
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_start_worker,
        initargs=(request, ended, cotangent_types("auto"), os.getpid()),
    )
    try:
        with _interrupts_held_back():
            futures = [
                pool.submit(_capture, index) for index in range(len(request.checkpoints))
            ]
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Blocks Ctrl-C in this thread, and in the processes that it starts meanwhile.

    A terminal sends it to all of them. Processes that are still importing would print
    tracebacks; what came meanwhile arrives at the end, here and in each of them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_at_interrupts() -> None:
    """Lets Ctrl-C end this worker process at once and silently, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _start_worker(request: Request, ended: Any, types: CotangentTypes, parent: int) -> None:
    _end_at_interrupts()
    global _worker  # A pool gives its workers no other place.
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    series = Series(request, lambda index: wait_until(lambda: bool(ended[index])), types)
    _worker = series, ended


def _watch(parent: int) -> None:
    """Ends this process when the process that started it has ended for any reason."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _capture(index: int) -> Outcome:
    assert _worker is not None, "the pool has called _start_worker"
    series, ended = _worker
    try:
        return series.capture(index)
    finally:
        ended[index] = 1
