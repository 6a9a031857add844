"""Flags of filters, each with the numbers that it rests on."""

from __future__ import annotations

import numpy as np

from tensorboard_plugin_convlens.core.filters.flags import (
    Flag,
    Thresholds,
    count_flags,
    find_flags,
)
from tensorboard_plugin_convlens.core.records import Statistic

NAN = float("nan")


def statistic(name: str, values: list[float], index: int = -1) -> Statistic:
    return Statistic(name, index, np.array(values, np.float32))


def test_a_filter_is_silent_only_if_it_is_at_every_input_and_says_how_many():
    flags = find_flags(
        [
            statistic("apoz", [1, 1, 0.995], 0),
            statistic("apoz", [1, 0.5, 0.991], 1),
        ]
    )
    assert flags[0] == Flag(0, "silent", {"inputs": 2})
    assert [(one.channel, one.kind) for one in flags] == [(0, "silent"), (2, "near_silent")]
    assert flags[1].evidence["inputs"] == 2
    assert abs(flags[1].evidence["apoz"] - 0.993) < 1e-6


def test_a_map_of_zeros_is_silent_even_if_apoz_is_not_defined():
    flags = find_flags(
        [
            statistic("apoz", [NAN, NAN, NAN], 0),
            statistic("max", [0, 0, 1], 0),
            statistic("std", [0, 0.5, 0], 0),
        ]
    )
    assert flags == (Flag(0, "silent", {"inputs": 1}),)


def test_saturation_is_averaged_over_the_inputs():
    flags = find_flags(
        [statistic("saturation", [1, 1], 0), statistic("saturation", [1, 0.5], 1)]
    )
    assert flags == (Flag(0, "saturated", {"inputs": 2, "saturation": 1.0}),)


def test_a_duplicate_names_the_other_and_needs_both_profile_and_kernel():
    statistics = [
        statistic("redundancy", [1, 1, 0.9, NAN]),
        statistic("redundant_with", [2, 0, 0, NAN]),
        statistic("kernel_cosine", [1, 0.5, 1, NAN]),
    ]
    assert find_flags(statistics) == (Flag(0, "duplicate", {"profile": 1, "kernel": 1}, 2),)
    loose = find_flags(statistics, Thresholds(profile=0.8, kernel=0.4))
    assert [(one.channel, one.other) for one in loose] == [(0, 2), (1, 0), (2, 0)]


def test_broken_numbers_are_counted_by_input():
    statistics = [
        statistic("mean", [NAN, 1, 1], 0),
        statistic("mean", [NAN, 1, float("inf")], 1),
        statistic("l1", [1, NAN, 1]),
    ]
    assert find_flags(statistics) == (
        Flag(0, "not_finite", {"mean": 2}),
        Flag(1, "not_finite", {"l1": 1}),
        Flag(2, "not_finite", {"mean": 1}),
    )
    assert count_flags(statistics) == {
        "silent": 0,
        "near_silent": 0,
        "saturated": 0,
        "duplicate": 0,
        "not_finite": 3,
    }


def test_without_statistics_there_are_no_flags():
    assert find_flags([]) == ()
