"""The values that flow through ConvLens, from the capture engine to the tab.

Every record is frozen; its sequences are tuples; its arrays are read-only by convention.
At rest the same values are protobufs (`storage/`), on the wire TypedDicts
(`server/wire.py`). The words are those of `docs/glossary.md`.

Axis order outside Keras is always `batch, channel, height, width`; pictures at the
input keep their channels last (`height, width, input_channel`), as Keras images do.
A one-dimensional convolution has `height == 1`; the slices of a three-dimensional one
are stacked along `height`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]

Method = Literal["activation", "guided", "gradient", "kernel"]
"""What a sheet shows: feature maps, guided gradients, plain gradients or kernels."""

Form = Literal["values", "magnitude"]
"""`values`: the numbers themselves; `magnitude`: their size per pixel, reduced for tiles."""

ColorOrder = Literal["rgb", "bgr"]
"""Which way round the three color channels of a model's input images are."""

Target = Literal["max", "sum"]
"""What is differentiated: the strongest unit of the feature map, or the sum over it."""

ActivationStage = Literal["before", "after", "none"]
"""Whether a layer's output is taken before or after its activation function.

`after`: the layer applies one itself (`activation="relu"`); `before`: a later layer does
(`Conv2D`, `BatchNormalization`, `ReLU`); `none`: nothing follows before the next
convolution or the model's end.
"""


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The input region that can change one unit, per spatial axis (height, width).

    The unit at row `r` sees input rows `start + r * stride` up to, not including,
    `start + r * stride + size`; starts may be negative (padding).
    Araujo et al. 2019, https://distill.pub/2019/computing-receptive-fields

    Attributes:
      size: Extent in input pixels.
      stride: Distance in input pixels between the fields of neighbouring units.
      start: First input pixel of the field of unit 0.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """One call of one layer: a node of the model graph.

    Attributes:
      path: Keras path (`"block3_conv3"`, nested: `"backbone/conv1"`).
      call: 0 for the first call of the layer, 1 for the second, and so on.
      class_name: `"Conv2D"`, `"BatchNormalization"`, …
      depth: Longest path from an input, in nodes; nodes of equal depth share a row.
      inbound: Indices, in `ModelGraph.layers`, of the nodes that this one reads.
      output_shape: Without the batch axis, as Keras gives it; None where it varies.
      channels: Size of the feature axis, or None (an output without one).
      is_convolution: True where the node has filters to show.
      kernel_size, strides, dilation: Per spatial axis, or empty.
      padding: `"same"`, `"valid"`, `"causal"` or "".
      groups: Of a grouped convolution; 1 otherwise.
      data_format: `"channels_last"`, `"channels_first"` or "".
      activation_function: Name of the layer's own, or "" (none, or linear).
      activation_stage: Where the output stands with respect to one.
      parameters: Number of weights of the layer, trainable or not.
      receptive_field: None where it is the whole input or not known.
      config: The layer's `get_config()` as JSON text.
    """

    path: str
    call: int
    class_name: str
    depth: int
    inbound: tuple[int, ...]
    output_shape: tuple[int | None, ...]
    channels: int | None
    is_convolution: bool
    kernel_size: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    padding: str = ""
    groups: int = 1
    data_format: str = ""
    activation_function: str = ""
    activation_stage: ActivationStage = "none"
    parameters: int = 0
    receptive_field: ReceptiveField | None = None
    config: str = "{}"

    @property
    def key(self) -> str:
        """`path`, with `#1`, `#2`, … for later calls of a shared layer."""
        return self.path if self.call == 0 else f"{self.path}#{self.call}"


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """The layers of a model, in order of computation, and the edges between them.

    Attributes:
      name: The model's name.
      layers: Nodes; `Layer.inbound` holds the edges.
      fingerprint: SHA-256, hexadecimal, of the structure without the weights: equal for
        every checkpoint of one architecture.
    """

    name: str
    layers: tuple[Layer, ...]
    fingerprint: str


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
      class_names: By class index; empty where they are not known.
      fingerprint: SHA-256, hexadecimal, of labels, pictures, class names and color order.
      color_order: Of the input's three channels as the model takes them, and so of the planes
        of a gradient and of the kernels that read the input; the pictures are RGB always.
    """

    inputs: tuple[InputImage, ...]
    class_names: tuple[str, ...]
    fingerprint: str
    color_order: ColorOrder = "rgb"


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


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was asked for and not captured, and why, as a sentence."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The class probabilities of one output of the model for one input image.

    Attributes:
      output: Name of the output.
      probabilities: `float32 [class]`.
    """

    output: str
    probabilities: FloatArray


@dataclass(frozen=True, slots=True)
class Quantized:
    """Planes in 8 bits. See `core/quantize.py` for the meaning of a level.

    Attributes:
      levels: `uint8 [channel, plane, height, width]`.
      signed: Whether level 128 (True) or level 1 (False) stands for zero.
      scale: `float32 [channel]`, the largest finite magnitude of each channel.
      nan, infinite: `int32 [channel]`, how many values were not finite.
    """

    levels: NDArray[np.uint8]
    signed: bool
    scale: FloatArray
    nan: IntArray
    infinite: IntArray


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every picture of one method of one layer at one input image, and where it is kept.

    Attributes:
      method, form: What the planes show.
      input: Index of the input image, or -1 for kernels, which have none.
      stage: Of feature maps, where they stand; a layer whose activation function is applied
        by a later layer has a sheet of its own output (`"before"`) and one of what that
        function makes of it (`"after"`). "" for all others, and where it was not noted.
      channels: Number of channels: filters of the layer.
      planes: Planes per channel: 1 for maps and magnitudes, else input channels.
      height, width: Of one plane.
      signed, scale, nan, infinite: As in `Quantized`.
      top, left, unit_row, unit_column: As in `Gradients`, or empty.
      frame: `(height, width)` in input pixels that one plane covers.
      cropped: Of gradients, whether the planes are crops of the input, outside of which the
        gradient is zero; False where they cover the whole input.
      source: Index of the input tensor that was differentiated.
      target: What was differentiated, or "" for maps and kernels.
      sha256: Hexadecimal, of the stored (compressed) bytes.
      pack: File name of the pack.
      offset, length: Place of the stored bytes in the pack.
      channels_per_segment, segments: See `storage/pack.py`.
    """

    method: Method
    form: Form
    input: int
    channels: int
    planes: int
    height: int
    width: int
    signed: bool
    scale: FloatArray
    nan: IntArray
    infinite: IntArray
    sha256: str
    pack: str
    offset: int
    length: int
    channels_per_segment: int
    segments: tuple[int, ...]
    frame: tuple[int, int] = (0, 0)
    cropped: bool = False
    source: int = 0
    target: Literal["", "max", "sum"] = ""
    stage: Literal["", "before", "after", "none"] = ""
    top: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    unit_row: tuple[int, ...] = ()
    unit_column: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number per filter.

    Attributes:
      name: `"mean"`, `"max"`, `"std"`, `"apoz"`, `"l1"`, `"l2"`, `"taylor"`, … with the
        formula in `core/importance.py`.
      input: Index of the input image, or -1 where the number does not depend on one.
      values: `float32 [channel]`; NaN where it is not defined.
    """

    name: str
    input: int
    values: FloatArray


@dataclass(frozen=True, slots=True)
class LayerCapture:
    """Everything captured of one layer at one step.

    Attributes:
      layer: Index in `ModelGraph.layers`.
      sheets: Of every method, form and input image.
      statistics: Of every filter.
      guidance: None where no guided gradient was asked for.
      weights: SHA-256, hexadecimal, of the layer's own weights; "" where not known.
      lineage: SHA-256, hexadecimal, of everything that its pictures depend on: its weights,
        all weights on the way from the inputs, the input arrays; "" where not known.
      weights_unchanged_since: The first step of the unbroken row of captured steps, up to
        this one, at which `weights` was the same; None where the row is this step alone.
      unchanged_since: Likewise of `lineage`: the pictures are those of that step.
    """

    layer: int
    sheets: tuple[Sheet, ...]
    statistics: tuple[Statistic, ...] = ()
    guidance: Guidance | None = None
    weights: str = ""
    lineage: str = ""
    weights_unchanged_since: int | None = None
    unchanged_since: int | None = None

    def responses(self) -> tuple[Sheet, ...]:
        """The feature maps that the next layer gets, one sheet per input image.

        They are those after the activation function where such were captured, else the
        layer's own output; the latest sheet counts where a form has several.
        """
        maps = [one for one in self.sheets if one.method == "activation"]
        ordered = sorted(maps, key=lambda one: one.stage == "after")
        return tuple({one.input: one for one in ordered}.values())


@dataclass(frozen=True, slots=True, order=True)
class StepKey:
    """Which capture: a step of a writer session. Orders by step, then session."""

    step: int
    session: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a capture was asked for: methods, target, layers (None for all)."""

    methods: tuple[Method, ...]
    target: Target
    layers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything recorded for one run and step: the manifest.

    Attributes:
      step: As given by the writer (epoch or batch), never negative.
      wall_time: Seconds since 1970-01-01 UTC.
      session: The writer session: one training, or one call of `capture` or of the command.
        Of two sessions that wrote the same step, the later one counts.
      graph, inputs: Fingerprints of the model graph and of the input images.
      layers: In the order of the graph.
      predictions: One tuple per input image.
      skipped: What was asked for and not done.
      iterations: Optimizer updates made before the capture, or None.
      seconds: Wall time that the capture took.
      model: SHA-256, hexadecimal, of a saved model's configuration and weights, or "".
      arrays: SHA-256, hexadecimal, of the input arrays as the model took them, or "".
      asked: What was asked for; None in captures of the first writers.
    """

    step: int
    wall_time: float
    session: str
    graph: str
    inputs: str
    layers: tuple[LayerCapture, ...]
    predictions: tuple[tuple[Prediction, ...], ...] = ()
    skipped: tuple[Skipped, ...] = field(default=())
    iterations: int | None = None
    seconds: float = 0.0
    model: str = ""
    arrays: str = ""
    asked: Asked | None = None
