"""Limits the memory and time for loading a model, by the contents of its file."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import psutil
import tensorflow as tf

from tensorboard_plugin_convlens.loading.model_file import ModelFile
from tensorboard_plugin_convlens.tracing import internals

_SPARE_VALUES = 1_000_000
_TIMES_VALUES = 4
"""Low-rank adapters and packed integers are fewer in the file than in the model."""
_SPARE_BYTES = 1 << 30
_TIMES_BYTES = 8
_SECONDS, _SECONDS_OF_OBJECT, _SECONDS_OF_MB = 30.0, 0.05, 0.2
_SECONDS_OF_LAYER = 1.0
_LONGEST_SECONDS = 300.0


class LimitError(Exception):
    """A model needs more than its file justifies; the text is a clause."""


@contextlib.contextmanager
def limited(file: ModelFile, objects: int) -> Iterator[None]:
    """Limits loading inside the block; Keras may wrap the `LimitError` in its own errors.

    Variables are counted before they are made, everywhere. The processor time of the process
    is bounded in its main thread, where there are timers; its memory where the system bounds
    what a process holds (Linux).

    Args:
      file: The file to load, or that of the weights.
      objects: How many objects the configuration has.
    """
    seconds = _SECONDS + _SECONDS_OF_OBJECT * objects + _SECONDS_OF_MB * file.size / 1e6
    with contextlib.ExitStack() as stack:
        stack.enter_context(_few_variables(file.values))
        stack.enter_context(_little_time(min(seconds, _LONGEST_SECONDS), "loading it"))
        stack.enter_context(_little_memory(_SPARE_BYTES + _TIMES_BYTES * file.size))
        yield


@contextlib.contextmanager
def limited_tracing(layers: int) -> Iterator[None]:
    """Bounds the time in which a model is traced: models that call one another take forever.

    Raises:
      LimitError: It takes longer; or an error that this one causes.
    """
    seconds = _SECONDS + _SECONDS_OF_LAYER * layers
    with _little_time(seconds, "tracing its layers"):
        yield


def limit_behind(error: BaseException) -> str:
    """The limit that caused an error, even a wrapped one, as a clause; "" if none did."""
    return next((str(one) for one in _chain(error) if isinstance(one, LimitError)), "")


def exceeded(error: BaseException) -> str:
    """The same for an error while loading, where memory is limited, too."""
    for one in _chain(error):
        if isinstance(one, LimitError):
            return str(one)
        if isinstance(one, (MemoryError, tf.errors.ResourceExhaustedError)):
            return "it asks for far more memory than its size accounts for"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and its causes."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


@contextlib.contextmanager
def _few_variables(values: int) -> Iterator[None]:
    most = _SPARE_VALUES + _TIMES_VALUES * values
    made = 0

    def count(size: int) -> None:
        nonlocal made
        made += size
        if made > most:
            raise LimitError(
                f"its configuration asks for {made:,} weights or more, but the file holds "
                f"{values:,}"
            )

    with internals.announced_variables(count):
        yield


@contextlib.contextmanager
def _little_time(seconds: float, what: str) -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        # Python only prints what a finalizer raises; a second later it is raised elsewhere.
        if not _is_finalizing(frame):
            raise LimitError(f"{what} takes more than {seconds:.0f} seconds of computing")

    is_main = threading.current_thread() is threading.main_thread()
    # A profiler may use the same timer.
    if not is_main or signal.getsignal(signal.SIGPROF) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGPROF, end)
    try:
        # Again every second: Keras goes on after some errors.
        signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


def _is_finalizing(frame: FrameType | None) -> bool:
    """Whether an object is being destroyed: an error could not leave its `__del__`."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _little_memory(size: int) -> Iterator[None]:
    held = getattr(psutil.Process().memory_info(), "data", None)
    if held is None:  # Not Linux.
        yield
        return
    import resource  # Not on Windows.

    before = resource.getrlimit(resource.RLIMIT_DATA)
    known = [one for one in before if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([held + size, *known]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
