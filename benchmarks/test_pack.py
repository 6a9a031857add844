"""Quantizing, compressing and reading sheets of the sizes that real networks have."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.storage.format.pack import decode_sheet
from tensorboard_plugin_convlens.storage.writing.sheet_writer import PackWriter

SHAPES = {
    "VGG16 block1_conv1": (64, 224, 224),
    "VGG16 block3_conv3": (256, 56, 56),
    "ResNet50 conv5_block3_out": (2048, 7, 7),
}
by_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def rectified_maps(shape: tuple[int, int, int]) -> FloatArray:
    """Smooth maps of which about half is zero, as rectifiers leave them."""
    noise = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    smooth = noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)
    return smooth.clip(min=0)


def write(maps: FloatArray) -> tuple[bytes, int]:
    """A pack with one sheet, and where the sheet begins."""
    file = io.BytesIO()
    sheet = PackWriter(file, "pack").add_maps(maps, input_index=0)
    return file.getvalue(), sheet.offset


@by_shape
def test_write_feature_maps(benchmark: BenchmarkFixture, shape: tuple[int, int, int]) -> None:
    pack, _ = benchmark(write, rectified_maps(shape))
    benchmark.extra_info["bytes"] = len(pack)
    assert len(pack) < np.prod(shape)


@by_shape
def test_read_feature_maps(benchmark: BenchmarkFixture, shape: tuple[int, int, int]) -> None:
    pack, offset = write(rectified_maps(shape))
    levels = benchmark(decode_sheet, pack[offset:], int(np.prod(shape)))
    assert len(levels) == np.prod(shape)
