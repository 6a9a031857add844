"""What to capture, and how the inputs look to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.capture.inputs import ModelInputs, to_arrays
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.input_images import build_input_images, derive_picture
from tensorboard_plugin_convlens.core.records import (
    Asked,
    ColorOrder,
    InputImage,
    InputImages,
    Target,
)

CapturedMethod = Literal["activation", "guided", "gradient", "kernel"]
DEFAULT_METHODS: tuple[CapturedMethod, ...] = ("activation", "guided", "kernel")
MOST_INPUTS = 256
"""More captured inputs than this are refused: every one is a full set of pictures a step."""


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """What to capture.

    Attributes:
      layers: Keras paths of convolutions, or patterns (`"block3_*"`); None for all.
      methods: Which of `"activation"`, `"guided"`, `"gradient"`, `"kernel"`.
      target: Of the gradients: `"max"`, the strongest unit, or `"sum"`, the whole map.
    """

    layers: tuple[str, ...] | None
    methods: tuple[CapturedMethod, ...]
    target: Target

    @property
    def asked(self) -> Asked:
        """As it is kept with a capture."""
        return Asked(self.methods, self.target, self.layers)


def build_options(
    layers: Sequence[str] | str | None, methods: Sequence[str], target: str
) -> CaptureOptions:
    """Checks what the user asked for, before any model is looked at.

    Raises:
      InputError: An unknown method or target, or none.
    """
    known = get_args(CapturedMethod)
    asked = (methods,) if isinstance(methods, str) else tuple(methods)
    unknown = [method for method in asked if method not in known]
    if unknown or not asked:
        raise InputError(
            f"methods must be some of {', '.join(map(repr, known))}; got {asked!r}."
        )
    if target not in get_args(Target):
        raise InputError(f'target must be "max" or "sum"; got {target!r}.')
    chosen = (layers,) if isinstance(layers, str) else layers
    return CaptureOptions(
        layers=None if chosen is None else tuple(chosen),
        methods=tuple(dict.fromkeys(asked)),  # type: ignore[arg-type]  # checked above
        target=target,  # type: ignore[arg-type]  # checked above
    )


def build_pictures(
    inputs: ModelInputs,
    *,
    labels: Sequence[str] | Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    display: object | None = None,
    color_order: str = "rgb",
) -> InputImages:
    """The input images as people see them.

    Args:
      inputs: As the model takes them.
      labels: One per image: names to show, or indices of the true classes.
      class_names: By class index.
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
            f"At most {MOST_INPUTS} input images are captured at every step; got {count}. "
            f"Give a few telling ones, such as inputs[:4]."
        )
    shown = None if display is None else _display(display, count)
    if labels is not None and len(labels) != count:
        raise InputError(f"Expected {count} labels, one per input image; got {len(labels)}.")
    images = []
    for index in range(count):
        derived = tuple(derive_picture(_channels_last(array[index]), order) for array in arrays)
        pictures = derived if shown is None else (shown[index], *derived[1:])
        label, class_index = _label(index, labels, class_names)
        images.append(InputImage(label, pictures, class_index))
    return build_input_images(images, class_names or (), color_order=order)


def _color_order(asked: str) -> ColorOrder:
    """The color order that was asked for, if there is one of this name."""
    for order in get_args(ColorOrder):
        if asked == order:
            return cast(ColorOrder, order)
    raise InputError(f'color_order must be "rgb" or "bgr"; got {asked!r}.')


def _label(
    index: int, labels: Sequence[str] | Sequence[int] | None, class_names: Sequence[str] | None
) -> tuple[str, int | None]:
    """The name to show and the class index, whichever of them was given."""
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


def _channels_last(values: NDArray[Any]) -> NDArray[Any]:
    """Moves the channels of one `channels_first` picture, recognized by its shape, last."""
    few = (1, 3, 4)
    if values.ndim == 3 and values.shape[0] in few and values.shape[-1] not in few:
        return np.moveaxis(values, 0, -1)
    return values
