"""Pieces of captures on their way to the disk."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.recording.background_lane import BackgroundLane
from tensorboard_plugin_convlens.recording.lane import DirectLane
from tensorboard_plugin_convlens.recording.options import build_options
from tensorboard_plugin_convlens.recording.recorder import Recorder
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.recording import (
    End,
    GradientBlock,
    Kernels,
    Maps,
    Numbers,
    Piece,
    Recording,
    size_of,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import GradientKey
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.patience import SECONDS_FOR_A_PROCESS
from tests.training.steps import IMAGES, METHODS, small_model

KEY = GradientKey("guided", "max", 0)


class SlowRecording(Recording):
    """A recording on a disk that answers when the gate is opened."""

    gate = threading.Event()

    def accept(self, piece: Piece) -> None:
        self.gate.wait()
        super().accept(piece)


class DeadlyRecording(Recording):
    """A recording that ends the thread which writes it."""

    def accept(self, piece: Piece) -> None:
        self.thread = threading.current_thread()
        raise SystemExit


def begin(tmp_path):
    writer = Writer(tmp_path, run="train")
    writer.write_graph(captures.graph())
    writer.write_inputs(captures.images())
    return writer


def header(writer, step):
    return Capture(
        step=step,
        wall_time=time.time(),
        session=writer.session,
        graph=captures.graph().fingerprint,
        inputs=captures.images().fingerprint,
        layers=(),
    )


def pieces(writer, step):
    yield Maps(1, 0, captures.maps(step, 0), "after")
    yield Numbers(1, (), None)
    yield GradientBlock(1, KEY, captures.gradients(step, 0))
    yield GradientBlock(1, KEY, None)
    yield End(header(writer, step))


@pytest.mark.parametrize("make_lane", [DirectLane, BackgroundLane])
def test_what_is_put_can_be_read_after_draining(tmp_path, make_lane):
    writer, lane = begin(tmp_path), make_lane()
    for step in range(3):
        recording = Recording(writer, step)
        for piece in pieces(writer, step):
            lane.put(recording, piece)
    lane.drain()

    reader = Reader(tmp_path)
    assert reader.steps("train") == (0, 1, 2)
    for step in range(3):
        written = captures.maps(step, 0)
        assert np.abs(reader.feature_maps("train", step, "conv1") - written).max() < 0.01


class WatchedLane(BackgroundLane):
    """Notes what waits after each piece, how much there was in all, and when it is full."""

    def __init__(self, limit):
        super().__init__(limit)
        self.most = self.total = self.largest = 0
        self.is_full = threading.Event()

    def put(self, recording, piece):
        with self._changed:
            if self._waiting + size_of(piece) > self._limit:
                self.is_full.set()
        super().put(recording, piece)
        self.total += size_of(piece)
        self.largest = max(self.largest, size_of(piece))
        with self._changed:
            self.most = max(self.most, self._waiting)


def test_a_full_queue_makes_the_caller_wait_instead_of_growing(tmp_path):
    writer = begin(tmp_path)
    size = captures.maps(0, 0).nbytes
    lane = WatchedLane(limit=2 * size)
    held = SlowRecording(writer, 0)

    def put():
        for piece in [Maps(1, index, captures.maps(0, index), "after") for index in range(6)]:
            lane.put(held, piece)

    caller = threading.Thread(target=put)
    caller.start()
    assert lane.is_full.wait(SECONDS_FOR_A_PROCESS)
    assert caller.is_alive()
    held.gate.set()
    caller.join(SECONDS_FOR_A_PROCESS)
    lane.drain()
    held.abandon()
    assert not caller.is_alive()
    assert lane.total == 6 * size
    assert lane.most <= 2 * size


def test_a_capture_on_a_slow_disk_waits_instead_of_filling_the_memory(tmp_path, monkeypatch):
    accept = Recording.accept

    lane = WatchedLane(limit=60_000)

    def accept_when_full(recording, piece):
        lane.is_full.wait()
        accept(recording, piece)

    monkeypatch.setattr(Recording, "accept", accept_when_full)
    pictures = build_shown_inputs(IMAGES[:4])
    options = build_options(None, METHODS, "sum")
    writer = Writer(tmp_path, run="train")
    recorder = Recorder(small_model(), IMAGES[:4], pictures, writer, options, lane=lane)
    recorder.capture(0)
    lane.drain()

    assert lane.largest < 60_000 < lane.total / 2
    assert lane.largest < lane.most <= 60_000
    assert Reader(tmp_path).steps("train") == (0,)


def test_the_arrays_of_every_piece_count():
    maps = np.zeros((2, 3, 4), np.float32)
    block = captures.gradients(0, 0)

    assert size_of(Maps(0, 0, maps, "after")) == size_of(Kernels(0, maps)) == 96
    assert size_of(GradientBlock(0, KEY, block)) == block.values.nbytes


def test_a_fault_gives_up_its_recording_only_and_is_raised_once(tmp_path):
    writer, lane = begin(tmp_path), BackgroundLane()
    bad, good = Recording(writer, 10**15), Recording(writer, 1)
    for one, step in ((bad, 0), (good, 1)):
        for piece in pieces(writer, step):
            lane.put(one, piece)

    with pytest.raises(StorageError, match="A step must lie between"):
        lane.drain()
    lane.drain()

    assert Reader(tmp_path).steps("train") == (1,)


@pytest.mark.parametrize("make_lane", [DirectLane, BackgroundLane])
def test_an_abandoned_recording_leaves_no_file(tmp_path, make_lane):
    writer, lane = begin(tmp_path), make_lane()
    before = sorted(os.listdir(writer.directory))
    recording = Recording(writer, 0)
    for piece in list(pieces(writer, 0))[:3]:
        lane.put(recording, piece)
    lane.abandon(recording)
    lane.drain()

    assert sorted(os.listdir(writer.directory)) == before
    assert recording.done.cancelled()


@pytest.mark.parametrize("make_lane", [DirectLane, BackgroundLane])
def test_waiting_for_a_recording_returns_the_capture(tmp_path, make_lane):
    writer, lane = begin(tmp_path), make_lane()
    recording = Recording(writer, 2)
    for piece in pieces(writer, 2):
        lane.put(recording, piece)

    written = recording.done.result(SECONDS_FOR_A_PROCESS)
    read = RunDirectory(writer.run_directory).capture(StepKey(2, writer.session))
    hashes = [[sheet.sha256 for sheet in one.layers[0].sheets] for one in (written, read)]
    assert len(hashes[0]) == 3
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("make_lane", [DirectLane, BackgroundLane])
def test_waiting_for_a_recording_raises_the_fault_of_its_writer(tmp_path, make_lane):
    writer, lane = begin(tmp_path), make_lane()
    recording = Recording(writer, 10**15)
    with suppress(StorageError):
        lane.put(recording, next(pieces(writer, 0)))

    with pytest.raises(StorageError, match="A step must lie between"):
        recording.done.result(SECONDS_FOR_A_PROCESS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_waiting_for_a_recording_ends_when_the_thread_ends(tmp_path):
    writer, lane = begin(tmp_path), BackgroundLane()
    recording = DeadlyRecording(writer, 0)
    lane.put(recording, next(pieces(writer, 0)))

    with pytest.raises(StorageError, match="ended before it had written all"):
        recording.done.result(SECONDS_FOR_A_PROCESS)
    with pytest.raises(StorageError, match="ended before it had written all"):
        lane.drain()
    recording.thread.join()


def test_a_recording_that_has_ended_cannot_be_given_up_any_more(tmp_path):
    writer = begin(tmp_path)
    recording = Recording(writer, 0)
    for piece in pieces(writer, 0):
        recording.accept(piece)
    recording.abandon()
    recording.fail(StorageError("too late"))

    assert recording.done.result().step == 0
    assert Reader(tmp_path).steps("train") == (0,)


def test_an_end_that_comes_after_all_was_given_up_writes_no_step(tmp_path):
    writer = begin(tmp_path)
    recording = Recording(writer, 0)
    *most, end = pieces(writer, 0)
    for piece in most:
        recording.accept(piece)
    recording.done.cancel()
    recording.accept(end)
    recording.abandon()

    assert Reader(tmp_path).steps("train") == ()
    assert recording.done.cancelled()
