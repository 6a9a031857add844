import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.pictures.quantize import (
    dequantize,
    quantization_error,
    quantize,
)
from tests.strategies import PLANES


@given(PLANES)
def test_values_come_back_within_half_a_step(planes):
    quantized = quantize(planes)

    back = dequantize(quantized.levels, quantized.scale, signed=quantized.signed)

    allowed = quantization_error(quantized.scale, signed=quantized.signed) * 1.001
    assert (np.abs(back - planes) <= allowed[:, None, None, None] + 1e-37).all()


@given(PLANES)
def test_zero_comes_back_as_exactly_zero(planes):
    planes[:, 0, 0, 0] = 0

    quantized = quantize(planes)

    assert set(quantized.levels[:, 0, 0, 0]) == {128 if quantized.signed else 1}
    assert (
        dequantize(quantized.levels, quantized.scale, signed=quantized.signed)[:, 0, 0, 0] == 0
    ).all()


@given(PLANES, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_values_that_are_not_finite_are_counted_and_change_no_other_level(planes, broken):
    without = quantize(planes, signed=True)
    wide = np.concatenate([planes, np.zeros_like(planes[..., :1])], axis=-1)
    wide[:, :, :, -1] = broken

    quantized = quantize(wide, signed=True)

    assert (quantized.levels[..., :-1] == without.levels).all()
    assert (quantized.levels[..., -1] == 0).all()
    assert ((quantized.nan + quantized.infinite) == wide.shape[1] * wide.shape[2]).all()
    assert np.isnan(dequantize(quantized.levels, quantized.scale, signed=True)[..., -1]).all()


def test_a_silent_filter_has_scale_zero_and_no_division_warning():
    quantized = quantize(np.zeros((2, 1, 3, 3), np.float32))

    assert quantized.scale.tolist() == [0, 0]
    assert (quantized.levels == 1).all()


def test_the_largest_magnitude_takes_the_outermost_level():
    quantized = quantize(np.array([[[[-4.0, 2.0, 4.0]]]], np.float32))

    assert quantized.levels.tolist() == [[[[1, 192, 255]]]]


def test_negative_values_are_refused_where_unsigned_levels_were_asked_for():
    with pytest.raises(ValueError, match="Negative values"):
        quantize(np.full((1, 1, 1, 1), -1, np.float32), signed=False)


def test_planes_of_another_rank_are_refused():
    with pytest.raises(ValueError, match=r"must be \[channel, plane, height, width\]"):
        quantize(np.zeros((3, 3), np.float32))


def test_the_golden_vectors_that_the_tab_reads_too_hold(golden_levels):
    for vector in golden_levels:
        levels = np.asarray(vector["levels"], np.uint8)[None]
        scale = np.asarray([vector["scale"]], np.float32)
        values = dequantize(levels, scale, signed=vector["signed"])[0]
        expected = [np.nan if value is None else value for value in vector["values"]]
        np.testing.assert_allclose(values, expected, rtol=1e-6)
