"""The windows of every tensor between single units of a layer and an input.

Gone back along the path, one unit of the layer sees a window of one unit of the layer itself,
and a larger one of each tensor before. Windows grow on the way back, because each convolution
looks around what was seen so far. For a unit of VGG16's `block2_conv2` at 224 pixels:

    block2_conv2   1 by 1      of 112 by 112
    block2_conv1   3 by 3      of 112 by 112
    block1_pool    5 by 5      of 112 by 112
    block1_conv2  10 by 10     of 224 by 224
    block1_conv1  12 by 12     of 224 by 224
    the input     14 by 14     of 224 by 224

Sizes are the same for all units of a layer; only the places differ. So the units of many
filters go back together, as `[filter, 1, 12, 12, 64]`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tensorboard_plugin_convlens.core.pictures.receptive_field import UNIT
from tensorboard_plugin_convlens.engine.backward.backward_pass import Differentiation
from tensorboard_plugin_convlens.engine.backward.rules.pooling import (
    is_tiled,
    pull_rectified,
)
from tensorboard_plugin_convlens.engine.backward.vjp import PullWindows
from tensorboard_plugin_convlens.engine.residuals.unit_windows import SeenWindow
from tensorboard_plugin_convlens.engine.windows.seen_windows import (
    join,
    look,
    seen_window,
)
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId


@dataclass(frozen=True)
class Step:
    """One step back: through an operation, or through a pooling and its rectifier at once.

    Attributes:
      output: The tensor whose cotangent it takes.
      inputs: The tensors that the cotangents of `pull` belong to, one each.
      window: What a unit of the output sees of the inputs.
      pull: From the rule of the operation.
      elements: The number of elements of the largest window at the operation, for one unit.
    """

    output: Tensor
    inputs: tuple[Tensor, ...]
    window: SeenWindow
    pull: PullWindows
    elements: int


@dataclass(frozen=True)
class WindowRoute:
    """The windows on the path from a layer to an input.

    Attributes:
      path: Operations from the last to the first.
      steps: What is done at each of them.
      windows: `id` of a tensor → what one unit of the layer sees of it.
      lengths: `id` of a tensor → (height, width) of it.
      target, source: The tensors at both ends.
    """

    path: tuple[Operation, ...]
    steps: tuple[Step, ...]
    windows: dict[TensorId, SeenWindow]
    lengths: dict[TensorId, tuple[int, int]]
    target: Tensor
    source: Tensor


def find_window_route(
    path: Sequence[Operation], target: Tensor, source: Tensor, differentiation: Differentiation
) -> WindowRoute | None:
    """The backward pass through windows.

    Args:
      path: From the layer to the input.
      target: The output of the layer.
      source: The input.
      differentiation: The way back through the model.

    Returns:
      None where a tensor on the path has no window of fixed size, or an operation no rule for
      windows.
    """
    if target.shape.rank != 4 or source.shape.rank != 4:
        return None
    on_path = {id(tensor) for operation in path for tensor in operation.outputs} | {id(source)}
    tensors = {id(target): target, id(source): source}
    windows: dict[TensorId, SeenWindow] = {id(target): (UNIT, UNIT)}
    seen: list[SeenWindow] = []
    for operation in path:
        step = seen_window(operation, lambda tensor: id(tensor) in on_path)
        window = windows.get(id(operation.outputs[0]))
        if step is None or window is None:
            return None
        seen.append(step)
        for tensor in operation.inputs:
            if id(tensor) not in on_path:
                continue
            # Several operations may read a tensor; its window holds what each of them sees.
            joined = join([look(window, step), *filter(None, [windows.get(id(tensor))])])
            if joined is None:
                return None
            windows[id(tensor)] = joined
            tensors[id(tensor)] = tensor
    steps = _steps(path, seen, windows, differentiation)
    if steps is None:
        return None
    lengths = {key: tuple(tensor.shape.as_list()[1:3]) for key, tensor in tensors.items()}
    return WindowRoute(tuple(path), steps, windows, lengths, target, source)


def _steps(
    path: Sequence[Operation],
    seen: Sequence[SeenWindow],
    windows: dict[TensorId, SeenWindow],
    differentiation: Differentiation,
) -> tuple[Step, ...] | None:
    """A step per operation; None if an operation cannot work on windows."""
    read = Counter(id(tensor) for operation in path for tensor in operation.inputs)
    steps = []
    for operation, window in zip(path, seen, strict=True):
        pull = differentiation.vjp(operation).pull_windows
        inputs = tuple(operation.inputs)
        if is_tiled(operation) and read[id(inputs[0])] == 1:
            rectifier = inputs[0].op
            if rectifier.type in RECTIFIERS:
                gated = id(rectifier) in differentiation.rectifiers.gated
                pull = pull_rectified(operation, rectifier, gated=gated)
                inputs = tuple(rectifier.inputs)
        if pull is None:
            return None
        elements = _elements(operation, windows)
        steps.append(Step(operation.outputs[0], inputs, window, pull, elements))
    return tuple(steps)


def _elements(operation: Operation, windows: dict[TensorId, SeenWindow]) -> int:
    """The size of the largest window around an operation, for one unit."""
    sizes = [
        int(np.prod([window.size for window in windows[id(tensor)]])) * int(tensor.shape[-1])
        for tensor in (*operation.outputs[:1], *operation.inputs)
        if id(tensor) in windows
    ]
    return max(sizes)
