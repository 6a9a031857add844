from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.judgments.ablation import choose_at_random, choose_least

FILTERS = {"a": 8, "b": 3}


@given(st.integers(0, 2**32 - 1))
def test_as_many_filters_of_each_layer_are_drawn_as_are_marked(seed: int):
    drawn = choose_at_random(
        np.random.default_rng(seed), FILTERS, {"a": (1, 2, 7), "b": (0, 1, 2)}
    )
    assert drawn["b"] == (0, 1, 2)
    assert len(set(drawn["a"])) == 3
    assert drawn["a"] == tuple(sorted(drawn["a"]))
    assert set(drawn["a"]) <= set(range(8))


def test_every_filter_is_drawn_about_as_often_as_every_other():
    random = np.random.default_rng(0)
    counts = np.zeros(8)
    for _ in range(4000):
        counts[list(choose_at_random(random, FILTERS, {"a": (0, 1)})["a"])] += 1
    assert abs(counts / 1000 - 1).max() < 0.15


def test_a_criterion_chooses_the_least_important_and_undefined_ones_first():
    values = np.array([3, np.nan, 0.5, 0.5, 9, -1, 2, 4], np.float32)
    chosen = choose_least({"a": values}, {"a": (0, 1, 2)})
    assert chosen == {"a": (1, 2, 5)}


def test_a_criterion_that_is_undefined_for_a_layer_chooses_nothing():
    undefined = {"a": np.full(8, np.nan, np.float32)}
    assert choose_least(undefined, {"a": (0,)}) is None
    assert choose_least({}, {"a": (0,)}) is None
