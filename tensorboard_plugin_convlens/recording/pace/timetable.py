"""Divides the time of a capture among its input images and layers.

It does not decide about feature maps, statistics and kernels: if they do not fit, the callback
skips the whole step. Gradients come in this order: input images as they were given, each with
an equal part of what is left, and within an image the layers from the input on, whose receptive
fields are smallest and whose filters are therefore cheapest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Timetable:
    """Knows the times of layers in earlier captures, and so which layers still fit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins without measurements: tries unmeasured layers while there is time.

        Args:
          clock: Seconds that only grow.
        """
        self._clock = clock
        self._took: dict[tuple[int, str], float] = {}
        self._seconds: float | None = None
        self._part_ends: float | None = None
        self._images = 1
        self._began = 0.0
        self._in_gradients = 0.0
        self.essentials = 0.0
        """Seconds that the last capture took, without gradients."""

    def begin(self, seconds: float | None, images: int) -> None:
        """A capture begins, of `images` input images; `seconds` None is no bound."""
        self._began = self._clock()
        self._in_gradients = 0.0
        self._seconds = seconds
        self._images = images

    def end(self) -> None:
        """The capture that began is complete."""
        self.essentials = self._clock() - self._began - self._in_gradients

    def begin_gradients(self, index: int) -> None:
        """The gradients of an input image begin.

        They have an equal part of the time that the rest of the capture leaves, which is
        expected to take as long as last time.
        """
        if self._seconds is None:
            self._part_ends = None
            return
        now = self._clock()
        rest = max(self.essentials, now - self._began - self._in_gradients)
        left = max(0.0, self._seconds - rest - self._in_gradients)
        self._part_ends = now + left / max(1, self._images - index)

    def has_time_for(self, layer: int, method: str) -> bool:
        """Whether the gradients of a layer are likely to be done in time."""
        if self._part_ends is None:
            return True
        return self._clock() + self._took.get((layer, method), 0.0) < self._part_ends

    @contextmanager
    def measured(self, layer: int, method: str) -> Iterator[None]:
        """Notes how long the gradients of a layer take."""
        started = self._clock()
        yield
        took = self._took[layer, method] = self._clock() - started
        self._in_gradients += took
