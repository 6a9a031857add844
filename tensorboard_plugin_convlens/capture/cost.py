"""How much work going back is, to choose between windows and the whole frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.capture.crop import CropRoute

_CROP_OVERHEAD = 1.3
"""Cropping reads the masks of every filter at its own place."""


def frame_work(path: Iterable[Any]) -> float:
    """Multiplications and additions per filter over the whole frame."""
    return sum(
        _per_unit(operation) * float(np.prod(operation.outputs[0].shape.as_list()[:-1]))
        for operation in path
    )


def crop_work(route: CropRoute) -> float:
    """The same through the windows, as far as they can lie on their tensors."""
    work = 0.0
    for operation in route.path:
        key = id(operation.outputs[0])
        units = 1
        for window, length in zip(route.planes[key], route.lengths[key], strict=True):
            units *= min(window.size, length)
        work += units * _per_unit(operation)
    return work


def prefers_crop(route: CropRoute, path: Iterable[Any]) -> bool:
    """Whether windows are less work than the whole frame."""
    return crop_work(route) * _CROP_OVERHEAD < frame_work(path)


def _per_unit(operation: Any) -> float:
    """Operations for all channels of one unit; a few for what is not a convolution."""
    channels = (
        float(operation.outputs[0].shape[-1] or 1) if operation.outputs[0].shape.rank else 1.0
    )
    if operation.type in ("Conv2D", "Conv3D"):
        return 2.0 * float(np.prod(operation.inputs[1].shape.as_list()))
    if operation.type == "DepthwiseConv2dNative":
        # memory-bound: counted as if it were about as slow as it is
        return 16.0 * float(np.prod(operation.inputs[1].shape.as_list()))
    return 32.0 * channels
