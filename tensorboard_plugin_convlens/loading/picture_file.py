"""Reads picture files, page by page, as upright 8-bit pictures, with any kind of pixels."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from tensorboard_plugin_convlens.core.pictures.deep_pixels import to_levels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_TIFF = (".tif", ".tiff")
_MOST_PIXELS = 100_000_000
_MOST_PAGES = 10_000
_SUBFILE, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 254, 258, 259, 262, 274
_PLANAR, _SAMPLE_FORMAT = 284, 339
"""Numbers of tags of TIFF, the orientation of EXIF, too; below, some of their values."""
_REDUCED, _ZERO_IS_WHITE, _ASSOCIATED = 1, 0, 1
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Picture:
    """One page of a file.

    Attributes:
      image: Upright, of mode `"L"` or `"RGB"`.
      notes: Changes to its values that a person would not expect, as clauses.
    """

    image: Image.Image
    notes: tuple[str, ...]


class PictureFile:
    """An open file of pictures that Pillow reads.

    Attributes:
      pages: How many pictures it holds: the pages of a TIFF, each a picture of its own; 1 for
        all others.
      frames: The number of frames; the first one of an animation is the picture.
    """

    def __init__(self, image: Image.Image) -> None:
        """Looks at the pages."""
        self._image = image
        count = int(getattr(image, "n_frames", 1))
        is_tiff = image.format == "TIFF"
        self._seek = self._whole_pages(count) if is_tiff else [0]
        self.pages = len(self._seek)
        self.frames = 1 if is_tiff else count

    def read(self, page: int) -> Picture:
        """Decodes a page, from 0. Any decoder's fault may be raised."""
        image = self._image
        image.seek(self._seek[page])
        _check_size(image.width, image.height)
        if image.format == "TIFF" and _is_deep(image) and not _is_safe(image):
            raise ValueError(
                f"Pillow does not read TIFF of mode {image.mode} and compression "
                f"{image.info.get('compression')} correctly; save it without compression"
            )
        upright = ImageOps.exif_transpose(image)
        values = _deep_values(upright, image.format)
        if values is None:
            return _eight_bits(upright)
        levels, note = to_levels(values)
        return Picture(*_on_white(Image.fromarray(levels), _holes(image, values), note))

    def _whole_pages(self, count: int) -> list[int]:
        """The pages of a TIFF that are not smaller copies of another one."""
        whole = []
        for page in range(min(count, _MOST_PAGES)):
            self._image.seek(page)
            if not int(_tag(self._image, _SUBFILE, 0)) & _REDUCED:
                whole.append(page)
        return whole or [0]


class TiffFile:
    """The same for a TIFF with more than 8 bits per value.

    Pillow knows few of their types, and confuses some of these with others.
    """

    frames = 1

    def __init__(self, tiff: tifffile.TiffFile) -> None:
        """Looks at the pages."""
        whole = [page for page in tiff.pages if not getattr(page, "is_reduced", False)]
        if not whole:
            raise ValueError("it is a TIFF without pages")
        self._pages: list[Any] = whole[:_MOST_PAGES]
        self.pages = len(self._pages)

    def read(self, page: int) -> Picture:
        """Decodes a page, from 0. Any decoder's fault may be raised."""
        one = self._pages[page]
        _check_size(one.imagewidth, one.imagelength)
        values, holes = _color_of(one)
        levels, note = to_levels(values)
        if one.photometric == _ZERO_IS_WHITE:
            levels = np.uint8(255) - levels
        image, notes = _on_white(Image.fromarray(levels), holes, note)
        tag = one.tags.get(_ORIENTATION)
        if tag is not None:
            image.getexif()[_ORIENTATION] = int(tag.value)
        return Picture(ImageOps.exif_transpose(image), notes)


@contextlib.contextmanager
def open_pictures(file: Path) -> Iterator[PictureFile | TiffFile]:
    """Opens a file of pictures. Any decoder's fault may be raised."""
    with warnings.catch_warnings(), _silent_tifffile(), contextlib.ExitStack() as stack:
        # The size is checked here, and other warnings have no place in the output.
        warnings.simplefilter("ignore")
        if file.suffix.lower() in _TIFF and _is_for_tifffile(file):
            yield TiffFile(stack.enter_context(tifffile.TiffFile(file)))
        else:
            yield PictureFile(stack.enter_context(Image.open(file)))


@contextlib.contextmanager
def _silent_tifffile() -> Iterator[None]:
    """Keeps tifffile's notes on damage out of the log: the picture's own error has them."""
    logger = logging.getLogger("tifffile")
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


def _is_for_tifffile(file: Path) -> bool:
    """Whether Pillow does not know this kind of TIFF, or may confuse it with another."""
    try:
        with Image.open(file) as image:
            if image.format != "TIFF" or not _is_deep(image):
                return False
            # All others need a package of codecs; Pillow has them.
            return _tag(image, _COMPRESSION, 1) in (1, 8, 32773, 32946)
    except UnidentifiedImageError:
        return True


def _is_deep(image: Image.Image) -> bool:
    """Whether a page of a TIFF has values of another type than `uint8` or bits."""
    form = _tag(image, _SAMPLE_FORMAT, _UNSIGNED)
    return int(_tag(image, _BITS, 1)) > 8 or form in (_SIGNED, _FLOAT)


def _is_safe(image: Image.Image) -> bool:
    """Whether Pillow reads a page of more than 8 bits per value correctly."""
    if image.mode in ("RGB", "RGBA"):
        return bool(_tag(image, _PLANAR, 1) == 1)
    is_little = getattr(getattr(image, "tag_v2", None), "prefix", b"") == b"II"
    is_signed = _tag(image, _SAMPLE_FORMAT, _UNSIGNED) == _SIGNED
    is_known = image.mode in ("I;16", "F") or (image.mode == "I" and is_signed)
    return is_little and is_known and _tag(image, _PHOTOMETRIC, 1) != _ZERO_IS_WHITE


def _check_size(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise ValueError(
            f"it has {width} by {height} pixels; ConvLens reads at most {_MOST_PIXELS:,}"
        )


def _tag(image: Image.Image, number: int, default: Any) -> Any:
    """The value of a tag of a TIFF, the first if there are several."""
    value = getattr(image, "tag_v2", {}).get(number, default)
    return value[0] if isinstance(value, tuple) and value else value


def _deep_values(image: Image.Image, form: str | None) -> NDArray[Any] | None:
    """`[height, width]` of a picture whose values Pillow would cut off at 255, else None."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return None
    values = np.asarray(image)
    if image.mode == "I" and form == "PNG":
        return values.astype(np.uint16)  # Older releases of Pillow give these.
    return values.astype(values.dtype.newbyteorder("="))


def _holes(image: Image.Image, values: NDArray[Any]) -> NDArray[np.uint8] | None:
    """255 where the one transparent value of a deep PNG is, else 0; None without one."""
    hidden = image.info.get("transparency")
    if not isinstance(hidden, int):
        return None
    return np.where(values == hidden, np.uint8(255), np.uint8(0))


def _eight_bits(image: Image.Image) -> Picture:
    """A picture of at most 8 bits per channel, of any mode."""
    if image.mode == "LAB":
        return Picture(_from_lab(image), ())
    if image.has_transparency_data or image.mode in ("La", "RGBa"):
        whole = image if image.mode == "RGBa" else image.convert("RGBA")
        whole = whole.convert("RGBA")
        holes = np.uint8(255) - np.asarray(whole.getchannel("A"))
        return Picture(*_on_white(whole.convert("RGB"), holes, ""))
    if image.mode in ("L", "RGB"):
        return Picture(image, ())
    is_gray = image.mode == "1"
    return Picture(image.convert("L" if is_gray else "RGB"), ())


def _from_lab(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.createProfile("LAB"),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    assert converted is not None, "only a conversion in place returns None"
    return converted


def _on_white(
    image: Image.Image, holes: NDArray[np.uint8] | None, note: str
) -> tuple[Image.Image, tuple[str, ...]]:
    """Puts a picture on white, and adds a note if any of it is transparent.

    Args:
      image: A picture of mode `"L"` or `"RGB"`.
      holes: How transparent each pixel is, `uint8 [height, width]`; None for not at all.
      note: A remark for people who see the picture; "" for none.
    """
    notes = (note,) if note else ()
    if holes is None or not holes.any():
        return image, notes
    white = Image.new(image.mode, image.size, "white")
    white.paste(image, mask=Image.fromarray(np.uint8(255) - holes))
    return white, (*notes, "its transparent parts are shown on white")


def _color_of(page: Any) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """The values of a page, of one or three channels, and how transparent each pixel is."""
    values = page.asarray()
    if values.ndim == 3 and page.axes.startswith("S"):
        values = np.moveaxis(values, 0, -1)
    channels = 1 if values.ndim == 2 else values.shape[-1]
    extra = tuple(page.extrasamples)
    count = channels - len(extra)
    is_picture = page.photometric in (0, 1, 2) and values.ndim in (2, 3) and count in (1, 3)
    if not is_picture or len(extra) > 1 or _ASSOCIATED in extra:
        raise ValueError(
            f"ConvLens does not read this kind of TIFF: {page.photometric!r}, {page.dtype}, "
            f"{list(values.shape)}, extra samples {list(map(int, extra))}"
        )
    if not extra:
        return values, None
    color = values[..., 0] if count == 1 else values[..., :3]
    if int(extra[0]) == 0:  # The file does not say what it means.
        return color, None
    full = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    opaque = np.clip(values[..., -1].astype(np.float64) / full, 0, 1)
    return color, np.rint(255 * (1 - opaque)).astype(np.uint8)
