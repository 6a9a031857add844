"""The engine on a real network, against gradients made with another framework."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tensorboard_plugin_convlens.engine import precision
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import to_frame
from tests.models.vgg16 import chelsea, trained_vgg16

GOLDEN = np.load(Path(__file__).parents[1] / "golden/vgg16_chelsea.npz")
NAMES = [name for name in GOLDEN.files if name.count("/") == 2]


@pytest.fixture(scope="module")
def model():
    return trained_vgg16()


@pytest.fixture(scope="module")
def exact(model):
    return Engine(model, chelsea(), precision="float32")


@pytest.fixture(scope="module")
def forward(exact):
    return exact.run(chelsea())


def part_of(array, name):
    rows, columns = GOLDEN[f"{name}/slices"].reshape(2, 3).tolist()
    return array[slice(*rows), slice(*columns)]


def index_of(engine, key):
    return next(i for i in engine.convolutions if engine.graph.layers[i].key == key)


@pytest.mark.parametrize("name", [one for one in NAMES if "/map/" in one])
def test_feature_maps_equal_those_of_another_framework(exact, forward, name):
    key, _, channel = name.split("/")
    found = part_of(forward.maps(index_of(exact, key))[int(channel)], name)
    np.testing.assert_allclose(
        found, GOLDEN[name], rtol=0, atol=1e-5 * GOLDEN[f"{name}/largest"]
    )


@pytest.mark.parametrize("name", [one for one in NAMES if "/map/" not in one])
def test_guided_gradients_equal_those_of_another_framework(exact, forward, name):
    key, target, channel = name.split("/")
    blocks = forward.gradients(index_of(exact, key), target=target, channels=[int(channel)])
    found = part_of(to_frame(next(iter(blocks)), 224, 224)[0], name)
    np.testing.assert_allclose(
        found, GOLDEN[name], rtol=0, atol=1e-5 * GOLDEN[f"{name}/largest"]
    )


def difference(model, forward, layer, chosen):
    """The largest error and the correlation of gradients in another precision, `[channel]`."""
    channels = range(0, 512, 32)
    other = Engine(model, chelsea(), precision=chosen).run(chelsea())
    precise = next(iter(forward.gradients(layer, channels=channels))).values
    quick = next(iter(other.gradients(layer, channels=channels))).values
    largest = np.maximum(abs(precise).max(axis=(1, 2, 3)), 1e-30)
    errors = abs(quick - precise).max(axis=(1, 2, 3)) / largest
    alive = largest > 1e-30
    alike = [
        np.corrcoef(one.ravel(), other.ravel())[0, 1]
        for one, other in zip(precise[alive], quick[alive], strict=True)
    ]
    return errors, alike


def test_gradients_are_nearer_than_one_level_of_a_stored_picture_in_the_chosen_precision(
    model, exact, forward
):
    errors, alike = difference(model, forward, index_of(exact, "block4_conv2"), "auto")
    assert np.median(errors) < 1 / 255
    assert min(alike) > 0.9999


def test_bfloat16_may_be_chosen_just_where_its_gradients_are_nearer_than_one_level(
    model, exact, forward
):
    errors, alike = difference(model, forward, index_of(exact, "block4_conv2"), "bfloat16")
    assert np.median(errors) > 0
    is_near = np.median(errors) < 1 / 255 and min(alike) > 0.9999
    assert is_near == precision.bfloat16_adds_up_in_float32()
    assert is_near or not precision.bfloat16_is_worthwhile()


def test_silent_channels_come_as_zeros_and_blocks_in_ascending_order(exact, forward):
    layer = index_of(exact, "block4_conv1")
    silent = np.flatnonzero(~(forward.maps(layer) > 0).any(axis=(1, 2)))
    assert len(silent)
    wanted = sorted({*silent.tolist()[:3], *range(0, 512, 40)})
    order = []
    for block in forward.gradients(layer, channels=wanted):
        order += block.channels
        for channel, values in zip(block.channels, block.values, strict=True):
            assert values.any() == (channel not in silent)
    assert order == wanted


def test_a_crop_lies_around_its_unit(exact, forward):
    layer = index_of(exact, "block3_conv3")
    field = exact.graph.layers[layer].receptive_field
    assert field is not None
    block = next(iter(forward.gradients(layer, channels=range(8))))
    assert block.cropped
    assert block.values.shape[1:3] == field.size
    np.testing.assert_array_equal(block.top, field.start[0] + block.unit_row * field.stride[0])
    np.testing.assert_array_equal(
        block.left, field.start[1] + block.unit_column * field.stride[1]
    )
    maps = forward.maps(layer)
    for channel, row, column in zip(
        block.channels, block.unit_row, block.unit_column, strict=True
    ):
        assert maps[channel, row, column] == maps[channel].max()
