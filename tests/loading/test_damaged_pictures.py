"""Damaged pictures: left out, each with its reason, and the others are taken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers
from PIL import Image

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading.photographs import read_photographs


@pytest.fixture(scope="module")
def color():
    return keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(1, 1)])


def broken_files(directory):
    """A file for each kind of fault that decoders raise, by its name."""
    Image.new("RGB", (60, 60), "red").save(directory / "good.png")
    good = (directory / "good.png").read_bytes()
    Image.new("RGB", (60, 60), "red").save(directory / "a.tif")
    tiff = (directory / "a.tif").read_bytes()
    (directory / "a.tif").unlink()
    header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
    bomb = good[:12] + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return {
        "cut.png": good[:60],
        "empty.png": b"",
        "bomb.png": bomb + good[33:],
        "text.jpg": b"no picture",
        "crc.png": good[:30] + b"\0\0\0" + good[33:],
        "a.tif": b"II*\0 not really",
        "cut.tif": tiff[:40],
        "dds.bmp": b"DDS " + struct.pack("<I", 124) + b"\0" * 200,
    }


def test_every_damage_leaves_one_picture_out_with_its_reason(color, tmp_path):
    broken = broken_files(tmp_path)
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()

    found = read_photographs(tmp_path, color, most=20)

    assert found.labels == ("good.png",)
    assert {one.what for one in found.skipped} == set(broken)
    assert all(
        one.reason.startswith("it cannot be read as a picture: ") for one in found.skipped
    )


def test_if_all_fail_the_reasons_are_reported(color, tmp_path):
    for name, content in broken_files(tmp_path).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.png").unlink()

    with pytest.raises(InputError) as raised:
        read_photographs(tmp_path, color)

    assert "a.tif: it cannot be read as a picture" in str(raised.value)
    assert "; and 3 more." in str(raised.value)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Small pictures of many kinds, to be damaged."""
    directory = tmp_path_factory.mktemp("seeds")
    image = Image.fromarray((np.arange(300).reshape(10, 10, 3) % 256).astype(np.uint8))
    for suffix in ("png", "jpg", "webp", "bmp", "gif", "tif"):
        image.save(directory / f"a.{suffix}")
    image.quantize(4).save(directory / "p.png", transparency=0)
    ramp = np.tile(np.linspace(0, 1, 9), (9, 1))
    Image.fromarray((ramp * 65535).astype(np.uint16)).save(directory / "deep.png")
    tifffile.imwrite(directory / "f.tif", ramp)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_damage_gives_pictures_or_a_sentence(color, seeds, tmp_path, data):
    name = data.draw(st.sampled_from(sorted(seeds)))
    content = bytearray(seeds[name])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(len(content) // 2, len(content))) :]
    file = Path(tmp_path / name)
    file.write_bytes(content)
    try:
        found = read_photographs(file, color)
    except InputError as error:
        assert "cannot be read as a picture" in str(error)
    else:
        assert found.pixels.shape[1:] == (12, 12, 3)
