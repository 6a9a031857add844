import numpy as np
import pytest

from tensorboard_plugin_convlens.core.pictures.reduce import (
    box_average,
    grid_average,
    magnitude,
    reduction,
)


def test_a_picture_that_fits_is_not_reduced():
    pictures = np.random.default_rng(0).normal(size=(2, 64, 30)).astype(np.float32)

    assert reduction(64, 30) == 1
    assert box_average(pictures, 1) is pictures


def test_the_reduced_picture_fits():
    for side in (65, 196, 224, 299, 1000):
        assert -(-side // reduction(side, 10)) <= 64


def test_cells_are_averaged_and_edge_cells_average_what_they_have():
    pictures = np.arange(25, dtype=np.float32).reshape(1, 5, 5)

    small = box_average(pictures, 2)

    assert small.shape == (1, 3, 3)
    assert small[0, 0, 0] == np.mean([0, 1, 5, 6])
    assert small[0, 2, 2] == 24
    assert small[0, 0, 2] == np.mean([4, 9])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_grid_has_at_most_so_many_cells_of_nearly_equal_size(dtype):
    pictures = np.random.default_rng(0).normal(size=(2, 7, 3, 2)).astype(dtype)

    grid = grid_average(pictures, 3)

    assert grid.shape == (2, 3, 3, 2)
    assert grid.dtype == dtype
    # Rows 0 and 1, 2 and 3, 4 to 6; the three columns stay.
    rows = [pictures[:, start:stop].mean(axis=1) for start, stop in ((0, 2), (2, 4), (4, 7))]
    np.testing.assert_allclose(grid, np.stack(rows, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(grid_average(pictures, 8), pictures)


def test_the_magnitude_is_the_largest_over_the_input_channels():
    gradients = np.array([[[[1.0, -3.0, 2.0]]]], np.float32)

    assert magnitude(gradients).tolist() == [[[3.0]]]
