"""Change scores against plain Python, and by their promises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.filters.change import (
    change,
    lives,
    silence,
)
from tensorboard_plugin_convlens.core.records import Statistic


def plain_change(before, now):
    """1 - cosine, one number after the other."""
    product = sum(a * b for a, b in zip(before, now, strict=True))
    return 1 - product / (math.hypot(*before) * math.hypot(*now))


def test_change_is_one_minus_the_cosine_of_each_filter():
    random = np.random.default_rng(1)
    before, now = random.normal(size=(2, 5, 3, 4, 4)).astype(np.float32)

    expected = [
        plain_change(a.ravel().tolist(), b.ravel().tolist())
        for a, b in zip(before, now, strict=True)
    ]

    assert change(before, now) == pytest.approx(expected, rel=1e-6)


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_change_does_not_see_a_positive_factor(factor, seed):
    kernel = np.random.default_rng(seed).normal(size=(3, 2, 3, 3)).astype(np.float32)

    assert change(kernel, kernel * np.float32(factor)) == pytest.approx([0] * 3, abs=1e-12)
    assert change(kernel, -kernel * np.float32(factor)) == pytest.approx([2] * 3)


def test_change_distinguishes_small_steps_from_none():
    before = np.ones((2, 1, 10, 10), np.float32)
    now = before.copy()
    now[1, 0, 0, 0] += 1e-4

    same, moved = change(before, now)

    assert same == 0
    assert moved == pytest.approx(0.5 * (1e-4 / 10) ** 2, rel=0.05)


def test_change_of_zeros_or_of_what_is_not_finite_is_not_defined():
    before = np.ones((4, 1, 2, 2), np.float32)
    now = before.copy()
    now[0] = 0
    now[1, 0, 0, 0] = np.nan
    now[2, 0, 1, 1] = np.inf

    assert np.isnan(change(before, now)).tolist() == [True, True, True, False]
    assert np.isnan(change(now, before)).tolist() == [True, True, True, False]


def test_a_filter_is_silent_where_all_of_it_is_zero_at_every_input():
    statistics = [
        Statistic("apoz", 0, np.array([1, 1, 0.5], np.float32)),
        Statistic("apoz", 1, np.array([1, 0.99, 1], np.float32)),
        Statistic("mean", 0, np.array([9, 9, 9], np.float32)),
    ]

    silent = silence(statistics)

    assert silent is not None
    assert silent.tolist() == [True, False, False]
    assert silence(statistics[2:]) is None


def test_lives_tell_who_fell_silent_and_who_came_back_across_a_step_without_an_answer():
    silent = [
        np.array([True, False, False, True]),
        None,
        np.array([True, True, False, False]),
        np.array([True, True, False, False]),
    ]

    assert lives(silent, 4).tolist() == [[2, 1, 1, 2], [0] * 4, [2, 3, 1, 4], [2, 2, 1, 1]]
