"""Which of two statistics of a name speaks of a stage."""

from __future__ import annotations

import numpy as np
import pytest

from tensorboard_plugin_convlens.core.filters.flags import find_flags
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import Statistic


def of(name, value, stage, at=0):
    return Statistic(name, at, np.asarray([value], np.float32), stage)


BOTH = (
    of("mean", 1, "after"),
    of("mean", -1, "before"),
    of("apoz", 0.5, "after"),
    of("l1", 3, None, None),
)


@pytest.mark.parametrize(("stage", "mean"), [("after", 1), ("before", -1), ("own", -1)])
def test_a_statistic_of_both_stages_is_that_of_the_asked_one(stage, mean):
    for statistics in (BOTH, BOTH[::-1]):
        found = {one.name: float(one.values[0]) for one in statistics_at(statistics, stage)}
        assert found == {"mean": mean, "apoz": 0.5, "l1": 3}


def test_input_images_are_kept_apart():
    statistics = (*BOTH, of("mean", 5, "before", 1), of("mean", 7, "after", 1))
    means = [float(one.values[0]) for one in statistics_at(statistics) if one.name == "mean"]
    assert means == [1, 7]


@pytest.mark.parametrize("stage", ["after", "before", "own"])
def test_a_statistic_without_a_stage_stands_for_every_stage(stage):
    old = (of("mean", 2, None), of("max", 3, None))
    assert statistics_at(old, stage) == old


def test_a_value_that_is_not_finite_on_either_side_is_counted_once_per_image():
    statistics = (
        of("mean", 0, "after"),
        of("mean", -np.inf, "before"),
        of("mean", np.nan, "after", 1),
        of("mean", np.nan, "before", 1),
    )
    (flag,) = find_flags(statistics)
    assert (flag.kind, flag.evidence) == ("not_finite", {"mean": 2.0})
