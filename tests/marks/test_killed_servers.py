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

REPOSITORY = Path(__file__).parents[2]
MARKERS = 8
MARKS = 500
KILLS = 6
SECONDS = 400  # An upper bound, for a machine with much else to do.


def start_markers(servers, step, directory):
    urls = ",".join(server.url for server in servers)
    markers = []
    for index in range(MARKERS):
        command = [sys.executable, "-m", "tests.marks.marker", urls]
        command += [str(step.step), step.session, str(index * MARKS), str(MARKS)]
        with (directory / f"acknowledged-{index}").open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.PIPE, cwd=REPOSITORY
            )
            markers.append(process)
    return markers


def acknowledged(directory):
    texts = [(directory / f"acknowledged-{index}").read_text() for index in range(MARKERS)]
    return [int(line) for text in texts for line in text.split()]


def test_no_mark_is_lost_or_counted_twice(address, tmp_path):
    step = write_run(tmp_path, MARKERS * MARKS)
    servers = [MarkServer(tmp_path, address) for _ in range(2)]
    markers = start_markers(servers, step, tmp_path)
    chance, kills, end = random.Random(0), 0, time.monotonic() + SECONDS
    try:
        while any(marker.poll() is None for marker in markers):
            assert time.monotonic() < end, f"{len(acknowledged(tmp_path))} marks in {SECONDS} s"
            before = len(acknowledged(tmp_path))
            time.sleep(chance.uniform(0.5, 4))
            # Killed only while marks are being made: a start takes longer than a kill.
            if kills < KILLS and len(acknowledged(tmp_path)) > before:
                server = chance.choice(servers)
                server.kill()
                server.start()
                kills += 1
        faults = [marker.stderr.read().decode() for marker in markers]
    finally:
        for process in markers:
            process.kill()
            process.wait()
            process.stderr.close()
        for server in servers:
            server.kill()

    store = MarkStore(address)
    place, events, _ = store.current(RUN)
    store.close()
    assert faults == [""] * MARKERS
    assert kills == KILLS
    assert sorted(acknowledged(tmp_path)) == list(range(MARKERS * MARKS))
    assert place.sequence == MARKERS * MARKS
    assert [event.sequence for event in events] == list(range(1, MARKERS * MARKS + 1))
    notes = {event.mark.key.channel: event.mark.opinion.note for event in events}
    assert notes == {channel: f"note {channel}" for channel in range(MARKERS * MARKS)}
    if address.file is not None:
        database = sqlite3.connect(address.file)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
