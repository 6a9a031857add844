"""Windows against brute force: which input rows can a unit see?"""

from __future__ import annotations

import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.pictures.receptive_field import (
    UNIT,
    Window,
    convolution_window,
    same_padding,
    to_receptive_field,
)

STEPS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


def seen_by(steps: list[tuple[int, int, int, int]], unit: int) -> set[int]:
    """Rows that a unit sees through convolutions (kernel, stride, dilation, padding)."""
    rows = {unit}
    for kernel, stride, dilation, padding in reversed(steps):
        rows = {
            row * stride - padding + tap * dilation for row in rows for tap in range(kernel)
        }
    return rows


def window_of(steps: list[tuple[int, int, int, int]]) -> Window:
    window = UNIT
    for step in reversed(steps):
        window = window.then(convolution_window(*step))
    return window


@given(STEPS, st.integers(0, 9))
def test_a_window_spans_exactly_the_rows_that_a_unit_sees(steps, unit):
    rows, window = seen_by(steps, unit), window_of(steps)
    first = window.start + unit * window.stride
    assert (first, first + window.size) == (min(rows), max(rows) + 1)


@given(STEPS)
def test_windows_may_be_put_together_from_either_end(steps):
    forward = UNIT
    for step in steps:
        forward = convolution_window(*step).then(forward)
    assert forward == window_of(steps)


@given(STEPS, STEPS, st.integers(0, 9))
def test_a_union_holds_both_windows_and_exists_for_equal_strides_only(one, other, unit):
    first, second = window_of(one), window_of(other)
    both = first.union(second)
    if first.stride != second.stride:
        assert both is None
        return
    assert both is not None
    start = both.start + unit * both.stride
    assert set(range(start, start + both.size)) >= seen_by(one, unit) | seen_by(other, unit)


@given(STEPS, st.integers(1, 40), st.lists(st.integers(0, 9), min_size=1), st.integers(1, 9))
def test_trimming_leaves_out_only_what_is_beyond_the_border_for_every_unit(
    steps, length, units, grain
):
    window = window_of(steps)
    kept = window.inside(length, min(units), max(units), grain)
    assert kept.size >= 1
    if kept.size > 1:
        assert (kept.start - window.start) % grain == 0
        assert (window.size - kept.size) % grain == 0
    for unit in units:
        first = window.start + unit * window.stride
        whole = set(range(first, first + window.size)) & set(range(length))
        start = kept.start + unit * kept.stride
        assert whole <= set(range(start, start + kept.size))


@settings(max_examples=25)
@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 3), st.integers(1, 2))
def test_same_padding_is_tensorflows(length, kernel, stride, dilation):
    if stride > 1 and dilation > 1:
        dilation = 1
    image = tf.reshape(tf.range(length, dtype=tf.float32) + 1, [1, length, 1, 1])
    taps = tf.reshape(10.0 ** tf.range(kernel, dtype=tf.float64), [kernel, 1, 1, 1])
    result = tf.nn.conv2d(
        tf.cast(image, tf.float64),
        taps,
        [1, stride, 1, 1],
        "SAME",
        dilations=[1, dilation, 1, 1],
    )
    padding = same_padding(length, kernel, stride, dilation)
    expected = sum(
        (tap * dilation - padding + 1) * 10.0**tap
        for tap in range(kernel)
        if 0 <= tap * dilation - padding < length
    )
    assert float(result[0, 0, 0, 0]) == expected


def test_the_record_has_rows_before_columns():
    record = to_receptive_field(Window(-1, 2, 5), Window(-3, 4, 7))
    assert (record.size, record.stride, record.start) == ((5, 7), (2, 4), (-1, -3))
