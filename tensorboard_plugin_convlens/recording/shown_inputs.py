"""The captured inputs as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.pictures.input_images import (
    build_input_images,
    derive_picture,
)
from tensorboard_plugin_convlens.core.records import ColorOrder, InputImage, InputImages
from tensorboard_plugin_convlens.tracing.layout import Layout
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, to_arrays

MOST_INPUTS = 256
"""ConvLens refuses more captured inputs: each adds a full set of pictures to every step."""


@dataclass(frozen=True, slots=True)
class ShownInputs:
    """The inputs as people see them, before the axes of the model are known.

    Attributes:
      arrays: The inputs of the model, `[batch, …]`.
      images: A label and, if known, a class of each; no pictures yet.
      class_names: The names of the classes, by index; empty if they are unknown.
      display: Pictures to show instead of those of the first array, or None.
      color_order: The order of the three channels of the arrays.
    """

    arrays: tuple[NDArray[Any], ...]
    images: tuple[InputImage, ...]
    class_names: tuple[str, ...]
    display: tuple[NDArray[np.uint8], ...] | None
    color_order: ColorOrder

    def pictures(self, layouts: Sequence[Layout]) -> InputImages:
        """The pictures.

        Args:
          layouts: Layout of each array, which says where the model has its channels. Their
            number does not: an electrocardiogram is `[1, length, lead]`.
        """
        images = []
        for index, image in enumerate(self.images):
            derived = [
                derive_picture(_channels_last(array[index], layout), self.color_order)
                for array, layout in zip(self.arrays, layouts, strict=True)
            ]
            if self.display is not None:
                derived[0] = self.display[index]
            images.append(replace(image, pictures=tuple(derived)))
        return build_input_images(images, self.class_names, color_order=self.color_order)


def build_shown_inputs(
    inputs: ModelInputs,
    *,
    labels: Sequence[str] | Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    display: object | None = None,
    color_order: str = "rgb",
) -> ShownInputs:
    """Checks how the inputs will be shown, before ConvLens looks at a model.

    Args:
      inputs: The inputs of the model.
      labels: One per image: names to show, or indices of the true classes.
      class_names: The names of the classes, by index.
      display: `[batch, height, width]` or `[…, channel]`, `uint8` or float in 0 … 1, where
        the picture derived from the input (stretched to its range) is not the wanted one.
        RGB, whatever the color order of `inputs`.
      color_order: `"rgb"` or `"bgr"`: of the three channels of `inputs`.

    Raises:
      InputError: No images, more than 256, another number of labels or of pictures, or an
        unknown color order.
    """
    order = _color_order(color_order)
    arrays = to_arrays(inputs)
    count = len(arrays[0])
    if count > MOST_INPUTS:
        raise InputError(
            f"ConvLens captures at most {MOST_INPUTS} input images at every step; got {count}. "
            f"Give a few that show something, such as inputs[:4]."
        )
    shown = None if display is None else tuple(_display(display, count))
    if labels is not None and len(labels) != count:
        raise InputError(f"Expected {count} labels, one per input image; got {len(labels)}.")
    images = []
    for index in range(count):
        label, class_index = _label(index, labels, class_names)
        images.append(InputImage(label, (), class_index))
    return ShownInputs(tuple(arrays), tuple(images), tuple(class_names or ()), shown, order)


def _color_order(asked: str) -> ColorOrder:
    """The requested color order, if it exists."""
    for order in get_args(ColorOrder):
        if asked == order:
            return cast(ColorOrder, order)
    raise InputError(f'color_order must be "rgb" or "bgr"; got {asked!r}.')


def _label(
    index: int, labels: Sequence[str] | Sequence[int] | None, class_names: Sequence[str] | None
) -> tuple[str, int | None]:
    """The name to show and the class index, if they were given."""
    if labels is None:
        return f"input {index}", None
    label = labels[index]
    if isinstance(label, str):
        return label, None
    class_index = int(label)
    if class_names is not None and 0 <= class_index < len(class_names):
        return f"{index}: {class_names[class_index]}", class_index
    return f"{index}: class {class_index}", max(class_index, 0)


def _display(display: object, count: int) -> list[NDArray[np.uint8]]:
    """The pictures given by the user as `uint8 [height, width, 3]`."""
    given = np.asarray(display)
    if given.ndim == 3:
        given = given[..., None]
    if given.ndim != 4 or len(given) != count or given.shape[-1] not in (1, 3):
        raise InputError(
            f"display must be {count} pictures [batch, height, width, channel] of one or three "
            f"channels; got an array of shape {given.shape}."
        )
    if given.dtype != np.uint8:
        if not (np.isfinite(given).all() and given.min() >= 0 and given.max() <= 1):
            raise InputError("display must be uint8, or floating point between 0 and 1.")
        given = np.rint(given * 255).astype(np.uint8)
    return [derive_picture(picture) for picture in given]


def _channels_last(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """One image with its channels as the last axis."""
    if layout.channel_axis is None:
        return values[..., None]
    return np.moveaxis(values, layout.channel_axis, -1)
