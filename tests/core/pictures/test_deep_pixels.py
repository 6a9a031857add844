"""Pixel values of any type as 8-bit levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tensorboard_plugin_convlens.core.pictures.deep_pixels import to_levels

RAMP = np.linspace(0, 1, 52)[None]  # In steps of 5 levels.
EXPECTED = np.arange(0, 256, 5)[None]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_whole_numbers_are_scaled_by_the_range_of_their_type(dtype):
    levels, note = to_levels(np.rint(RAMP * np.iinfo(dtype).max).astype(dtype))

    assert abs(levels.astype(int) - EXPECTED).max() <= 1
    assert note == ""


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "int32"])
@pytest.mark.parametrize("bits", [8, 12])
def test_fewer_bits_in_more_are_scaled_by_the_fewer_and_this_is_reported(dtype, bits):
    levels, note = to_levels(np.rint(RAMP * (2**bits - 1)).astype(dtype))

    assert abs(levels.astype(int) - EXPECTED).max() <= 1
    assert f"read as {bits} bits" in note


def test_half_of_twelve_bits_is_half():
    assert to_levels(np.full((2, 2), 2048, np.uint16))[0].tolist() == [[128] * 2] * 2


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floating_point_is_scaled_by_its_own_range_and_this_is_reported(dtype):
    levels, note = to_levels((RAMP * 300 - 100).astype(dtype))

    assert abs(levels.astype(int) - EXPECTED).max() <= 1
    assert note == "scaled by its own range, -100 to 200"


def test_negative_numbers_are_scaled_by_their_own_range_and_this_is_reported():
    levels, note = to_levels(np.array([[-1000, 0, 3000]], np.int16))

    assert levels.tolist() == [[0, 64, 255]]
    assert note == "scaled by its own range, -1000 to 3000"


def test_nan_is_black_and_infinity_is_white():
    levels, _ = to_levels(np.array([[np.nan, 0.0, 1.0, np.inf, -np.inf]]))
    assert levels.tolist() == [[0, 0, 255, 255, 0]]


def test_a_constant_picture_is_gray_and_an_empty_range_is_refused():
    assert to_levels(np.full((3, 3), 0.5))[0].tolist() == [[128] * 3] * 3
    with pytest.raises(ValueError, match="finite"):
        to_levels(np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="complex"):
        to_levels(np.zeros((3, 3), complex))


@given(
    values=arrays.arrays(
        arrays.integer_dtypes() | arrays.unsigned_integer_dtypes() | arrays.floating_dtypes(),
        st.tuples(st.integers(1, 600), st.integers(1, 3)),
    )
)
def test_levels_rise_with_the_values(values):
    finite = np.isfinite(values)
    if not finite.any():
        return
    levels, _ = to_levels(values)

    assert levels.shape == values.shape
    assert levels.dtype == np.uint8
    order = np.argsort(values[finite], kind="stable")
    assert (np.diff(levels[finite][order].astype(int)) >= 0).all()
