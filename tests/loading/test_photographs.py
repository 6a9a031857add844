"""Pictures from files: of any depth and kind, in pages and in directories."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tifffile
from keras import layers
from PIL import Image, ImageCms

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading.photographs import read_photographs

SIDE = 52
RAMP = np.tile(np.linspace(0, 1, SIDE), (SIDE, 1))
LEVELS = np.arange(0, 256, 5)
RED, WHITE = (255, 0, 0), (255, 255, 255)


def model_of(channels):
    return keras.Sequential([keras.Input((SIDE, SIDE, channels)), layers.Conv2D(1, 1)])


@pytest.fixture(scope="module")
def gray():
    return model_of(1)


@pytest.fixture(scope="module")
def color():
    return model_of(3)


def is_ramp(pixels, tolerance=1):
    return abs(pixels.astype(int) - LEVELS[None, :, None]).max() <= tolerance


def whole(bits):
    return np.rint(RAMP * (2**bits - 1))


PILLOW = {
    "gray8.png": whole(8).astype(np.uint8),
    "gray16.png": whole(16).astype(np.uint16),
    "gray12.png": whole(12).astype(np.uint16),
    "gray16.tif": whole(16).astype(np.uint16),
    "int32.tif": whole(16).astype(np.int32),
    "float01.tif": RAMP.astype(np.float32),
    "float255.tif": (RAMP * 255).astype(np.float32),
}


@pytest.mark.parametrize("name", PILLOW)
def test_a_ramp_is_a_ramp_whatever_the_depth(gray, tmp_path, name):
    Image.fromarray(PILLOW[name]).save(tmp_path / name)

    found = read_photographs(tmp_path, gray)

    assert found.labels == (name,)
    assert is_ramp(found.pixels[0])
    is_plain = name.startswith(("gray8", "gray16"))
    assert [one.what for one in found.notes] == ([] if is_plain else [name])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["gray", "rgb", "rgba", "planes", "inverted"])
@pytest.mark.parametrize(
    "dtype",
    ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"],
)
def test_every_type_of_tiff_is_read_in_color_and_gray(
    color, tmp_path, dtype, kind, compression, order
):
    full = 1.0 if dtype.startswith("f") else float(np.iinfo(dtype).max)
    values = (RAMP if dtype.startswith("f") else np.rint(RAMP * full)).astype(dtype)
    photometric = "minisblack"
    planar = "contig"
    if kind in ("rgb", "rgba", "planes"):
        photometric = "rgb"
        values = np.stack([values] * 3, -1)
    if kind == "rgba":
        opaque = np.full((SIDE, SIDE, 1), full).astype(dtype)
        values = np.concatenate([values, opaque], -1)
    if kind == "planes":
        planar, values = "separate", np.moveaxis(values, -1, 0)
    if kind == "inverted":
        photometric, values = "miniswhite", (values.max() - values).astype(dtype)
    tifffile.imwrite(
        tmp_path / "ramp.tif",
        values,
        photometric=photometric,
        planarconfig=planar if kind == "planes" else None,
        extrasamples=["unassalpha"] if kind == "rgba" else None,
        compression=compression,
        byteorder=order,
    )

    found = read_photographs(tmp_path, color)

    assert is_ramp(found.pixels[0]), found.pixels[0, 0, ::9, 0]


def test_pages_of_a_tiff_are_pictures_and_its_thumbnails_are_not(gray, tmp_path):
    with tifffile.TiffWriter(tmp_path / "stack.tif") as writer:
        for page in range(4):
            writer.write(np.full((60, 60), 40 * page, np.uint8), photometric="minisblack")
            writer.write(np.full((6, 6), 255, np.uint8), subfiletype=1)
    Image.new("L", (9, 9)).save(tmp_path / "tail.png")

    found = read_photographs(tmp_path, gray, most=3)

    assert found.labels == ("stack.tif page 1", "stack.tif page 2", "stack.tif page 3")
    assert found.pixels[:, 5, 5, 0].tolist() == [0, 40, 80]
    assert [one.what for one in found.skipped] == ["stack.tif pages 4 to 4", "tail.png"]


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_the_first_frame_of_an_animation_is_used_and_this_is_reported(color, tmp_path, suffix):
    frames = [Image.new("RGB", (60, 60), (level,) * 3) for level in (40, 90, 200)]
    frames[0].save(
        tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True
    )

    found = read_photographs(tmp_path, color)

    assert found.pixels[:, 5, 5, 0].tolist() == [40]
    (note,) = found.notes
    assert (note.what, "first of its 3 frames" in note.reason) == (f"a.{suffix}", True)


def transparent(mode):
    """Red, of which the left half is not to be seen."""
    image = Image.new("RGBA", (60, 60), (*RED, 255))
    image.paste((*RED, 0), (0, 0, 30, 60))
    if mode == "LA":
        return image.convert("LA")
    if mode in ("P", "PA"):
        return image.quantize(4).convert(mode)
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white_not_the_color_hidden_there(color, tmp_path, mode):
    transparent(mode).save(tmp_path / "a.png")

    found = read_photographs(tmp_path, color)

    assert found.pixels[0, 5, 5].tolist() == [*WHITE]
    seen = [76] * 3 if mode == "LA" else [*RED]
    assert abs(found.pixels[0, 5, -5].astype(int) - seen).max() <= 1
    assert "on white" in found.notes[0].reason


def test_the_transparent_color_of_a_png_is_white(color, gray, tmp_path):
    Image.new("RGB", (60, 60), RED).save(tmp_path / "a.png", transparency=RED)
    assert (read_photographs(tmp_path, color).pixels == 255).all()
    values = np.full((60, 60), 30000, np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png", transparency=30000)
    assert (read_photographs(tmp_path, gray).pixels == 255).all()


def test_other_modes_have_their_colors(color, tmp_path):
    lab = ImageCms.profileToProfile(
        Image.new("RGB", (60, 60), RED),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None
    red = Image.new("RGB", (60, 60), RED)
    lab.save(tmp_path / "1-lab.tif")
    red.convert("CMYK").save(tmp_path / "2-cmyk.tif")
    red.convert("CMYK").save(tmp_path / "3-cmyk.jpg", quality=100)
    red.quantize(2).save(tmp_path / "4-palette.png")
    red.convert("YCbCr").save(tmp_path / "5-ycbcr.tif")
    Image.new("1", (60, 60), 1).save(tmp_path / "6-bit.png")

    found = read_photographs(tmp_path, color)

    assert not found.skipped
    from_red = abs(found.pixels[:, 5, 5].astype(int) - RED).max(axis=1)
    assert from_red[0] <= 6  # A level of L*a*b* is as much.
    assert (from_red[1:5] <= 1).all()
    assert found.pixels[5, 5, 5].tolist() == [*WHITE]


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.tif", "a.png", "deep.tif", "deep.png", "float64.tif"]
)
def test_pictures_are_turned_as_their_orientation_says(gray, tmp_path, name):
    top_bright = np.zeros((60, 60), np.uint8)
    top_bright[:30] = 255
    lying = np.ascontiguousarray(np.rot90(top_bright))  # Orientation 6 turns it clockwise.
    if name == "float64.tif":
        tags = [(274, "H", 1, 6, True)]
        tifffile.imwrite(tmp_path / name, lying / 255.0, extratags=tags)
    else:
        values = lying.astype(np.uint16) * 257 if name.startswith("deep") else lying
        exif = Image.Exif()
        exif[274] = 6
        Image.fromarray(values).save(tmp_path / name, exif=exif)

    (pixels,) = read_photographs(tmp_path, gray).pixels

    assert pixels[5].min() > 240
    assert pixels[-5].max() < 15


def test_without_pictures_those_of_its_directories_are_taken_one_of_each_in_turn(
    color, tmp_path
):
    for name, level, count in (("dogs", 90, 1), ("cats", 30, 3), (".hidden", 200, 1)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.new("L", (60, 60), level + index).save(tmp_path / name / f"{index}.png")
    (tmp_path / "notes.txt").write_text("not a picture")

    found = read_photographs(tmp_path, color, most=3)

    assert found.labels == ("cats/0.png", "dogs/0.png", "cats/1.png")
    assert found.classes == ("cats", "dogs", "cats")
    assert found.pixels[:, 0, 0, 0].tolist() == [30, 90, 31]
    assert [one.what for one in found.skipped] == ["cats/2.png"]


def test_a_directory_without_any_picture_is_a_sentence(color, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="nor in a directory in it"):
        read_photographs(tmp_path, color)
