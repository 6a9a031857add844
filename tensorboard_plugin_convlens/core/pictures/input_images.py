"""Pictures that people can look at, from arrays that models take."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records import ColorOrder, InputImage, InputImages


def build_input_images(
    inputs: Sequence[InputImage],
    class_names: Sequence[str] = (),
    *,
    color_order: ColorOrder = "rgb",
) -> InputImages:
    """Input images with their fingerprint, the same for the same images and names."""
    digest = hashlib.sha256()
    for image in inputs:
        digest.update(repr((image.label, image.class_index)).encode())
        for picture in image.pictures:
            digest.update(
                repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()
            )
    digest.update(repr(tuple(class_names)).encode())
    if color_order != "rgb":  # Captures of before there was a choice keep their fingerprint.
        digest.update(color_order.encode())
    return InputImages(tuple(inputs), tuple(class_names), digest.hexdigest(), color_order)


def derive_picture(
    values: NDArray[np.generic], color_order: ColorOrder = "rgb"
) -> NDArray[np.uint8]:
    """A picture of one input as the model takes it, whatever its preprocessing.

    `uint8` values are taken as they are. Other values are stretched from their smallest to
    their largest finite one; a constant input becomes middle gray. One channel becomes
    gray, three or more become RGB (the first three), two become red and green.

    Args:
      values: `[height, width, channel]`; `[length, channel]` for a one-dimensional input,
        drawn with one row per channel; or `[depth, height, width, channel]`, whose slices
        are stacked along the height.
      color_order: The order of the channels of `values`, if there are three.

    Returns:
      `uint8 [height, width, 3]`.
    """
    image = _as_image(np.asarray(values))
    levels = image if image.dtype == np.uint8 else _stretch(image.astype(np.float32))
    channels = levels.shape[-1]
    if channels == 1:
        return np.repeat(levels, 3, axis=-1)
    if channels == 2:
        return np.concatenate([levels, np.zeros_like(levels[..., :1])], axis=-1)
    if channels == 3 and color_order == "bgr":
        return np.ascontiguousarray(levels[..., ::-1])
    return np.ascontiguousarray(levels[..., :3])


def _as_image(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The values as `[height, width, channel]`."""
    if values.ndim == 4:
        return values.reshape(-1, *values.shape[2:])
    if values.ndim == 3:
        return values
    if values.ndim == 2:
        return values.T[..., None]
    return values.reshape(1, -1, 1)


def _stretch(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    finite = image[np.isfinite(image)]
    low = float(finite.min()) if finite.size else 0.0
    high = float(finite.max()) if finite.size else 0.0
    if high <= low:
        return np.full(image.shape, 128, np.uint8)
    scaled = (np.nan_to_num(image, nan=low, posinf=high, neginf=low) - low) / (high - low)
    levels: NDArray[np.uint8] = np.rint(scaled * 255).astype(np.uint8)
    return levels
