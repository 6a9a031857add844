"""Converts `InputImages` records, with PNG pictures, to protobuf messages and back."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import ColorOrder, InputImage, InputImages
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION
from tensorboard_plugin_convlens.storage.format.png import checked_png
from tensorboard_plugin_convlens.storage.format.sealed import checked_fingerprint

COLOR_ORDERS: dict[pb.ColorOrder, ColorOrder] = {pb.RGB: "rgb", pb.BGR: "bgr"}


def inputs_to_message(images: InputImages) -> pb.InputImages:
    """The message of the input images, with PNG pictures."""
    return pb.InputImages(
        format_version=FORMAT_VERSION,
        fingerprint=images.fingerprint,
        class_names=images.class_names,
        color_order=pb.BGR if images.color_order == "bgr" else pb.RGB,
        inputs=[input_to_message(image) for image in images.inputs],
    )


def inputs_from_message(message: pb.InputImages) -> InputImages:
    """The inverse of `inputs_to_message`. Raises `FormatError` for a damaged picture."""
    return InputImages(
        inputs=tuple(input_from_message(image) for image in message.inputs),
        class_names=tuple(message.class_names),
        fingerprint=checked_fingerprint(message.fingerprint),
        color_order=COLOR_ORDERS.get(message.color_order, "rgb"),
    )


def input_to_message(image: InputImage) -> pb.InputImage:
    """One input image with its pictures as PNG."""
    return pb.InputImage(
        label=image.label,
        class_index=image.class_index,
        pictures=[
            pb.Picture(height=picture.shape[0], width=picture.shape[1], png=_to_png(picture))
            for picture in image.pictures
        ],
    )


def input_from_message(message: pb.InputImage) -> InputImage:
    """The inverse of `input_to_message`. Raises `FormatError` for a damaged picture."""
    return InputImage(
        label=message.label,
        pictures=tuple(_from_png(picture) for picture in message.pictures),
        class_index=message.class_index if message.HasField("class_index") else None,
    )


def _to_png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture, "RGB").save(file, "PNG")
    return file.getvalue()


def _from_png(message: pb.Picture) -> NDArray[np.uint8]:
    content = checked_png(message.png, message.height, message.width)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"An input picture is damaged: {error}.") from error
