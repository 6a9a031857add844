"""Gradients of single units, computed only where the units can see the input.

The strongest unit of a feature map sees one window of the input, its receptive field, and
one window of every layer in between. Going back through those windows alone costs a
fraction of the whole frame: 84 times less for `block3_conv3` of VGG16 at 224 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.capture import crop_pull
from tensorboard_plugin_convlens.capture.differentiation import Differentiation
from tensorboard_plugin_convlens.capture.geometry import Plane, join, look, plane_window
from tensorboard_plugin_convlens.capture.vjp import Residuals
from tensorboard_plugin_convlens.core.receptive_field import UNIT
from tensorboard_plugin_convlens.core.records import FloatArray, IntArray


@dataclass(frozen=True)
class CropRoute:
    """The windows along the way from a layer to an input.

    Attributes:
      path: Operations from the last to the first.
      steps: What each operation's output sees of its live inputs.
      planes: `id` of a tensor → what one unit of the layer sees of it.
      lengths: `id` of a tensor → (height, width) of it.
      target, source: The tensors at both ends.
    """

    path: tuple[Any, ...]
    steps: tuple[Plane, ...]
    planes: dict[int, Plane]
    lengths: dict[int, tuple[int, int]]
    target: Any
    source: Any


def find_crop_route(
    path: Sequence[Any], target: Any, source: Any, differentiation: Differentiation
) -> CropRoute | None:
    """The windows of every tensor on a path, or None where one is not of fixed size."""
    if target.shape.rank != 4 or source.shape.rank != 4:
        return None
    on_path = {id(tensor) for operation in path for tensor in operation.outputs} | {id(source)}
    tensors = {id(target): target, id(source): source}
    planes: dict[int, Plane] = {id(target): (UNIT, UNIT)}
    steps = []
    for operation in path:
        step = plane_window(operation, on_path.__contains__)
        plane = planes.get(id(operation.outputs[0]))
        if step is None or plane is None:
            return None
        steps.append(step)
        for tensor in operation.inputs:
            if id(tensor) not in on_path:
                continue
            joined = join([look(plane, step), *filter(None, [planes.get(id(tensor))])])
            if joined is None:
                return None
            planes[id(tensor)] = joined
            tensors[id(tensor)] = tensor
    lengths = {key: tuple(one.shape.as_list()[1:3]) for key, one in tensors.items()}
    return CropRoute(tuple(path), tuple(steps), planes, lengths, target, source)
