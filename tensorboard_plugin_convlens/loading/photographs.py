"""Photographs from files, made to fit a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import ColorOrder, Skipped
from tensorboard_plugin_convlens.loading.picture_file import (
    SUFFIXES,
    PictureFile,
    TiffFile,
    open_pictures,
)
from tensorboard_plugin_convlens.tracing.internals import operations_of

DEFAULT_SIDE = 224
_REASONS_TOLD = 5

PREPROCESSING = ("raw", "unit", "caffe", "tf", "torch")
"""`raw`: 0 … 255; `unit`: 0 … 1; the others as in Keras' `imagenet_utils`."""


@dataclass(frozen=True, slots=True)
class Photographs:
    """Photographs of one size.

    Attributes:
      pixels: `uint8 [batch, height, width, channel]` with one or three channels.
      channels_first: Whether the model takes `[batch, channel, height, width]`.
      labels: Their file names, with the directory before if there is one per class, and with
        the page after if a file has several.
      skipped: Files that are not readable pictures, and pages that were left out.
      notes: Changes to pictures that a person would not expect, as clauses.
      classes: For each, the name of its directory if there is one per class, else "".
      class_names: All these directories, in alphabetical order.
    """

    pixels: NDArray[np.uint8]
    labels: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...] = ()
    classes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    channels_first: bool = False

    def as_inputs(self, how: str) -> NDArray[np.float32]:
        """The photographs as the model takes them; see `preprocess` for `how`."""
        inputs = preprocess(self.pixels, how)
        return np.moveaxis(inputs, -1, 1) if self.channels_first else inputs


@dataclass
class _Album:
    """Photographs while they are read."""

    size: tuple[int, int]
    channels: int
    most: int
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Skipped] = field(default_factory=list)

    def add(self, file: Path, class_name: str) -> None:
        """Reads the pages of a file; skips what it cannot read, with the reason."""
        name = f"{class_name}/{file.name}" if class_name else file.name
        if len(self.labels) >= self.most:
            self._skip(name, f"only the first {self.most} pictures are used")
            return
        # Decoders of damaged files raise whatever they meet: SyntaxError, struct.error, ….
        try:
            with open_pictures(file) as pictures:
                if pictures.frames > 1:
                    only = f"only the first of its {pictures.frames} frames is used"
                    self.notes.append(Skipped(name, only))
                self._add_pages(pictures, name, class_name)
        except Exception as error:
            self._skip(name, _unreadable(error))

    def _add_pages(self, file: PictureFile | TiffFile, name: str, class_name: str) -> None:
        for page in range(file.pages):
            label = name if file.pages == 1 else f"{name} page {page + 1}"
            if len(self.labels) >= self.most:
                rest = f"{name} pages {page + 1} to {file.pages}"
                self._skip(rest, f"only the first {self.most} pictures are used")
                return
            try:
                picture = file.read(page)
                self.pixels.append(self._fit(picture.image))
            except Exception as error:
                self._skip(label, _unreadable(error))
                continue
            self.labels.append(label)
            self.classes.append(class_name)
            self.notes += [Skipped(label, note) for note in picture.notes]

    def _fit(self, image: Image.Image) -> NDArray[np.uint8]:
        mode = "L" if self.channels == 1 else "RGB"
        right = image if image.mode == mode else image.convert(mode)
        fitted = ImageOps.fit(right, self.size, Image.Resampling.BICUBIC)
        return np.asarray(fitted).reshape(self.size[1], self.size[0], self.channels)

    def _skip(self, what: str, reason: str) -> None:
        self.skipped.append(Skipped(what, reason))


def read_photographs(source: Path, model: keras.Model, *, most: int = 8) -> Photographs:
    """Reads pictures, crops the middle to the model's proportions and resizes them.

    Pixels become 8-bit; see `deep_pixels.to_levels`. Transparent parts become white. Every
    page of a TIFF is a picture of its own; an animation gives its first frame.

    Args:
      source: A file, or a directory, whose pictures are taken in the order of their names;
        where it has none, those of the directories in it, one of each in turn.
      model: Gives the size and the number of channels; where its height and width may be
        any, 224 pixels.
      most: Largest number of pictures; `skipped` lists the others.

    Raises:
      InputError: There is no readable picture, or the model does not take one image.
    """
    shape, channels_first = _image_shape(model)
    height, width, channels = shape
    album = _Album((width, height), channels, most)
    files = list(_picture_files(source))
    for class_name, file in files:
        album.add(file, class_name)
    if not album.labels:
        raise InputError(_nothing_readable(source, album.skipped))
    return Photographs(
        np.stack(album.pixels),
        tuple(album.labels),
        tuple(album.skipped),
        tuple(album.notes),
        tuple(album.classes),
        tuple(sorted({class_name for class_name, _ in files} - {""})),
        channels_first,
    )


def preprocess(pixels: NDArray[np.uint8], how: str) -> NDArray[np.float32]:
    """Pixels as a model takes them.

    Args:
      pixels: `uint8 [batch, height, width, channel]`, RGB.
      how: One of `PREPROCESSING`, or the name of a module of `keras.applications`
        (`"vgg16"`, `"mobilenet_v2"`), whose `preprocess_input` is used.

    Raises:
      InputError: ConvLens does not know `how`.
    """
    values = pixels.astype(np.float32)
    if how == "raw":
        return values
    if how == "unit":
        return values / np.float32(255)
    if how in PREPROCESSING:
        return np.asarray(
            keras.applications.imagenet_utils.preprocess_input(
                values, mode=how, data_format="channels_last"
            ),
            np.float32,
        )
    module = getattr(keras.applications, how, None)
    function: Callable[..., object] | None = getattr(module, "preprocess_input", None)
    if function is None:
        raise InputError(
            f"There is no preprocessing {how!r}; expected one of {', '.join(PREPROCESSING)} or "
            "the name of a module of keras.applications, such as vgg16 or mobilenet_v2."
        )
    return np.asarray(function(values, data_format="channels_last"), np.float32)


def color_order_of(how: str) -> ColorOrder:
    """The order of the color channels after `preprocess`, found by trying it on a red pixel.

    Raises:
      InputError: ConvLens does not know `how`.
    """
    red, black = np.zeros((2, 1, 1, 1, 3), np.uint8)
    red[..., 0] = 255
    changed = np.ravel(preprocess(red, how) - preprocess(black, how))
    return "bgr" if np.argmax(abs(changed)) == 2 else "rgb"


def _image_shape(model: keras.Model) -> tuple[tuple[int, int, int], bool]:
    """Height, width and channels of the model's one input image; whether channels are first.

    The first convolution decides, not a guess from the numbers.
    """
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise InputError(
            f"The model {model.name!r} takes inputs of shapes {shapes}; photographs fit one "
            "input [batch, height, width, channel]. Use capture(model, inputs, …) in Python."
        )
    formats = (getattr(one, "data_format", None) for one in operations_of(model))
    channels_first = next(filter(None, formats), "") == "channels_first"
    height, width, channels = shapes[0][1:]
    if channels_first:
        channels, height, width = shapes[0][1:]
    if channels not in (1, 3):
        raise InputError(
            f"The model {model.name!r} takes images of {channels} channels; photographs have 1 "
            "or 3. Use capture(model, inputs, …) in Python."
        )
    return (height or DEFAULT_SIDE, width or DEFAULT_SIDE, channels), channels_first


def _picture_files(source: Path) -> Iterator[tuple[str, Path]]:
    """Pictures in the order in which they are taken, each after its directory or ""."""
    if source.is_file():
        return iter([("", source)])
    if not source.is_dir():
        raise InputError(f"There is no directory or picture {str(source)!r}.")
    files = _pictures_in(source)
    if files:
        return (("", file) for file in files)
    directories = sorted(
        path for path in source.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    by_class = [[(one.name, file) for file in _pictures_in(one)] for one in directories]
    turns = chain.from_iterable(zip_longest(*by_class))
    return (one for one in turns if one is not None)


def _pictures_in(directory: Path) -> list[Path]:
    return sorted(
        path
        for path in directory.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def _unreadable(error: Exception) -> str:
    what = " ".join(str(error).split())[:500] or type(error).__name__
    return f"it cannot be read as a picture: {what}"


def _nothing_readable(source: Path, skipped: list[Skipped]) -> str:
    if not skipped:
        return (
            f"There is no picture in {str(source)!r}, nor in a directory in it; expected files "
            f"ending in {', '.join(SUFFIXES)}."
        )
    told = [f"{one.what}: {one.reason}" for one in skipped[:_REASONS_TOLD]]
    if len(skipped) > _REASONS_TOLD:
        told.append(f"and {len(skipped) - _REASONS_TOLD} more")
    return f"There is no readable picture in {str(source)!r}. {'; '.join(told)}."
