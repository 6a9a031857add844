"""Photographs from files, made to fit a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import ColorOrder, Skipped

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_LARGEST = 100_000_000
DEFAULT_SIDE = 224

PREPROCESSING = ("raw", "unit", "caffe", "tf", "torch")
"""`raw`: 0 … 255; `unit`: 0 … 1; the others as in Keras' `imagenet_utils`."""


@dataclass(frozen=True, slots=True)
class Photographs:
    """Photographs of one size.

    Attributes:
      pixels: `uint8 [batch, height, width, channel]` with one or three channels.
      labels: Their file names.
      skipped: Files that are no readable pictures.
    """

    pixels: NDArray[np.uint8]
    labels: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def read_photographs(source: Path, model: keras.Model, *, most: int = 8) -> Photographs:
    """Reads pictures, crops the middle to the model's proportions and resizes them.

    Args:
      source: A directory, whose pictures are taken in the order of their names, or a file.
      model: Gives the size and the number of channels; where its height and width may be
        any, 224 pixels.
      most: No more pictures than this; those left out are in `skipped`.

    Raises:
      InputError: There is no readable picture, or the model takes no single image.
    """
    height, width, channels = _image_shape(model)
    files = _picture_files(source)
    pixels: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    skipped: list[Skipped] = []
    for file in files:
        if len(labels) == most:
            skipped.append(Skipped(file.name, f"only the first {most} pictures are taken"))
            continue
        try:
            pixels.append(_read(file, (width, height), channels))
            labels.append(file.name)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            skipped.append(Skipped(file.name, f"it cannot be read as a picture: {error}"))
    if not labels:
        raise InputError(
            f"There is no readable picture in {str(source)!r}; expected files ending in "
            f"{', '.join(_SUFFIXES)}."
        )
    return Photographs(np.stack(pixels), tuple(labels), tuple(skipped))


def preprocess(pixels: NDArray[np.uint8], how: str) -> NDArray[np.float32]:
    """Pixels as a model takes them.

    Args:
      pixels: `uint8 [batch, height, width, channel]`, RGB.
      how: One of `PREPROCESSING`, or the name of a module of `keras.applications`
        (`"vgg16"`, `"mobilenet_v2"`), whose `preprocess_input` is used.

    Raises:
      InputError: There is no such way.
    """
    values = pixels.astype(np.float32)
    if how == "raw":
        return values
    if how == "unit":
        return values / np.float32(255)
    if how in PREPROCESSING:
        return np.asarray(
            keras.applications.imagenet_utils.preprocess_input(values, mode=how), np.float32
        )
    module = getattr(keras.applications, how, None)
    function: Callable[..., object] | None = getattr(module, "preprocess_input", None)
    if function is None:
        raise InputError(
            f"There is no preprocessing {how!r}; expected one of {', '.join(PREPROCESSING)} or "
            "the name of a module of keras.applications, such as vgg16 or mobilenet_v2."
        )
    return np.asarray(function(values), np.float32)


def color_order_of(how: str) -> ColorOrder:
    """The order of the color channels after `preprocess`, found by trying it on a red pixel.

    Raises:
      InputError: There is no such way.
    """
    red, black = np.zeros((2, 1, 1, 1, 3), np.uint8)
    red[..., 0] = 255
    changed = np.ravel(preprocess(red, how) - preprocess(black, how))
    return "bgr" if np.argmax(abs(changed)) == 2 else "rgb"


def _image_shape(model: keras.Model) -> tuple[int, int, int]:
    """Height, width and channels of the model's one input image."""
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise InputError(
            f"The model {model.name!r} takes inputs of shapes {shapes}; photographs fit one "
            "input [batch, height, width, channel]. Use capture(model, inputs, …) in Python."
        )
    _, height, width, channels = shapes[0]
    if channels not in (1, 3):
        raise InputError(
            f"The model {model.name!r} takes images of {channels} channels; photographs have 1 "
            "or 3. Use capture(model, inputs, …) in Python."
        )
    return height or DEFAULT_SIDE, width or DEFAULT_SIDE, channels


def _picture_files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError(f"There is no directory or picture {str(source)!r}.")
    return sorted(
        path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file()
    )


def _read(file: Path, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        if image.width * image.height > _LARGEST:
            raise ValueError(f"it has {image.width} by {image.height} pixels")
        upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(upright, size, Image.Resampling.BICUBIC)
    return np.asarray(fitted).reshape(size[1], size[0], channels)
