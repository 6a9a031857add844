"""Estimates the work of backward passes, to choose the cheapest.

Work is counted in multiplications and additions of a dense convolution. Going back through one,
each unit of the output is multiplied with the whole kernel:

    2 · height · width · (kernel height · kernel width · channels · filters)     per target

For VGG16's block3_conv3, 56 by 56 units and a kernel `[3, 3, 256, 256]`, that is 3.7 · 10⁹. The
windows of a single unit are fewer units of the same operations, so both ways can be compared.

What is bound by memory instead, depthwise convolutions and element by element operations, is
counted by the time that it takes in comparison, measured on two CPUs.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tensorboard_plugin_convlens.engine.windows.window_route import WindowRoute
from tensorboard_plugin_convlens.tracing.types import Operation

_DENSE = frozenset({"Conv2D", "Conv3D"})
_DENSE_OVERHEAD, _OTHER_OVERHEAD = 1.1, 2.0
"""Factors of the work on windows, where each filter reads its masks at its own place."""

_DEPTHWISE_TAP = 16.0
"""Dense operations in the time of one tap of a depthwise kernel, at one unit."""

_ELEMENT = 64.0
"""Dense operations in the time of one element of a bias, a rectifier or the like."""

_DENSE_ENOUGH = 60.0
"""Dense operations per element from which on convolutions take most of the time."""


def frame_work(path: Iterable[Operation]) -> float:
    """The cost over the whole frame, per filter."""
    return sum(_per_unit(operation) * _units(operation) for operation in path)


def window_work(route: WindowRoute) -> float:
    """The cost through the windows, per filter."""
    work = 0.0
    for operation in route.path:
        rows, columns = route.windows[id(operation.outputs[0])]
        overhead = _DENSE_OVERHEAD if operation.type in _DENSE else _OTHER_OVERHEAD
        work += rows.size * columns.size * _per_unit(operation) * overhead
    return work


def prefers_windows(route: WindowRoute, path: Iterable[Operation]) -> bool:
    """Whether windows are less work than the whole frame."""
    return window_work(route) < frame_work(path)


def is_dense(path: Iterable[Operation]) -> bool:
    """Whether dense convolutions take most of the time, which bfloat16 can halve.

    Networks of depthwise convolutions and normalizations are slower in bfloat16.
    """
    operations = list(path)
    dense = sum(
        _per_unit(operation) * _units(operation)
        for operation in operations
        if operation.type in _DENSE
    )
    elements = sum(_units(operation) * _channels(operation) for operation in operations)
    return dense > _DENSE_ENOUGH * elements


def _units(operation: Operation) -> float:
    return float(np.prod([size or 1 for size in operation.outputs[0].shape.as_list()[:-1]]))


def _channels(operation: Operation) -> float:
    shape = operation.outputs[0].shape
    return float(shape[-1] or 1) if shape.rank else 1.0


def _per_unit(operation: Operation) -> float:
    """The cost for all channels of one unit of the output."""
    if operation.type in _DENSE:
        return 2.0 * float(np.prod(operation.inputs[1].shape.as_list()))
    if operation.type == "DepthwiseConv2dNative":
        return _DEPTHWISE_TAP * float(np.prod(operation.inputs[1].shape.as_list()))
    return _ELEMENT * _channels(operation)
