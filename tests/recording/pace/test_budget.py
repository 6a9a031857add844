"""The share of the training time that captures may take."""

from __future__ import annotations

import logging
from contextlib import contextmanager

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.recording.pace import budget
from tensorboard_plugin_convlens.recording.pace.budget import Budget
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.recording.pace.clock import Clock
from tests.training.training import IMAGES, build_model, fit


def test_the_first_seconds_are_free():
    assert Budget(0.05, clock=Clock()).left() == budget.FREE_SECONDS


def test_one_capture_leaves_as_much_to_later_ones_as_it_may_take():
    account = Budget(0.05, clock=Clock())

    assert account.allowance(is_last=False) == budget.FREE_SECONDS / 2


def test_the_last_capture_has_the_free_seconds_for_itself():
    clock = Clock()
    account = Budget(0.05, clock=clock)
    account.spend(99.0)
    assert account.allowance(is_last=False) == 0
    assert account.allowance(is_last=True) == budget.FREE_SECONDS

    clock.now = 10000.0
    assert account.allowance(is_last=True) == account.left() == pytest.approx(0.05 * 9901 - 99)


def test_there_is_room_for_what_is_left_and_no_more():
    account = Budget(0.05, clock=Clock())
    account.spend(budget.FREE_SECONDS - 1)

    assert account.has_room_for(1.0)
    assert not account.has_room_for(1.5)
    assert Budget(None).has_room_for(1e9)


def test_then_the_share_of_the_training_time_is_allowed():
    clock = Clock()
    account = Budget(0.1, clock=clock)
    clock.now = 1000.0
    account.spend(40.0)

    assert account.left() == pytest.approx(0.1 * 960 - 40)


def test_a_training_that_begins_again_has_spent_nothing():
    clock = Clock()
    account = Budget(0.1, clock=clock)
    account.spend(99.0)
    assert account.left() == 0

    account.restart()

    assert account.left() == budget.FREE_SECONDS


def test_without_a_budget_there_is_no_bound():
    account = Budget(None)
    account.spend(1e9)

    assert account.left() is None
    assert account.allowance(is_last=False) is None
    assert account.allowance(is_last=True) is None


@pytest.mark.parametrize("share", [0, -1, 11])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(InputError, match="budget must be a share"):
        Budget(share)


def test_parts_that_do_not_fit_are_left_out_logged_and_noted(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(budget, "FREE_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING):
        fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:2], budget=1e-9), epochs=1)

    capture = Reader(tmp_path).capture("train", 1)
    methods = {sheet.method for layer in capture.layers for sheet in layer.sheets}
    assert methods == {"activation", "kernel"}
    left_out = "guided gradients of conv1, conv2 for input 1"
    assert left_out in {one.what for one in capture.skipped}
    assert sum(left_out in record.getMessage() for record in caplog.records) == 1


def training_without_time(log_dir, monkeypatch, **options):
    monkeypatch.setattr(budget, "FREE_SECONDS", 0.0)
    callback = ConvLensCallback(log_dir, IMAGES[:1], budget=1e-9, **options)
    fit(build_model(), callback, epochs=4)
    return Reader(log_dir)


@pytest.mark.parametrize(("freq", "last"), [(1, 4), ("batch:2", 16)])
def test_the_first_and_the_last_step_are_captured_even_without_time(
    tmp_path, monkeypatch, freq, last
):
    reader = training_without_time(tmp_path, monkeypatch, freq=freq)

    assert reader.steps("train") == (0, last)


def test_steps_that_do_not_fit_are_reported_once_and_noted_in_the_next_capture(
    tmp_path, monkeypatch, caplog
):
    with caplog.at_level(logging.WARNING):
        reader = training_without_time(tmp_path, monkeypatch)

    notes = [one for one in reader.capture("train", 4).skipped if "steps" in one.what]
    assert [one.what for one in notes] == ["3 steps from 1 to 3"]
    assert "did not fit into the time budget" in notes[0].reason
    told = [record.getMessage() for record in caplog.records if "step" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("ConvLens left out step 1: ")


def test_the_time_to_trace_the_model_is_not_left_for_gradients(tmp_path, monkeypatch):
    """Building the engine of a large network may take all that the first capture has."""
    monkeypatch.setattr(Budget, "measured", measured_as(budget.FREE_SECONDS))
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), epochs=1)

    first, last = (Reader(tmp_path).capture("train", step) for step in (0, 1))
    assert "guided gradients of conv1, conv2 for input 0" in {one.what for one in first.skipped}
    assert not last.skipped  # It has seconds of its own.


def measured_as(seconds):
    """A way to measure by which everything takes that long."""

    @contextmanager
    def measured(self):
        yield
        self.spend(seconds)

    return measured


def test_a_step_is_captured_again_when_there_is_room(tmp_path, monkeypatch):
    rooms = iter([False, True, False])
    monkeypatch.setattr(Budget, "has_room_for", lambda self, seconds: next(rooms))
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), epochs=4)

    reader = Reader(tmp_path)
    assert reader.steps("train") == (0, 2, 4)
    notes = [one.what for step in (0, 2, 4) for one in reader.capture("train", step).skipped]
    assert notes == ["step 1", "step 3"]


def test_a_training_that_stops_early_ends_with_a_capture(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "FREE_SECONDS", 0.0)
    model, callback = build_model(), ConvLensCallback(tmp_path, IMAGES[:1], budget=1e-9)
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 1)
    )
    fit(model, callback, stop, epochs=9)

    assert Reader(tmp_path).steps("train") == (0, 2)


def test_filters_are_compared_by_their_guided_gradients(tmp_path):
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), epochs=1)

    (layer, _) = Reader(tmp_path).capture("train", 1).layers
    (specificity,) = [one.values for one in layer.statistics if one.name == "specificity"]
    known = specificity[np.isfinite(specificity)]
    assert ((known >= 0) & (known <= 1)).all()
    assert known.size


def test_statistics_are_taken_even_without_time(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "FREE_SECONDS", 0.0)
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1], budget=1e-9), epochs=1)

    (layer, _) = Reader(tmp_path).capture("train", 1).layers
    assert {one.name for one in layer.statistics} >= {"mean", "max", "std", "apoz"}


def test_the_default_takes_everything_of_a_small_training(tmp_path, caplog):
    keras.utils.set_random_seed(0)
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:2]), epochs=1)

    assert not caplog.records
    capture = Reader(tmp_path).capture("train", 1)
    assert not capture.skipped
    # Of each of two input images maps, gradients and their magnitudes; and the kernels.
    assert np.all([len(layer.sheets) == 2 * 3 + 1 for layer in capture.layers])
