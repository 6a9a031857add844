"""Nothing that ConvLens does in a hook leaves it, telling what went wrong included."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading
import warnings

import keras
import pytest

from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.recording import recorder
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.recording.recorder import Recorder
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.recording import Recording
from tests.training.tiny_training import IMAGES, TinyTraining


class Unspeakable(Exception):
    """An exception whose text cannot be had."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    __str__ = __repr__


def recurse():
    recurse()


def raise_fault(fault):
    if fault is RecursionError:
        recurse()
    if fault is Warning:
        warnings.warn("an error in this process", stacklevel=1)
    raise fault("on purpose")


FAULTS = [Unspeakable, RecursionError, MemoryError, Warning, UnicodeError, AssertionError]


@pytest.fixture(scope="module")
def training() -> TinyTraining:
    return TinyTraining()


@pytest.fixture(autouse=True)
def one_engine(training: TinyTraining, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is traced once for all tests; those of the capture engine trace anew."""
    monkeypatch.setattr(recorder, "Engine", lambda *arguments, **named: training.engine)


def watch(log_dir, *, images=IMAGES[:1], **options) -> ConvLensCallback:
    return ConvLensCallback(log_dir, images, methods=("activation", "kernel"), **options)


@pytest.fixture
def loud_handler():
    """A logging handler of the user's that raises whatever it gets."""

    class Loud(logging.Handler):
        def emit(self, record):
            raise OSError("the log has no space left")

    handler = Loud()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", ["capture", "prepare"])
def test_an_exception_of_any_kind_is_caught_and_reported(
    training, tmp_path, monkeypatch, caplog, fault, place
):
    monkeypatch.setattr(Recorder, place, lambda *arguments, **named: raise_fault(fault))
    with caplog.at_level(logging.WARNING):
        assert training.fit(watch(tmp_path)) == training.expected
        training.fit(watch(tmp_path), epochs=4)
    assert "ConvLens did not capture" in caplog.text
    assert "stops capturing" in caplog.text


@pytest.mark.parametrize("fault", FAULTS)
def test_an_exception_on_the_writing_thread_costs_its_step_only(
    training, tmp_path, monkeypatch, caplog, fault
):
    accept = Recording.accept

    def fail_once(recording, piece):
        if recording.step == 1:
            raise_fault(fault)
        accept(recording, piece)

    monkeypatch.setattr(Recording, "accept", fail_once)
    with caplog.at_level(logging.WARNING):
        training.fit(watch(tmp_path), epochs=3)
    reader = Reader(tmp_path)
    assert reader.steps("train") == (0, 2, 3)
    assert "ConvLens did not capture" in caplog.text
    told = [one.what for step in (2, 3) for one in reader.capture("train", step).skipped]
    assert "step 1" in told


def test_a_logging_handler_that_raises_ends_neither_training_nor_capturing(
    training, tmp_path, loud_handler, monkeypatch
):
    # Something to be told at every capture, by a writer of captures and of the log.
    said = iter(range(100))
    told = property(lambda _: (Skipped("it", f"{next(said)}"),), lambda *_: None)
    monkeypatch.setattr(Recorder, "skipped", told, raising=False)
    assert training.fit(watch(tmp_path)) == training.expected
    assert Reader(tmp_path).steps("train") == (0, 1)
    monkeypatch.setattr(Recorder, "prepare", lambda _: raise_fault(ValueError))
    assert training.fit(watch(tmp_path, run="bad")) == training.expected
    assert "did not capture" in RunDirectory(tmp_path / "bad").problems()[0]


def test_exceptions_that_end_a_program_pass(training, tmp_path, monkeypatch):
    monkeypatch.setattr(Recorder, "capture", lambda *_, **__: raise_fault(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        training.fit(watch(tmp_path))


def test_every_hook_that_keras_calls_is_guarded():
    ours = {
        name
        for name in dir(keras.callbacks.Callback)
        if name.startswith(("on_", "set_")) and name in vars(ConvLensCallback)
    }
    assert {"set_model", "on_train_end", "on_epoch_end"} <= ours
    for name in ours:
        assert hasattr(getattr(ConvLensCallback, name), "__wrapped__"), name


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_wakes_who_waits_and_is_replaced(
    training, tmp_path, monkeypatch, caplog
):
    accept = Recording.accept

    def die_once(recording, piece):
        if recording.step == 1:
            raise SystemExit
        accept(recording, piece)

    monkeypatch.setattr(Recording, "accept", die_once)
    callback = watch(tmp_path)
    with caplog.at_level(logging.WARNING):
        training.fit(callback, epochs=3)
    assert Reader(tmp_path).steps("train") == (0, 2, 3)
    assert "thread that writes captures ended" in caplog.text
    monkeypatch.setattr(Recording, "accept", accept)
    assert training.fit(callback) == training.expected
    assert Reader(tmp_path).steps("train") == (0, 1)


def test_no_thread_can_be_started(training, tmp_path, monkeypatch, caplog):
    class Refused(threading.Thread):
        def start(self):
            if self.name == "convlens-writer":
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(threading, "Thread", Refused)
    with caplog.at_level(logging.WARNING):
        assert training.fit(watch(tmp_path)) == training.expected
    assert "Cannot start the thread" in caplog.text


def test_a_writer_that_is_stuck_does_not_hold_up_the_end_of_the_program(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, threading
            from tensorboard_plugin_convlens.recording.background_lane import BackgroundLane
            from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
            from tests.training.tiny_training import IMAGES, TinyTraining

            training = TinyTraining()

            os.fsync = lambda handle: threading.Event().wait()
            callback = ConvLensCallback("logs", IMAGES[:1])
            callback._lane = BackgroundLane(patience=0.5)
            training.fit(callback)
            print("trained")
            """
        )
    )
    finished = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (finished.returncode, finished.stdout) == (0, "trained\n"), finished.stderr
    assert "does not answer" in finished.stderr
