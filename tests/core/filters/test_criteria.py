"""The criteria of a layer, against loops and library functions that share no code with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from tensorboard_plugin_convlens.core.filters.agreement import rank_correlations, spread
from tensorboard_plugin_convlens.core.filters.criteria import (
    BY_NAME,
    random_order,
    values_of_layer,
)
from tensorboard_plugin_convlens.core.filters.redundancy import (
    geometric_median_distance,
    kernel_cosine,
    nearest_by_response,
)
from tensorboard_plugin_convlens.core.filters.selectivity import class_selectivity
from tensorboard_plugin_convlens.core.records import Statistic

RANDOM = np.random.default_rng(11)
KERNELS = RANDOM.normal(size=(300, 3, 2, 4)).astype(np.float32)


def test_fpgm_is_the_sum_of_distances_to_all_kernels():
    found = geometric_median_distance(KERNELS)
    for channel in (0, 7, 299):
        distances = [
            sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
            for one in [np.ravel(KERNELS[channel]).tolist()]
            for other in (np.ravel(kernel).tolist() for kernel in KERNELS)
        ]
        assert found[channel] == pytest.approx(sum(distances), rel=1e-6)


def test_fpgm_of_equal_kernels_is_exactly_zero():
    assert geometric_median_distance(np.repeat(KERNELS[:1], 5, axis=0)).tolist() == [0] * 5


def test_fpgm_of_more_filters_than_are_compared_at_a_time():
    kernels = np.random.default_rng(7).normal(size=(4200, 5)).astype(np.float32)
    kernels[4199] = kernels[0]
    found = geometric_median_distance(kernels)
    for channel in (0, 2047, 2048, 4199):
        distances = np.linalg.norm(kernels - kernels[channel], axis=1)
        np.testing.assert_allclose(found[channel], distances.sum(dtype=np.float64), rtol=1e-6)
    assert found[4199] == found[0]


def test_fpgm_beside_an_infinite_weight_is_not_a_number():
    kernels = KERNELS.copy()
    kernels.flat[0] = np.inf
    assert np.isnan(geometric_median_distance(kernels)).all()


def test_fpgm_is_not_defined_beside_a_broken_kernel():
    broken = KERNELS[:4].copy()
    broken[2, 0, 0, 0] = np.nan
    assert np.isnan(geometric_median_distance(broken)).all()


def test_the_nearest_filter_is_the_one_of_highest_correlation():
    profiles = RANDOM.normal(size=(9, 40)).astype(np.float32)
    profiles[5] = 3 * profiles[2] + 7
    nearest = nearest_by_response(profiles)
    for channel in range(9):
        expected = {
            other: stats.pearsonr(profiles[channel], profiles[other]).statistic
            for other in range(9)
            if other != channel
        }
        best = max(expected.values())
        assert expected[nearest.channel[channel]] == pytest.approx(best, abs=1e-6)
        assert nearest.similarity[channel] == pytest.approx(best, abs=1e-5)
    assert (nearest.channel[5], nearest.channel[2]) == (2, 5)


def test_silent_constant_and_broken_filters_have_no_nearest_and_are_nearest_to_none():
    profiles = RANDOM.normal(size=(6, 30)).astype(np.float32)
    profiles[1], profiles[2], profiles[3, 4] = 0, 0.1, np.nan
    nearest = nearest_by_response(profiles)
    assert np.isnan(nearest.similarity).tolist() == [False, True, True, True, False, False]
    assert nearest.channel[[1, 2, 3]].tolist() == [-1, -1, -1]
    assert not {1, 2, 3} & set(nearest.channel[[0, 4, 5]].tolist())


def test_a_filter_that_is_alone_has_no_nearest():
    nearest = nearest_by_response(RANDOM.normal(size=(1, 30)).astype(np.float32))
    assert np.isnan(nearest.similarity).all()


def test_cosines_of_kernels_are_those_of_the_named_filters():
    others = np.array([3, -1, 0, 2])
    kernels = KERNELS[:4].copy()
    kernels[2] = 0
    found = kernel_cosine(kernels, others)
    one, other = kernels[0].ravel(), kernels[3].ravel()
    expected = one @ other / (np.linalg.norm(one) * np.linalg.norm(other))
    assert found[0] == pytest.approx(expected, abs=1e-6)
    assert np.isnan(found).tolist() == [False, True, True, True]


def test_class_selectivity_compares_the_favorite_class_with_the_mean_of_the_others():
    responses = np.abs(RANDOM.normal(size=(7, 3))).astype(np.float32)
    classes = [4, 0, 4, None, 9, 0, 9]
    for channel, found in enumerate(class_selectivity(responses, classes)):
        means = []
        for wanted in (0, 4, 9):
            own = [r[channel] for r, c in zip(responses, classes, strict=True) if c == wanted]
            means.append(sum(own) / len(own))
        best = max(means)
        rest = (sum(means) - best) / 2
        assert found == pytest.approx((best - rest) / (best + rest), rel=1e-5)


def test_a_filter_for_one_class_alone_has_selectivity_one_and_an_even_one_zero():
    responses = np.array([[2, 1, 0, -1], [0, 1, 0, 1]], np.float32)
    found = class_selectivity(responses, [0, 1])
    assert found[:2].tolist() == [1, 0]
    assert np.isnan(found[2:]).all()  # silent; negative


@pytest.mark.parametrize("classes", [[None, None, None], [1, 1, None]])
def test_class_selectivity_needs_two_classes(classes):
    assert np.isnan(class_selectivity(np.ones((3, 2), np.float32), classes)).all()


finite = st.floats(-8, 8, width=16)


@given(arrays.arrays(np.float32, (4, 12), elements=finite | st.just(np.nan)))
def test_rank_correlations_are_those_of_scipy(criteria):
    found = rank_correlations(list(criteria))
    for row in range(4):
        for column in range(4):
            common = np.isfinite(criteria[row]) & np.isfinite(criteria[column])
            one, other = criteria[row][common], criteria[column][common]
            if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
                assert np.isnan(found[row, column])
            else:
                expected = stats.spearmanr(one, other).statistic
                assert found[row, column] == pytest.approx(expected, abs=1e-9)


def test_spread_has_quartiles_deviation_and_how_near_to_zero_the_smallest_is():
    values = np.array([4, 1, np.nan, 2, 3], np.float32)
    found = spread(values)
    assert found.defined == 4
    assert found.quartiles == (1, 1.75, 2.5, 3.25, 4)
    assert found.variation == pytest.approx(np.std([1, 2, 3, 4]) / 2.5)
    assert found.smallest == 0.25
    assert spread(np.full(3, np.nan, np.float32)).defined == 0
    assert np.isnan(spread(np.zeros(3, np.float32)).variation)


def test_random_is_the_same_at_every_visit_and_differs_by_seed():
    # Of MurmurHash3's finalizer: 1 → 0x514E28B7, 2 → 0x30F4C306.
    assert random_order(2).tolist() == pytest.approx([0x514E28B7 / 2**32, 0x30F4C306 / 2**32])
    assert len(set(random_order(2048).tolist())) > 2000
    assert random_order(50, seed=1).tolist() != random_order(50).tolist()
    assert abs(random_order(2048).mean() - 0.5) < 0.02


def test_values_of_a_layer_are_means_over_the_inputs_and_the_largest_maximum():
    statistics = [
        Statistic("max", 0, np.array([1, 5], np.float32)),
        Statistic("max", 1, np.array([3, 2], np.float32)),
        Statistic("mean", 0, np.array([1, np.nan], np.float32)),
        Statistic("mean", 1, np.array([3, 2], np.float32)),
        Statistic("l1", None, np.array([7, 8], np.float32)),
        Statistic("redundant_with", None, np.array([1, 0], np.float32)),
    ]
    found = values_of_layer(statistics)
    assert list(found) == ["l1", "mean", "max", "random"]
    assert found["max"].tolist() == [3, 5]
    assert found["mean"][0] == 2
    assert np.isnan(found["mean"][1])
    assert values_of_layer([]) == {}


def test_every_criterion_says_what_it_is_and_what_it_is_not():
    for one in BY_NAME.values():
        assert all((one.title, one.meaning, one.formula, one.source, one.direction, one.caveat))
    assert BY_NAME["apoz"].important == "low"
    assert BY_NAME["l1"].important == "high"
