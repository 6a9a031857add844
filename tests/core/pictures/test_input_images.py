import numpy as np

from tensorboard_plugin_convlens.core.pictures.input_images import (
    build_input_images,
    derive_picture,
)
from tensorboard_plugin_convlens.core.records import InputImage


def test_bytes_are_shown_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)

    assert (derive_picture(pixels) == pixels).all()


def test_floats_are_stretched_to_the_full_range():
    picture = derive_picture(np.array([[[-2.0], [0.0], [2.0]]], np.float32))

    assert picture[0, :, 0].tolist() == [0, 128, 255]
    assert picture.shape == (1, 3, 3)


def test_a_constant_input_is_middle_gray():
    assert (derive_picture(np.full((2, 2, 1), 7.0)) == 128).all()


def test_values_that_are_not_finite_do_not_blank_the_picture():
    picture = derive_picture(np.array([[[np.nan], [0.0], [1.0], [np.inf]]], np.float32))

    assert picture[0, :, 0].tolist() == [0, 0, 255, 255]


def test_a_signal_has_one_row_per_channel():
    assert derive_picture(np.zeros((50, 4), np.float32)).shape == (4, 50, 3)


def test_slices_of_a_volume_are_stacked():
    assert derive_picture(np.zeros((3, 10, 12, 1), np.float32)).shape == (30, 12, 3)


def test_many_channels_show_the_first_three_and_two_show_red_and_green():
    assert derive_picture(np.zeros((2, 2, 7), np.uint8)).shape == (2, 2, 3)
    assert (derive_picture(np.full((2, 2, 2), 9, np.uint8))[..., 2] == 0).all()


def test_the_fingerprint_is_of_content_not_of_identity():
    def build(level):
        return build_input_images([InputImage("a", (np.full((2, 2, 3), level, np.uint8),))])

    assert build(1).fingerprint == build(1).fingerprint
    assert build(1).fingerprint != build(2).fingerprint


def test_pictures_of_a_model_that_takes_bgr_are_rgb():
    values = np.zeros((2, 2, 3), np.float32)
    values[..., 2] = 1  # red comes last

    assert (derive_picture(values, "bgr") == (255, 0, 0)).all()
    assert (derive_picture(values) == (0, 0, 255)).all()


def test_the_color_order_is_part_of_the_fingerprint():
    image = InputImage("one", (np.zeros((2, 2, 3), np.uint8),))
    rgb, bgr = (build_input_images([image], color_order=order) for order in ("rgb", "bgr"))

    assert build_input_images([image]).fingerprint == rgb.fingerprint != bgr.fingerprint
