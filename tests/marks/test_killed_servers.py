"""Eight people mark through two TensorBoards that are killed again and again."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tensorboard_plugin_convlens.marks.store import MarkStore
from tests.marks.mark_request import RUN
from tests.marks.mark_server import MarkServer, write_run
from tests.patience import SECONDS_FOR_A_PROCESS

REPOSITORY = Path(__file__).parents[2]
MARKERS = 8
MOST_MARKS = 5000
KILLS = 6
# Between two kills, so many marks are acknowledged.
FEWEST_BETWEEN, MOST_BETWEEN = 20, 120


def start_markers(servers, step, directory):
    urls = ",".join(server.url for server in servers)
    markers = []
    for index in range(MARKERS):
        command = [sys.executable, "-m", "tests.marks.marker", urls]
        command += [str(step.step), step.session, str(index * MOST_MARKS), str(MOST_MARKS)]
        with (directory / f"acknowledged-{index}").open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.PIPE,
                cwd=REPOSITORY,
            )
            markers.append(process)
    return markers


def acknowledged(directory):
    texts = [(directory / f"acknowledged-{index}").read_text() for index in range(MARKERS)]
    return [int(line) for text in texts for line in text.split()]


def wait_for_more(count, directory):
    """Returns when so many more marks are acknowledged."""
    wanted, end = len(acknowledged(directory)) + count, time.monotonic() + SECONDS_FOR_A_PROCESS
    while (found := len(acknowledged(directory))) < wanted:
        assert time.monotonic() < end, f"{found} marks of {wanted}"
        time.sleep(0.02)


def kill_again_and_again(servers, markers, directory):
    """Kills servers that answer, while marks are being made; returns what went wrong."""
    chance = random.Random(0)
    for _ in range(KILLS):
        server = chance.choice(servers)
        server.ask("GET", "runs")
        wait_for_more(chance.randint(FEWEST_BETWEEN, MOST_BETWEEN), directory)
        assert all(marker.poll() is None for marker in markers), "Nobody marks any more."
        server.kill()
        server.start()
    wait_for_more(FEWEST_BETWEEN, directory)
    for marker in markers:
        marker.stdin.close()
    return [marker.stderr.read().decode() for marker in markers]


def test_no_mark_is_lost_or_counted_twice(address, tmp_path):
    step = write_run(tmp_path, MARKERS * MOST_MARKS)
    servers = [MarkServer(tmp_path, address) for _ in range(2)]
    markers = start_markers(servers, step, tmp_path)
    try:
        faults = kill_again_and_again(servers, markers, tmp_path)
    finally:
        for process in markers:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stderr.close()
        for server in servers:
            server.kill()

    store = MarkStore(address)
    place, events, _ = store.current(RUN)
    store.close()
    assert faults == [""] * MARKERS
    marked = acknowledged(tmp_path)
    assert len(marked) > KILLS * FEWEST_BETWEEN
    assert place.sequence == len(marked)
    assert [event.sequence for event in events] == list(range(1, len(marked) + 1))
    notes = {event.mark.key.channel: event.mark.opinion.note for event in events}
    assert notes == {channel: f"note {channel}" for channel in marked}
    if address.file is not None:
        database = sqlite3.connect(address.file)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
