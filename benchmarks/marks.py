"""Measures the store of marks, and writes the section "Marks" of `RESULTS.md`.

python -m benchmarks.marks

How many marks are acknowledged per second, each on disk by then, by one and by eight clients:
in SQLite and in PostgreSQL, through the store and through TensorBoard; beside plain SQLite,
which does nothing but a commit, on the same disk at the same time.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import mark_clients
from benchmarks.results import table, write_section
from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, Mark, Operation, Opinion
from tensorboard_plugin_convlens.marks.address import StoreAddress, find_store
from tensorboard_plugin_convlens.marks.store import MarkStore
from tests.marks.mark_request import LAYER, RUN
from tests.postgresql import running_postgresql

CLIENTS = (1, 8)
FILTERS, EVENTS, PER_OPERATION = 25_000, 100_000, 1000
REPETITIONS = 3
CPU = (
    "CPU is what one mark takes of ConvLens: of the client, or of the TensorBoards. The disk "
    "and PostgreSQL take their own beside it. All other figures hold what else the machine did."
)


def main() -> None:
    """Takes every measurement and writes the section."""
    with tempfile.TemporaryDirectory() as scratch, running_postgresql() as url:
        body = f"{writing(Path(scratch), url)}\n\n{reading(Path(scratch), url)}"
    print(body)
    write_section("Marks", body)


def writing(scratch: Path, url: str) -> str:
    """Marks per second."""
    rows = []
    for clients in CLIENTS:
        plain = mark_clients.measure(
            mark_clients.plain_sqlite, (scratch / f"plain-{clients}.db",), clients
        )
        rows.append(_row("plain SQLite, a row and a commit", clients, plain, plain))
        for kind, place in (("SQLite", ""), ("PostgreSQL", url)):
            address = _address(scratch, place)
            found = mark_clients.measure(mark_clients.store, (address,), clients)
            rows.append(_row(f"the store in {kind}", clients, found, plain))
        for kind, place in (("SQLite", ""), ("PostgreSQL", url)):
            for count in (1,) if clients == 1 else (1, 2):
                found = _through_tensorboard(scratch, place, clients, count)
                name = "TensorBoard" if count == 1 else f"{count} TensorBoards"
                rows.append(_row(f"{name} over {kind}", clients, found, plain))
    head = ("what", "clients", "marks per s", "of plain", "median, ms", "99 %, ms", "CPU, ms")
    return f"### Making marks, one per request\n\n{table(head, rows)}\n\n{CPU}"


def _address(scratch: Path, database: str) -> StoreAddress:
    """A store without marks."""
    log_dir = scratch / uuid.uuid4().hex
    log_dir.mkdir()
    return find_store(log_dir, database)


def _through_tensorboard(
    scratch: Path, database: str, clients: int, count: int
) -> mark_clients.Figures:
    # Here, for it imports TensorFlow, which no client waits for.
    from tests.marks.mark_server import MarkServer, write_run

    log_dir = scratch / uuid.uuid4().hex
    step = write_run(log_dir, max(CLIENTS) * mark_clients.MOST)
    with ExitStack() as ends:
        servers = [MarkServer(log_dir, find_store(log_dir, database)) for _ in range(count)]
        for server in servers:
            ends.callback(server.kill)
            server.wait_for_run()
        asked = ([server.url for server in servers], step.step, step.session)
        before = sum(server.processor_seconds() for server in servers)
        found = mark_clients.measure(mark_clients.tensorboard, asked, clients)
        cpu = sum(server.processor_seconds() for server in servers) - before
        return replace(found, cpu=1e3 * cpu / (found.rate * mark_clients.SECONDS))


def _row(
    what: str, clients: int, found: mark_clients.Figures, plain: mark_clients.Figures
) -> tuple[str, ...]:
    return (
        what,
        str(clients),
        f"{found.rate:.0f}",
        f"{found.rate / plain.rate:.0%}",
        f"{found.median:.1f}",
        f"{found.p99:.1f}",
        f"{found.cpu:.1f}",
    )


def reading(scratch: Path, url: str) -> str:
    """What a long history costs."""
    rows: dict[str, list[str]] = {}
    for place in ("", url):
        store = MarkStore(_address(scratch, place))
        fill(store)
        for what, ask in _questions(store):
            rows.setdefault(what, []).append(f"{_milliseconds(ask):.1f}")
        store.close()
    head = ("what", "SQLite, ms", "PostgreSQL, ms")
    title = f"### Reading after {EVENTS:,} events of {FILTERS:,} filters"
    return f"{title}\n\n{table(head, [(what, *times) for what, times in rows.items()])}"


def fill(store: MarkStore) -> None:
    """Marks every filter several times."""
    for first in range(0, EVENTS, PER_OPERATION):
        marks = [
            Mark(_key(number % FILTERS), Opinion(stars=1 + number % 5), "ann", 1.0)
            for number in range(first, first + PER_OPERATION)
        ]
        store.apply(Operation(uuid.uuid4().hex, "mark", "ann"), marks, first)


def _key(number: int) -> FilterKey:
    return FilterKey(RUN, f"{LAYER}_{number // 500}", 0, number % 500)


def _questions(store: MarkStore) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "all current marks", lambda: store.current(RUN)
    yield "the news, where there are none", lambda: store.current(RUN, since=EVENTS)
    yield "the history of a filter", lambda: store.history(_key(7))
    yield "everything, for a backup", store.everything


def _milliseconds(ask: Callable[[], Any]) -> float:
    took = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        ask()
        took.append(1e3 * (time.perf_counter() - start))
    return statistics.median(took)


if __name__ == "__main__":
    main()
