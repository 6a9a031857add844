"""How the time of a capture is divided."""

from __future__ import annotations

from tensorboard_plugin_convlens.recording.pace.timetable import Timetable
from tests.recording.pace.clock import Clock


def begin(seconds, images=1):
    clock = Clock()
    timetable = Timetable(clock)
    timetable.begin(seconds, images)
    return clock, timetable


def take(clock, timetable, layer, seconds):
    with timetable.measured(layer, "guided"):
        clock.now += seconds


def test_without_a_bound_there_is_always_time():
    clock, timetable = begin(None)
    clock.now = 1e9
    timetable.begin_gradients(0)

    assert timetable.has_time_for(0, "guided")


def test_input_images_have_equal_parts_of_what_is_left():
    clock, timetable = begin(10.0, images=2)
    clock.now = 2.0
    timetable.begin_gradients(0)
    take(clock, timetable, 0, 3.5)
    assert timetable.has_time_for(1, "guided")
    take(clock, timetable, 1, 1.0)
    assert not timetable.has_time_for(2, "guided")

    timetable.begin_gradients(1)
    take(clock, timetable, 2, 3.4)
    assert timetable.has_time_for(3, "guided")
    clock.now += 0.2
    assert not timetable.has_time_for(3, "guided")


def test_a_layer_that_took_longer_than_what_is_left_is_not_begun():
    clock, timetable = begin(None)
    take(clock, timetable, 0, 4.0)
    take(clock, timetable, 1, 6.0)
    timetable.begin(5.0, 1)
    timetable.begin_gradients(0)

    assert timetable.has_time_for(0, "guided")
    assert not timetable.has_time_for(1, "guided")


def test_essentials_are_what_is_left_of_a_capture_without_its_gradients():
    clock, timetable = begin(None)
    clock.now += 1.0
    take(clock, timetable, 0, 100.0)
    clock.now += 2.0
    timetable.end()

    assert timetable.essentials == 3.0


def test_the_time_of_what_comes_after_the_gradients_is_kept_free():
    clock, timetable = begin(None)
    clock.now += 4.0
    timetable.end()
    timetable.begin(10.0, 1)
    clock.now += 1.0
    timetable.begin_gradients(0)
    take(clock, timetable, 0, 5.5)
    assert timetable.has_time_for(1, "guided")

    take(clock, timetable, 1, 0.6)
    assert not timetable.has_time_for(2, "guided")
