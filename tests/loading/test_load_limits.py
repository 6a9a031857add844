"""The time that the loading of a model may take."""

from __future__ import annotations

import time

import pytest

from tensorboard_plugin_convlens.loading import load_limits

LIMIT = 0.2


def compute(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class SlowToDestroy:
    """An object that is still being destroyed when the time is over."""

    destroyed = False

    def __del__(self):
        compute(3 * LIMIT)
        SlowToDestroy.destroyed = True


def destroy_something_slow_and_go_on():
    with load_limits.limited_tracing(layers=1):
        SlowToDestroy()
        compute(60)


def test_the_limit_is_not_lost_where_it_strikes_while_an_object_is_destroyed(monkeypatch):
    monkeypatch.setattr(load_limits, "_SECONDS", LIMIT)
    monkeypatch.setattr(load_limits, "_SECONDS_OF_LAYER", 0.0)
    with pytest.raises(load_limits.LimitError, match="seconds of computing"):
        destroy_something_slow_and_go_on()
    assert SlowToDestroy.destroyed
