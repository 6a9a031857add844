"""The windows of every tensor on the way from single units of a layer to an input.

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
from tensorboard_plugin_convlens.engine.backward.rules.pooling import is_tiled
from tensorboard_plugin_convlens.engine.windows.seen_windows import (
    SeenWindow,
    join,
    look,
    seen_window,
)
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId


@dataclass(frozen=True)
class WindowRoute:
    """The windows along the way from a layer to an input.

    Attributes:
      path: Operations from the last to the first.
      steps: What each operation's output sees of its live inputs.
      windows: `id` of a tensor → what one unit of the layer sees of it.
      lengths: `id` of a tensor → (height, width) of it.
      target, source: The tensors at both ends.
      rectified: `id` of a pooling → the rectifier that nothing but it reads; what its windows
        choose is enough to know what the rectifier lets through.
    """

    path: tuple[Operation, ...]
    steps: tuple[SeenWindow, ...]
    windows: dict[TensorId, SeenWindow]
    lengths: dict[TensorId, tuple[int, int]]
    target: Tensor
    source: Tensor
    rectified: dict[int, Operation]

    def elements(self, operation: Operation) -> int:
        """How many the largest window around an operation has, for one unit."""
        sizes = [
            int(np.prod([window.size for window in self.windows[id(tensor)]]))
            * int(tensor.shape[-1])
            for tensor in (*operation.outputs[:1], *operation.inputs)
            if id(tensor) in self.windows
        ]
        return max(sizes)


def find_window_route(
    path: Sequence[Operation], target: Tensor, source: Tensor, differentiation: Differentiation
) -> WindowRoute | None:
    """The windows of every tensor on a path, or None where one is not of fixed size."""
    if target.shape.rank != 4 or source.shape.rank != 4:
        return None
    on_path = {id(tensor) for operation in path for tensor in operation.outputs} | {id(source)}
    tensors = {id(target): target, id(source): source}
    windows: dict[TensorId, SeenWindow] = {id(target): (UNIT, UNIT)}
    steps = []
    for operation in path:
        step = seen_window(operation, lambda tensor: id(tensor) in on_path)
        window = windows.get(id(operation.outputs[0]))
        if step is None or window is None:
            return None
        steps.append(step)
        for tensor in operation.inputs:
            if id(tensor) not in on_path:
                continue
            joined = join([look(window, step), *filter(None, [windows.get(id(tensor))])])
            if joined is None:
                return None
            windows[id(tensor)] = joined
            tensors[id(tensor)] = tensor
    lengths = {key: tuple(tensor.shape.as_list()[1:3]) for key, tensor in tensors.items()}
    return WindowRoute(
        tuple(path), tuple(steps), windows, lengths, target, source, _rectified(path)
    )


def _rectified(path: Sequence[Operation]) -> dict[int, Operation]:
    read = Counter(id(tensor) for operation in path for tensor in operation.inputs)
    before = {id(operation): operation.inputs[0] for operation in path if is_tiled(operation)}
    return {
        key: tensor.op
        for key, tensor in before.items()
        if tensor.op.type in RECTIFIERS and read[id(tensor)] == 1
    }
