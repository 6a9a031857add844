"""The values that flow through ConvLens, from the capture engine to the tab.

Every record is frozen; its sequences are tuples; its arrays are read-only by convention.
At rest the same values are protobufs (`storage/`), on the wire TypedDicts
(`server/wire/`). The words are those of `docs/glossary.md`.

Axis order outside Keras is always `batch, channel, height, width`; pictures at the
input keep their channels last (`height, width, input_channel`), as Keras images do.
A one-dimensional convolution has `height == 1`; the slices of a three-dimensional one
are stacked along `height`.
"""

from tensorboard_plugin_convlens.core.records.capture import (
    Asked,
    Capture,
    LayerCapture,
    Prediction,
    Skipped,
    Statistic,
    StepKey,
)
from tensorboard_plugin_convlens.core.records.gradients import Gradients, Guidance
from tensorboard_plugin_convlens.core.records.graph import Layer, ModelGraph, ReceptiveField
from tensorboard_plugin_convlens.core.records.inputs import (
    InputImage,
    InputImages,
    InputOutline,
    InputsOutline,
)
from tensorboard_plugin_convlens.core.records.sheet import (
    Placement,
    Quantized,
    Sheet,
    SheetPlace,
)
from tensorboard_plugin_convlens.core.records.traits import LayerTraits
from tensorboard_plugin_convlens.core.records.words import (
    ActivationStage,
    ColorOrder,
    FloatArray,
    Form,
    IntArray,
    Method,
    Target,
)

__all__ = [
    "ActivationStage",
    "Asked",
    "Capture",
    "ColorOrder",
    "FloatArray",
    "Form",
    "Gradients",
    "Guidance",
    "InputImage",
    "InputImages",
    "InputOutline",
    "InputsOutline",
    "IntArray",
    "Layer",
    "LayerCapture",
    "LayerTraits",
    "Method",
    "ModelGraph",
    "Placement",
    "Prediction",
    "Quantized",
    "ReceptiveField",
    "Sheet",
    "SheetPlace",
    "Skipped",
    "Statistic",
    "StepKey",
    "Target",
]
