"""What people get to read of an exception is why, not only where."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from tensorboard_plugin_convlens import feature_maps
from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.tracing.reason import reason_of

IMAGE = np.zeros((1, 16, 16, 3), np.float32)


class Failing(layers.Layer):
    def __init__(self, fail, **options):
        super().__init__(**options)
        self.fail = fail

    def call(self, images):
        if tf.executing_eagerly() or isinstance(images, keras.KerasTensor):
            return images
        return self.fail(images)

    def compute_output_shape(self, shape):
        return shape


def in_compiled(images):
    @tf.function
    def inner(x):
        raise ValueError("Deep inside.\n\nMore about it.")

    return inner(images)


def because_of(images):
    try:
        raise OSError("the disk is gone")
    except OSError as fault:
        raise ValueError("Cannot read the table.") from fault


def key_error(images):
    sizes: dict[str, int] = {}
    return sizes["scale"]


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (lambda x: x * float(np.asarray(x).max()), "Cannot convert a symbolic tf.Tensor"),
        (in_compiled, "Deep inside"),
        (because_of, "Cannot read the table"),
        (key_error, "KeyError.*scale|key 'scale' is missing"),
        (lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 4, 1)), 1, "SAME"), "[Dd]epth|dimension"),
        (lambda x: (_ for _ in ()).throw(AssertionError()), "AssertionError"),
    ],
)
def test_the_reason_of_a_layer_that_fails_is_reported_in_one_line(fail, reason):
    image = keras.Input((16, 16, 3))
    model = keras.Model(image, layers.Conv2D(4, 3, name="c")(Failing(fail, name="f")(image)))
    model(IMAGE)
    with pytest.raises(UnsupportedModelError, match=reason) as caught:
        feature_maps(model, IMAGE, "c")
    text = str(caught.value)
    assert text.startswith("The model ")
    assert "\n" not in text
    assert "\x1b" not in text
    assert "Arguments received" not in text
    assert "Exception encountered" not in text


def test_a_layer_with_a_space_in_its_name_is_refused_with_the_message_of_tensorflow():
    model = keras.Sequential(
        [keras.Input((16, 16, 3)), layers.Conv2D(4, 3, name="conv 1")], name="m"
    )
    model(IMAGE)
    with pytest.raises(UnsupportedModelError, match="'conv 1' is not a valid scope name"):
        feature_maps(model, IMAGE, "conv 1")
    later = layers.Dense(2, name="later")
    later.build((None, 3))
    assert later.kernel.path == "later/kernel"


def test_the_first_of_several_causes_is_reported_too():
    try:
        because_of(None)
    except ValueError as fault:
        assert reason_of(fault) == "Cannot read the table, because of: the disk is gone"


@given(st.text(), st.sampled_from([ValueError, KeyError, OSError, RuntimeError]))
def test_any_message_gives_one_line_that_is_not_empty(text, kind):
    told = reason_of(kind(text))
    assert told.strip()
    assert len(told.splitlines()) == 1
    assert len(told) <= 700
