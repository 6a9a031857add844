"""Between the orders of axes, against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tensorboard_plugin_convlens.tracing.layout import Layout


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (40, 50, 64), (2, 3, 2048), (7, 5, 6, 9), (11, 4)]
)
@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_planes_are_the_channels_with_what_lies_before_a_row_stacked(
    shape, channels_first, dtype
):
    axis = 0 if channels_first else len(shape) - 1
    values = tf.cast(tf.random.stateless_normal((2, *shape), seed=(1, 2)), dtype)
    planes = Layout(shape, axis).to_planes(values)
    plain = np.moveaxis(values.numpy().astype(np.float32), axis + 1, 1)
    width = plain.shape[-1]
    np.testing.assert_array_equal(planes, plain.reshape(2, shape[axis], -1, width))
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
