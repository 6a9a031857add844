"""Eight people mark through two TensorBoards that are killed again and again."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tensorboard_plugin_convlens.annotations.address import StoreAddress
from tensorboard_plugin_convlens.annotations.store import MarkStore
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.writer import Writer
from tests import captures
from tests.postgresql import free_port

MARKERS = 8
MARKS = 500
KILLS = 6
SECONDS = 400  # An upper bound, for a machine with much else to do.
# TensorBoard starts in a fifth of the time where it does not find TensorFlow.
WITHOUT_TENSORFLOW = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.main import run_main
run_main()
"""


class Server:
    """A TensorBoard at a port of its own, which can be killed and started again."""

    def __init__(self, log_dir: Path, address: StoreAddress) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}/"
        self._command = [sys.executable, "-P", "-c", WITHOUT_TENSORFLOW]
        self._command += [f"--logdir={log_dir}", f"--port={self.port}", "--reload_interval=5"]
        if address.file is None:
            self._command += [f"--convlens_db={address.url}"]
            self._command += [f"--convlens_collection={address.collection}"]
        self.start()

    def start(self):
        # Its own data server must end with it, and does when their common pipe closes.
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self):
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def write_run(log_dir: Path) -> StepKey:
    """A capture of a layer with as many filters as there will be marks."""
    writer = Writer(log_dir, run="train", kind="training")
    small = captures.graph()
    layers = (
        small.layers[0],
        dataclasses.replace(small.layers[1], channels=MARKERS * MARKS),
        *small.layers[2:],
    )
    captures.write_step(writer, 0, model=dataclasses.replace(small, layers=layers))
    return StepKey(0, writer.session)


def start_markers(servers, step, directory):
    program = Path(__file__).with_name("marker.py")
    urls = ",".join(server.url for server in servers)
    markers = []
    for index in range(MARKERS):
        command = [sys.executable, str(program), urls, "train", str(step.step), step.session]
        command += [str(index * MARKS), str(MARKS)]
        with (directory / f"acknowledged-{index}").open("wb") as output:
            markers.append(subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE))
    return markers


def acknowledged(directory):
    texts = [(directory / f"acknowledged-{index}").read_text() for index in range(MARKERS)]
    return [int(line) for text in texts for line in text.split()]


def test_no_mark_is_lost_or_counted_twice(address, tmp_path):
    step = write_run(tmp_path)
    servers = [Server(tmp_path, address) for _ in range(2)]
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
    place, events = store.current("train")
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
