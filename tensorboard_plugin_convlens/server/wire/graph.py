"""The model graph: layers and how they are linked."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.words import ActivationStage


class ReceptiveField(TypedDict):
    """Input region of a unit; per axis (height, width), in input pixels."""

    size: list[int]
    stride: list[int]
    start: list[int]


class Layer(TypedDict):
    """One node of the model graph. `key` is the path, with `#1` for a second call."""

    index: int
    key: str
    path: str
    call: int
    className: str
    depth: int
    inbound: list[int]
    outputShape: list[int | None]
    channels: int | None
    isConvolution: bool
    kernelSize: list[int]
    strides: list[int]
    dilation: list[int]
    padding: str
    groups: int
    dataFormat: str
    activationFunction: str
    activationStage: ActivationStage
    parameters: int
    receptiveField: ReceptiveField | None
    config: str


class ModelGraph(TypedDict):
    """Answer of /graph: layers in order of computation, edges in `inbound`."""

    fingerprint: str
    name: str
    layers: list[Layer]
