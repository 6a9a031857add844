"""Profiles of feature maps against plain Python."""

import itertools

import numpy as np
import pytest

from tensorboard_plugin_convlens.core.filters.profiles import profile_of_maps, profile_side


def plain_profile(plane, side):
    """Mean of each cell; cell i of n pixels begins at pixel i * n // side."""
    rows, columns = ([i * n // side for i in range(side + 1)] for n in plane.shape)
    return [
        float(np.mean([[plane[y, x] for x in range(*xs)] for y in range(*ys)]))
        for ys in itertools.pairwise(rows)
        for xs in itertools.pairwise(columns)
    ]


@pytest.mark.parametrize(("inputs", "side"), [(1, 8), (4, 8), (5, 7), (64, 2), (256, 1)])
def test_profiles_have_no_more_than_256_numbers(inputs, side):
    assert profile_side(inputs) == side
    assert inputs * profile_of_maps(np.ones((1, 50, 60), np.float32), inputs).size <= 256


@pytest.mark.parametrize("shape", [(8, 8), (20, 33), (224, 9)])
def test_profiles_are_means_over_cells(shape):
    maps = np.random.default_rng(2).normal(size=(3, *shape)).astype(np.float32)

    found = profile_of_maps(maps, 5)

    for plane, profile in zip(maps, found, strict=True):
        assert profile == pytest.approx(plain_profile(plane, 7), rel=1e-5, abs=1e-6)


def test_profile_of_a_small_map_is_the_map():
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    assert np.array_equal(profile_of_maps(maps, 1), maps.reshape(2, 12))
