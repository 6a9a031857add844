"""The input images of a run."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.words import ColorOrder


class Picture(TypedDict):
    """Size in pixels of the picture of one input tensor; its PNG is at /picture."""

    height: int
    width: int


class InputImage(TypedDict):
    """One captured input: a picture per input tensor of the model (nearly always one)."""

    index: int
    label: str
    pictures: list[Picture]
    classIndex: int | None


class Inputs(TypedDict):
    """Answer of /inputs. `classNames` is empty if they are unknown.

    `colorOrder` is that of the input's channels as the model takes them, and so of the planes
    of gradients and of kernels that read the input; pictures are always RGB.
    """

    fingerprint: str
    inputs: list[InputImage]
    classNames: list[str]
    colorOrder: ColorOrder
