"""What the capture engine returns besides maps: gradients, and how they were guided."""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.core.records.words import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Guidance:
    """What guided backpropagation guided on the way from a layer to the input.

    Attributes:
      guided: Rectifiers whose gradient was gated.
      rectifiers: Rectifiers on the way.
      ungated: Names of the activation functions on the way that have no gate
        (`"silu"`, `"gelu"`, …), sorted, each once.
    """

    guided: int
    rectifiers: int
    ungated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gradients:
    """Gradients of some channels of one layer at one input image.

    Attributes:
      channels: Which, in the order of `values`.
      values: `float32 [len(channels), height, width, input_channel]`; a crop of the
        input where `top` and `left` say so.
      top, left: `int32 [len(channels)]`, where the crop lies in the input; may be
        negative, then what lies outside the input is zero.
      unit_row, unit_column: `int32 [len(channels)]`, the target unit, or -1 for the
        target `"sum"`.
      cropped: False where `values` cover the whole input (`top` and `left` are 0).
      source: Index of the model's input tensor that was differentiated (0 unless the
        model has several inputs).
    """

    channels: tuple[int, ...]
    values: FloatArray
    top: IntArray
    left: IntArray
    unit_row: IntArray
    unit_column: IntArray
    cropped: bool
    source: int = 0
