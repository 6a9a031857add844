"""Which of several sessions counts: the later one, whatever a clock says; and who is alive."""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing import session_file
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

HOUR = 3600 * 10**9
FUTURE = "t9999999999999-ffffffff"


def problems(tmp_path):
    return RunDirectory(tmp_path / "train").problems()


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets; it begins as it is."""

    class Clock:
        ahead = 0

    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + Clock.ahead)
    return Clock


def shown(tmp_path):
    return {key.step: key.session for key in RunDirectory(tmp_path / "train").steps()}


@pytest.mark.parametrize("kind", ["training", "capture"])
@pytest.mark.parametrize("ahead", [-HOUR, -24 * 365 * HOUR, 0, HOUR])
def test_a_session_counts_before_all_that_lay_there_whatever_the_clock_says(
    tmp_path, clock, kind, ahead
):
    captures.write_run(tmp_path, steps=(0, 1, 2))
    clock.ahead = ahead
    writer = Writer(tmp_path, run="train", kind=kind)
    captures.write_step(writer, 1)

    assert shown(tmp_path)[1] == writer.session
    assert (2 in shown(tmp_path)) == (kind == "capture")


def test_sessions_that_began_after_a_clock_was_far_ahead_still_count(tmp_path, clock):
    clock.ahead = 100 * 365 * 24 * HOUR
    captures.write_run(tmp_path, steps=(0,))
    clock.ahead = 0
    sessions = [captures.write_run(tmp_path, steps=(0,)).session for _ in range(3)]

    assert shown(tmp_path) == {0: sessions[-1]}
    assert sessions == sorted(sessions)


def test_a_session_counts_that_began_while_another_had_not_captured_yet(tmp_path, clock):
    first = Writer(tmp_path, run="train", kind="training")
    clock.ahead = -HOUR
    second = Writer(tmp_path, run="train", kind="training")
    captures.write_step(first, 0)
    captures.write_step(second, 0)

    assert shown(tmp_path) == {0: second.session}


def test_after_a_session_of_the_last_moment_there_is_a_sentence(tmp_path):
    captures.write_run(tmp_path, steps=(0,))
    directory = tmp_path / "train" / names.DIRECTORY
    (directory / f"status-{FUTURE}.json").write_text("{}")

    with pytest.raises(StorageError, match="year 2286"):
        Writer(tmp_path, run="train")


def test_a_hidden_training_is_reported(tmp_path):
    late = Writer(tmp_path, run="train", session="t1700003600000-aaaaaaaa")
    for step in range(3):
        captures.write_step(late, step)
    # As an earlier release wrote it on a machine whose clock was an hour behind.
    captures.write_step(Writer(tmp_path, run="train", session="t1700000000000-bbbbbbbb"), 2)

    (problem,) = problems(tmp_path)

    assert "2023-11-14 22:13:20" in problem
    assert "a clock was wrong" in problem


def test_a_training_from_the_first_step_again_is_not_reported(tmp_path, clock):
    for ahead in (0, -HOUR, HOUR):
        clock.ahead = ahead
        captures.write_run(tmp_path, steps=(0, 1))

    assert problems(tmp_path) == ()


def test_a_session_is_alive_as_long_as_its_writer_is(tmp_path):
    writer = Writer(tmp_path, run="train")
    directory, session = writer.directory, writer.session
    assert session_file.is_alive(directory, session) is True

    del writer
    gc.collect()

    assert session_file.is_alive(directory, session) is None
    assert not list(directory.glob("session-*"))


WRITE = """
import sys, time
from tensorboard_plugin_convlens.storage.writing.writer import Writer
writer = Writer(sys.argv[1], run="train", session=sys.argv[2] or None)
print(writer.session, flush=True)
time.sleep(600)
"""


def start_writer(log_dir, session=""):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, log_dir, session], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_session_whose_writers_were_killed_is_not_alive(tmp_path):
    first, session = start_writer(tmp_path)
    second, _ = start_writer(tmp_path, session)
    directory = tmp_path / "train" / names.DIRECTORY
    alive = []
    for process in (first, second):
        alive.append(session_file.is_alive(directory, session))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    alive.append(session_file.is_alive(directory, session))

    assert alive == [True, True, False]


def test_a_child_by_fork_does_not_end_its_parents_session(tmp_path):
    writer = Writer(tmp_path, run="train")
    child = multiprocessing.get_context("fork").Process(target=gc.collect)
    child.start()
    child.join()
    process = os.fork()
    if process == 0:
        del writer
        gc.collect()
        os._exit(0)
    os.waitpid(process, 0)

    assert session_file.is_alive(writer.directory, writer.session) is True


def test_without_locks_a_session_is_still_written(tmp_path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    writer = captures.write_run(tmp_path, steps=(0,))

    assert shown(tmp_path) == {0: writer.session}
    assert session_file.is_alive(writer.directory, writer.session) is None
