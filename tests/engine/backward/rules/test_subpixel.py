"""Gradients of few channels, block by block, are those of the transposed convolution."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.engine.backward.rules.subpixel import subpixel_convolution

LENGTHS = st.tuples(st.integers(1, 17), st.integers(1, 17))
WINDOWS = st.tuples(st.integers(1, 7), st.integers(1, 7))


def convolution(lengths, window, stride, padding, channels=3, filters=5, **options):
    """A convolution of images in a graph, as the engine finds it in a trace."""
    with tf.Graph().as_default():
        images = tf.compat.v1.placeholder(tf.float32, (1, *lengths, channels))
        kernel = tf.compat.v1.placeholder(tf.float32, (*window, channels, filters))
        strides = [1, stride, stride, 1]
        attributes = {"strides": strides, "padding": padding, **options}
        return tf.raw_ops.Conv2D(input=images, filter=kernel, **attributes).op, attributes


def gradients(operation, attributes, *, padded=True):
    """(of the subpixel convolution, of TensorFlow's own) from the same random numbers."""
    rng = np.random.default_rng(7)
    shapes = [one.shape.as_list() for one in (*operation.inputs, *operation.outputs)]
    images, kernel, cotangent = (rng.normal(size=one).astype(np.float32) for one in shapes)
    cotangent = np.concatenate([cotangent, -2 * cotangent])
    expected = tf.raw_ops.Conv2DBackpropInput(
        input_sizes=[2, *images.shape[1:]],
        filter=kernel,
        out_backprop=cotangent,
        **attributes,
    )
    subpixel = subpixel_convolution(operation, padded=padded)
    assert subpixel is not None
    found = subpixel.gradient(images.shape[1:3], subpixel.kernel(kernel), cotangent)
    return np.asarray(found), np.asarray(expected)


@given(LENGTHS, WINDOWS, st.sampled_from([1, 2]), st.integers(1, 4))
def test_it_is_exact_with_same_padding(lengths, window, stride, channels):
    operation, attributes = convolution(lengths, window, stride, "SAME", channels)
    found, expected = gradients(operation, attributes)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@given(LENGTHS, WINDOWS, st.sampled_from([1, 2]))
def test_it_is_exact_without_padding(further, window, stride):
    lengths = (window[0] + further[0] - 1, window[1] + further[1] - 1)
    found, expected = gradients(*convolution(lengths, window, stride, "VALID"))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_it_is_exact_with_padding_of_any_kind(stride):
    explicit = {"explicit_paddings": [0, 0, 2, 1, 0, 3, 0, 0]}
    found, expected = gradients(*convolution((9, 10), (3, 4), stride, "EXPLICIT", **explicit))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_images_may_have_the_padding_already():
    operation, _ = convolution((11, 12), (3, 5), 1, "SAME")
    subpixel = subpixel_convolution(operation, padded=False)
    assert subpixel is not None
    assert subpixel.padding == (0, 0)


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({"channels": 5}, {}),
        ({"stride": 3}, {}),
        ({}, {"dilations": [1, 2, 2, 1]}),
        ({"padding": "EXPLICIT"}, {"explicit_paddings": [0, 0, 3, 0, 0, 0, 0, 0]}),
    ],
    ids=["many channels", "wide strides", "dilation", "more padding than kernel"],
)
def test_other_convolutions_are_left_to_tensorflow(changed, options):
    arguments = {"lengths": (12, 12), "window": (3, 3), "stride": 1, "padding": "SAME"}
    operation, _ = convolution(**(arguments | changed), **options)
    assert subpixel_convolution(operation, padded=True) is None


def test_grouped_convolutions_are_left_to_tensorflow():
    with tf.Graph().as_default():
        images = tf.compat.v1.placeholder(tf.float32, (1, 8, 8, 4))
        kernel = tf.compat.v1.placeholder(tf.float32, (3, 3, 2, 6))
        operation = tf.nn.conv2d(images, kernel, 1, "SAME").op
    assert subpixel_convolution(operation, padded=True) is None
