"""The input images of a capture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.records.words import ColorOrder


@dataclass(frozen=True, slots=True)
class InputImage:
    """One captured input, as people see it.

    Attributes:
      label: A name to show ("chelsea.png", "a seven").
      pictures: One per input tensor of the model (nearly always one), in their order:
        `uint8 [height, width, 3]`, RGB, of the size that the model sees.
      class_index: The true class where it is known.
    """

    label: str
    pictures: tuple[NDArray[np.uint8], ...]
    class_index: int | None = None


@dataclass(frozen=True, slots=True)
class InputImages:
    """The captured inputs of a run; the same ones at every step, as a rule.

    Attributes:
      inputs: In the order in which they were given.
      class_names: The names of the classes, by index; empty if they are unknown.
      fingerprint: SHA-256, hexadecimal, of labels, pictures, class names and color order.
      color_order: The order of the three channels in the model's input, and so in gradients
        and in kernels that read the input; the pictures are always RGB.
    """

    inputs: tuple[InputImage, ...]
    class_names: tuple[str, ...]
    fingerprint: str
    color_order: ColorOrder = "rgb"


@dataclass(frozen=True, slots=True)
class InputOutline:
    """An input image without its pixels.

    Attributes:
      label, class_index: See `InputImage`.
      sizes: `(height, width)` of each of its pictures.
    """

    label: str
    sizes: tuple[tuple[int, int], ...]
    class_index: int | None = None


@dataclass(frozen=True, slots=True)
class InputsOutline:
    """A set of input images without their pixels; the attributes are those of `InputImages`."""

    inputs: tuple[InputOutline, ...]
    class_names: tuple[str, ...]
    fingerprint: str
    color_order: ColorOrder = "rgb"
