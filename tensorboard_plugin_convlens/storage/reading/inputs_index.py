"""Reads sets of input images without their pixels, and single pictures of them.

The pictures are most of the file; each is read only when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError, TooLargeError
from tensorboard_plugin_convlens.core.records import InputOutline, InputsOutline
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.fields import Field
from tensorboard_plugin_convlens.storage.format.inputs_message import COLOR_ORDERS
from tensorboard_plugin_convlens.storage.format.png import checked_png
from tensorboard_plugin_convlens.storage.format.sealed import check_version, checked_fingerprint
from tensorboard_plugin_convlens.storage.reading.sealed_file import SealedFile

# Fields of InputImages, InputImage and Picture.
_INPUTS, _PICTURES, _PNG = 3, 2, 3
_MOST_PICTURES = 10_000
_LARGEST_TEXT = 4 * 2**20
_LARGEST_PICTURE = 16 * 2**20


def read_inputs(file: SealedFile) -> InputsOutline:
    """A set of input images without their pixels.

    Raises:
      FormatError: The file is damaged, or of a later version.
      TooLargeError: It has more images, or names, than may be read.
    """
    file.check()
    images = [_read_image(file, field) for field in _fields(file, _INPUTS)]
    message = file.parse(_others(file, 0, file.size, _INPUTS), pb.InputImages())
    check_version(message.format_version, file.what)
    return InputsOutline(
        inputs=tuple(images),
        class_names=tuple(message.class_names),
        fingerprint=checked_fingerprint(message.fingerprint),
        color_order=COLOR_ORDERS.get(message.color_order, "rgb"),
    )


def read_picture(file: SealedFile, index: int, source: int) -> bytes:
    """A picture as PNG: of the input image `index`, for the input tensor `source`.

    Raises:
      NotCapturedError: There is none.
      FormatError: The file is damaged, or its picture is not from ConvLens.
      TooLargeError: It has more than 16 MiB.
    """
    file.check()
    for image in _at(_fields(file, _INPUTS), index):
        for picture in _at(_fields(file, _PICTURES, image.start, image.end), source):
            return _read_png(file, picture)
    raise NotCapturedError(f"There is no picture {source} of an input image {index}.")


def _read_image(file: SealedFile, image: Field) -> InputOutline:
    pictures = _fields(file, _PICTURES, image.start, image.end)
    sizes = tuple(_read_size(file, one) for one in pictures)
    message = file.parse(_others(file, image.start, image.end, _PICTURES), pb.InputImage())
    known = message.HasField("class_index")
    return InputOutline(message.label, sizes, message.class_index if known else None)


def _read_size(file: SealedFile, picture: Field) -> tuple[int, int]:
    message = file.parse(_others(file, picture.start, picture.end, _PNG), pb.Picture())
    return message.height, message.width


def _read_png(file: SealedFile, picture: Field) -> bytes:
    png = next(_fields(file, _PNG, picture.start, picture.end), None)
    if png is None:
        raise FormatError("An input picture is damaged: it is empty.")
    if png.end - png.start > _LARGEST_PICTURE:
        raise TooLargeError(
            f"An input picture is too large to show: {png.end - png.start:,} bytes, expected "
            f"at most {_LARGEST_PICTURE:,}."
        )
    return checked_png(file.read(png.start, png.end), *_read_size(file, picture))


def _fields(
    file: SealedFile, number: int, start: int = 0, end: int | None = None
) -> Iterator[Field]:
    """The fields of one number; too many are an error."""
    count = 0
    for field in file.fields(start, end):
        if field.number == number:
            count += 1
            if count > _MOST_PICTURES:
                raise TooLargeError(f"The {file.what} has over {_MOST_PICTURES:,} pictures.")
            yield field


def _at(found: Iterator[Field], index: int) -> Iterator[Field]:
    """The one at `index`, or nothing."""
    return (field for place, field in enumerate(found) if place == index)


def _others(file: SealedFile, start: int, end: int, number: int) -> bytes:
    """The bytes of all fields except those of one number."""
    parts = [one for one in file.fields(start, end) if one.number != number]
    if sum(one.end - one.begin for one in parts) > _LARGEST_TEXT:
        raise TooLargeError(f"The {file.what} has more than {_LARGEST_TEXT:,} bytes of text.")
    return b"".join(file.read(one.begin, one.end) for one in parts)
