"""People who mark filters one after the other, each a process of its own."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, Mark, Operation, Opinion
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.store import MarkStore
from tests.marks.mark_request import LAYER, RUN, request
from tests.marks.marker import ask

SECONDS, MOST = 3, 10_000
NOTE = "flat everywhere"
Marker = Callable[[int], None]
"""Marks one filter; returns when that is acknowledged."""


@dataclass(frozen=True)
class Figures:
    """How fast marks were acknowledged.

    Attributes:
      rate: Per second, all clients together.
      median, p99: Milliseconds that one waited.
      cpu: Milliseconds of the client's processor that one took.
    """

    rate: float
    median: float
    p99: float
    cpu: float


def plain_sqlite(file: Path) -> Marker:
    """A row and a commit, with the settings of a store of marks and nothing else."""
    database = sqlite3.connect(file, timeout=60, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS mark (channel INTEGER, note TEXT)")

    def mark(channel: int) -> None:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO mark VALUES (?, ?)", (channel, NOTE))
        database.execute("COMMIT")

    return mark


def store(address: StoreAddress) -> Marker:
    """Through `MarkStore`, as `convlens annotate` and Python do."""
    marks = MarkStore(address)
    base = marks.current()[0].sequence

    def mark(channel: int) -> None:
        nonlocal base
        operation = Operation(uuid.uuid4().hex, "mark", "ann")
        key = FilterKey(RUN, LAYER, 0, channel)
        base = marks.apply(
            operation, [Mark(key, Opinion(note=NOTE), "ann", 1.0)], base
        ).sequence

    return mark


def tensorboard(urls: list[str], step: int, session: str) -> Marker:
    """Through the route of one of several TensorBoards, as the tab does."""
    base = 0

    def mark(channel: int) -> None:
        nonlocal base
        body = request(step, session, channel, base=base, author="ann", note=NOTE)
        base = ask(urls, body)["sequence"]

    return mark


def measure(make: Callable[..., Marker], arguments: tuple[Any, ...], clients: int) -> Figures:
    """Lets so many clients mark filters at once, for a few seconds."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(clients)
    with ProcessPoolExecutor(
        clients, mp_context=context, initializer=_meet, initargs=(together,)
    ) as pool:
        channels = [range(index * MOST, (index + 1) * MOST) for index in range(clients)]
        asked = [pool.submit(_mark_all, make, arguments, each) for each in channels]
        found = [one.result() for one in asked]
    spans = [times for times, _ in found]
    waits = 1e3 * np.concatenate([np.diff(times) for times in spans])
    seconds = max(times[-1] for times in spans) - min(times[0] for times in spans)
    return Figures(
        rate=len(waits) / seconds,
        median=float(np.median(waits)),
        p99=float(np.quantile(waits, 0.99)),
        cpu=1e3 * sum(cpu for _, cpu in found) / len(waits),
    )


_together: Any = None
"""The barrier at which all client processes wait for each other; None in other processes."""


def _meet(together: Any) -> None:
    global _together  # A pool gives its workers no other place.
    _together = together


def _mark_all(
    make: Callable[..., Marker], arguments: tuple[Any, ...], channels: range
) -> tuple[list[float], float]:
    """When each mark was acknowledged, and the seconds of the processor that all took."""
    mark = make(*arguments)
    mark(channels[0])  # Opens connections, and whatever else is done once.
    _together.wait()
    times, cpu = [time.time()], time.process_time()  # Of one clock in all processes.
    for channel in channels[1:]:
        mark(channel)
        times.append(time.time())
        if times[-1] > times[0] + SECONDS:
            break
    return times, time.process_time() - cpu
