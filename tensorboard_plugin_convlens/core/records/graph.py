"""The model graph: layers, how they are linked, and what they see of the input."""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records.words import ActivationStage


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
      groups: The number of groups of a grouped convolution; 1 otherwise.
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

    def layer(self, index: int) -> Layer:
        """A layer that a capture speaks of. Raises `FormatError`: There is none."""
        if not 0 <= index < len(self.layers):
            raise FormatError(
                f"The capture is damaged: it has a layer {index}, but its model graph "
                f"has {len(self.layers)} layers."
            )
        return self.layers[index]
