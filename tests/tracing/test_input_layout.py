"""How inputs are shown: the model says which axis holds channels, not their number."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens import guided_gradients
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs


def pictures_of(model, values):
    engine = Engine(model, values)
    shown = build_shown_inputs(values).pictures(engine.input_layouts)
    return [picture for image in shown.inputs for picture in image.pictures]


def model_of(shape, *stack):
    return keras.Sequential([keras.Input(shape), *stack])


def picture_of(shape, *stack):
    """The picture of one random input, and the input."""
    values = np.random.default_rng(0).integers(0, 256, (1, *shape)).astype(np.uint8)
    (picture,) = pictures_of(model_of(shape, layers.Rescaling(1.0), *stack), values)
    return picture, values[0]


def convolution(size=3, **options):
    return layers.Conv2D(2, size, padding="same", name="c", **options)


@pytest.mark.parametrize("rows", [1, 3, 4])
@pytest.mark.parametrize("channels", [2, 5, 12])
def test_few_rows_are_not_channels(rows, channels):
    picture, values = picture_of((rows, 250, channels), convolution((1, 15)))

    assert picture.shape == (rows, 250, 3)
    np.testing.assert_array_equal(picture[..., :2], values[..., :2])


def test_the_frame_of_a_gradient_is_that_of_its_picture():
    values = np.random.default_rng(0).normal(size=(1, 1, 250, 12)).astype(np.float32)
    model = model_of((1, 250, 12), convolution((1, 15)))

    assert guided_gradients(model, values, "c", [0]).shape[2:] == (1, 250, 12)
    assert pictures_of(model, values)[0].shape == (1, 250, 3)


@pytest.mark.parametrize(
    "stack",
    [
        (convolution(data_format="channels_first"),),
        (layers.Permute((2, 3, 1)), convolution()),
        (layers.ReLU(), layers.Permute((2, 3, 1)), layers.ZeroPadding2D(1), convolution()),
    ],
    ids=["channels first", "permuted", "permuted, padded"],
)
@pytest.mark.parametrize("width", [1, 3, 4, 20])
def test_channels_that_come_first_are_colors(stack, width):
    fresh = [one.__class__.from_config(one.get_config()) for one in stack]
    picture, values = picture_of((3, 10, width), *fresh)

    assert picture.shape == (10, width, 3)
    np.testing.assert_array_equal(picture, np.moveaxis(values, 0, -1))


@pytest.mark.parametrize(
    "stack",
    [(layers.Reshape((28, 20, 1)),), (layers.Lambda(lambda x: x[..., None]),)],
    ids=["reshaped", "indexed"],
)
def test_a_picture_without_an_axis_of_channels_lies_as_it_is(stack):
    picture, values = picture_of((28, 20), *stack, convolution())

    np.testing.assert_array_equal(picture, np.repeat(values[..., None], 3, axis=-1))


def test_a_signal_has_a_row_per_channel_wherever_they_are():
    length, channels = 50, 4
    picture, values = picture_of((length, channels), layers.Conv1D(2, 3, name="c"))
    np.testing.assert_array_equal(picture[..., 0], values.T)
    first = layers.Conv1D(2, 3, name="c", data_format="channels_first")
    picture, values = picture_of((channels, length), first)
    np.testing.assert_array_equal(picture[..., 0], values)


def test_frames_of_a_film_are_one_below_the_other():
    within = layers.TimeDistributed(convolution())
    picture, values = picture_of((4, 10, 12, 3), within)
    np.testing.assert_array_equal(picture, values.reshape(40, 12, 3))


def test_each_input_of_a_model_is_shown_by_the_convolution_that_reads_it():
    first = keras.Input((3, 10, 12), name="a")
    last = keras.Input((1, 30, 5), name="b")
    turned = layers.Permute((2, 3, 1))(first)
    outputs = [layers.Conv2D(2, 3)(turned), layers.Conv2D(2, (1, 3))(last)]
    values = [np.zeros((1, *one.shape[1:]), np.float32) for one in (first, last)]

    shapes = [one.shape for one in pictures_of(keras.Model([first, last], outputs), values)]

    assert shapes == [(10, 12, 3), (1, 30, 3)]
