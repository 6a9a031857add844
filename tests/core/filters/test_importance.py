"""The numbers per filter, against loops that follow the formulas."""

from __future__ import annotations

import numpy as np
import pytest

from tensorboard_plugin_convlens.core.filters import importance

RANDOM = np.random.default_rng(5)
MAPS = np.maximum(RANDOM.normal(size=(6, 5, 7)), 0).astype(np.float32)
KERNELS = RANDOM.normal(size=(6, 3, 2, 4)).astype(np.float32)
SCALE = np.array([1, -2, 0.5, 3, 0, 1], np.float32)


def test_mean_maximum_and_deviation_follow_their_formulas():
    for channel, plane in enumerate(MAPS.tolist()):
        units = [unit for row in plane for unit in row]
        mean = sum(units) / len(units)
        variance = sum((unit - mean) ** 2 for unit in units) / len(units)
        assert importance.mean(MAPS)[channel] == pytest.approx(mean)
        assert importance.maximum(MAPS)[channel] == max(units)
        assert importance.standard_deviation(MAPS)[channel] == pytest.approx(variance**0.5)


def test_the_share_of_zeros_counts_exact_zeros():
    maps = np.array([[[0, 1], [0, 1e-30]], [[1, 1], [1, 1]], [[0, 0], [0, 0]]], np.float32)
    assert importance.zero_share(maps).tolist() == [0.5, 0, 1]


def test_norms_add_up_all_weights_of_a_filter_and_fold_the_scale_in():
    for channel, kernel in enumerate(KERNELS.tolist()):
        weights = np.ravel(kernel).tolist()
        l1, l2 = sum(map(abs, weights)), sum(one**2 for one in weights) ** 0.5
        scale = abs(float(SCALE[channel]))
        assert importance.l1_norm(KERNELS)[channel] == pytest.approx(l1)
        assert importance.l2_norm(KERNELS)[channel] == pytest.approx(l2)
        assert importance.l1_norm(KERNELS, SCALE)[channel] == pytest.approx(l1 * scale)
        assert importance.l2_norm(KERNELS, SCALE)[channel] == pytest.approx(l2 * scale)


def test_taylor_is_the_size_of_the_mean_product():
    gradients = RANDOM.normal(size=MAPS.shape).astype(np.float32)
    for channel in range(6):
        products = [
            float(a) * float(g)
            for a, g in zip(MAPS[channel].flat, gradients[channel].flat, strict=True)
        ]
        expected = abs(sum(products)) / len(products)
        assert importance.taylor(MAPS, gradients)[channel] == pytest.approx(expected)


def test_nan_in_a_map_is_seen_in_its_numbers_and_in_no_other():
    maps = MAPS.copy()
    maps[2, 1, 1] = np.nan
    for function in (importance.mean, importance.maximum, importance.standard_deviation):
        assert np.isnan(function(maps)).tolist() == [False, False, True, False, False, False]


def specificity(pictures: np.ndarray, block: int = 4) -> np.ndarray:
    measure = importance.Specificity()
    for start in range(0, len(pictures), block):
        measure.add(pictures[start : start + block])
    return measure.values()


def test_specificity_is_one_minus_the_mean_cosine_to_the_others():
    pictures = RANDOM.normal(size=(7, 9, 8, 3)).astype(np.float32)
    flat = [one.ravel() / np.linalg.norm(one) for one in pictures]
    for index, value in enumerate(specificity(pictures)):
        others = [abs(flat[index] @ flat[j]) for j in range(7) if j != index]
        assert value == pytest.approx(1 - np.mean(others), abs=1e-6)


def test_filters_that_all_show_the_same_picture_are_not_specific():
    picture = RANDOM.normal(size=(1, 40, 50, 3)).astype(np.float32)
    scaled = np.concatenate([picture, -2 * picture, 0.1 * picture])
    np.testing.assert_allclose(specificity(scaled), 0, atol=1e-5)


def test_a_filter_without_a_gradient_has_no_specificity_and_does_not_count():
    pictures = RANDOM.normal(size=(4, 6, 6, 3)).astype(np.float32)
    with_silent = np.insert(pictures, 1, 0, axis=0)
    values = specificity(with_silent)
    assert np.isnan(values).tolist() == [False, True, False, False, False]
    np.testing.assert_allclose(np.delete(values, 1), specificity(pictures), rtol=1e-6)


def test_large_pictures_are_compared_by_their_averages():
    small = RANDOM.normal(size=(5, 32, 32, 1)).astype(np.float32)
    large = small.repeat(3, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(specificity(large), specificity(small), atol=1e-6)
