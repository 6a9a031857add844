"""Ends a command on Ctrl-C, even if a library catches the exception."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_pressed = threading.Event()
"""Set once Ctrl-C was pressed; one for the process, because signals are."""


@contextmanager
def remembered() -> Iterator[None]:
    """Remembers that Ctrl-C was pressed; `check` then raises the interruption again.

    Keras reads a model's weights within a bare `except`, which swallows `KeyboardInterrupt`.
    """
    _pressed.clear()
    is_main = threading.current_thread() is threading.main_thread()
    # Who handles or ignores it otherwise (nohup, a program that calls `main`) goes first.
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
        check()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def check() -> None:
    """Raises `KeyboardInterrupt` if Ctrl-C was pressed."""
    if _pressed.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    raise KeyboardInterrupt
