"""A training whose disk fails at any call ends with the same weights, and logs the fault."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tensorboard_plugin_convlens.recording import background_lane, recorder
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.discovery import find_announcement
from tests.training.faulty_disk import ERRORS, FaultyDisk
from tests.training.tiny_training import IMAGES, TinyTraining


@pytest.fixture(scope="module")
def training() -> TinyTraining:
    return TinyTraining()


@pytest.fixture
def disk(
    training: TinyTraining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyDisk]:
    """A disk that fails; the engine is the same at every fit, as it is within one."""
    monkeypatch.setattr(recorder, "Engine", lambda *arguments, **named: training.engine)
    with monkeypatch.context() as patch:
        yield FaultyDisk(tmp_path, patch)


def nothing_fails(index: int, call: str) -> None:
    """What a disk does."""


def watch(log_dir: Path, lane: background_lane.BackgroundLane | None = None):
    callback = ConvLensCallback(log_dir, IMAGES[:1], methods=("activation", "kernel"))
    if lane is not None:
        callback._lane = lane
    return callback


def calls_without_fault(training: TinyTraining, disk: FaultyDisk, place: Path) -> list[str]:
    assert training.fit(watch(place)) == training.expected
    return list(disk.calls)


@pytest.mark.parametrize("for_ever", [False, True], ids=["one call", "all calls from one on"])
def test_a_fault_at_any_call_ends_nothing_changes_nothing_and_is_reported(
    training: TinyTraining, disk: FaultyDisk, tmp_path: Path, caplog, for_ever: bool
):
    calls = calls_without_fault(training, disk, tmp_path / "whole")
    assert {"open", "write", "fsync", "replace", "listdir", "mkdir", "close"} <= set(calls)
    untold = []
    for index in range(len(calls)):
        caplog.clear()
        number = ERRORS[index % len(ERRORS)]
        disk.fail(number, index, for_ever=for_ever)
        with caplog.at_level(logging.WARNING):
            weights = training.fit(watch(tmp_path / f"logs{index}"))
        assert weights == training.expected, (index, calls[index], number)
        if not for_ever:
            disk.on_call = nothing_fails
            steps = Reader(tmp_path / f"logs{index}").steps("train")
            assert 1 in steps, (index, calls[index], number)
        if not any("ConvLens" in record.getMessage() for record in caplog.records):
            untold.append((index, calls[index], number))
    assert untold == []


def test_a_run_that_could_not_be_announced_at_first_is_announced_at_its_first_capture(
    training: TinyTraining, disk: FaultyDisk, tmp_path: Path
):
    calls = calls_without_fault(training, disk, tmp_path / "whole")
    disk.fail(ERRORS[0], calls.index("write"), for_ever=False)
    training.fit(watch(tmp_path / "logs"))
    disk.on_call = nothing_fails
    assert Reader(tmp_path / "logs").steps("train") == (0, 1)
    assert find_announcement(tmp_path / "logs" / "train") is not None


@pytest.mark.parametrize("name", ["open", "write", "fsync", "replace", "mkdir", "listdir"])
def test_a_call_that_never_returns_holds_a_training_for_the_stated_time_and_once(
    training: TinyTraining, disk: FaultyDisk, tmp_path: Path, caplog, name: str
):
    released = threading.Event()

    def hang(index: int, call: str) -> None:
        if call == name:
            released.wait()

    disk.on_call = hang
    callback = watch(tmp_path / "logs", background_lane.BackgroundLane(patience=0.5))
    try:
        began = time.monotonic()
        with caplog.at_level(logging.WARNING):
            weights = training.fit(callback)
        took = time.monotonic() - began
        assert weights == training.expected
        assert "does not answer" in caplog.text
        assert took < 30  # Of which the fit itself takes most, on a busy machine.
        disk.on_call = nothing_fails
        assert training.fit(callback) == training.expected
    finally:
        released.set()
    assert 1 in Reader(tmp_path / "logs").steps("train")
