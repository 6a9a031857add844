"""Which axis of an input holds its channels, according to the first convolution that reads it.

The shape cannot tell: `[1, 250, 12]` is an electroencephalogram of one row and twelve
channels, or a picture of one channel and twelve columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from tensorboard_plugin_convlens.tracing.convolutions import is_channels_first, spatial_axes
from tensorboard_plugin_convlens.tracing.layout import Layout, input_layout
from tensorboard_plugin_convlens.tracing.nodes import Node
from tensorboard_plugin_convlens.tracing.operations import TRANSPOSED
from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor

_NONE = -1
"""Instead of an axis: the picture has no channels; the model makes them later."""


def input_layouts(nodes: Sequence[Node], trace: Trace) -> tuple[Layout, ...]:
    """How each input of the model is a picture."""
    return tuple(_layout(nodes, trace, source) for source in range(len(trace.inputs)))


def _layout(nodes: Sequence[Node], trace: Trace, source: int) -> Layout:
    """The layout according to the first convolution that reads the input, directly or not."""
    tensor = trace.inputs[source]
    reached = {source}
    for index, node in enumerate(nodes):
        if not reached.intersection(node.inbound):
            continue
        reached.add(index)
        if node.convolutions:
            axis = _axis_at_input(node.convolutions[0], tensor)
            if axis is not None:
                shape = tuple(int(size) for size in tensor.shape[1:])
                return Layout(shape, None if axis == _NONE else axis - 1)
            axes = len(getattr(node.operation, "kernel_size", ())) or spatial_axes(
                node.convolutions[0]
            )
            return input_layout(tensor, is_channels_first(node), axes)
    return input_layout(tensor, False, max(tensor.shape.rank - 2, 0))


def _axis_at_input(convolution: Operation, source: Tensor) -> int | None:
    """The axis of the source that the convolution uses as channels; the batch is axis 0.

    Returns:
      None if an operation in between does not show which axis becomes which.
    """
    start = convolution.inputs[2 if convolution.type in TRANSPOSED else 0]
    is_first = convolution.get_attr("data_format").startswith(b"NC")
    waiting = [(start, 1 if is_first else start.shape.rank - 1)]
    seen: set[int] = set()
    while waiting:
        tensor, axis = waiting.pop()
        if tensor is source:
            return axis
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        for given in reversed(tensor.op.inputs):
            before = _axis_before(tensor, given, axis)
            if before is not None:
                waiting.append((given, before))
    return None


def _axis_before(tensor: Tensor, given: Tensor, axis: int) -> int | None:
    """The axis of an operation's input that becomes an axis of its output."""
    if axis == _NONE:
        return _NONE
    if given.shape.rank is None or tensor.shape.rank is None:
        return None
    operation = tensor.op
    if operation.type == "Transpose":
        order = tf.get_static_value(operation.inputs[1])
        is_picture = given is operation.inputs[0] and order is not None
        return int(order[axis]) if is_picture else None
    if operation.type == "ExpandDims":
        return _axis_before_expanding(tensor, given, axis)
    if operation.type == "Reshape":
        return _axis_before_reshaping(tensor, given, axis)
    return axis if given.shape.rank == tensor.shape.rank else None


def _axis_before_expanding(tensor: Tensor, given: Tensor, axis: int) -> int | None:
    place = tf.get_static_value(tensor.op.inputs[1])
    if given is not tensor.op.inputs[0] or place is None:
        return None
    place = int(place) % tensor.shape.rank
    return _NONE if axis == place else axis - (axis > place)


def _axis_before_reshaping(tensor: Tensor, given: Tensor, axis: int) -> int | None:
    """The axis of the same size, with the same number of elements before and after it."""
    if given is not tensor.op.inputs[0] or not given.shape.is_fully_defined():
        return None
    if not tensor.shape.is_fully_defined():
        return None
    before, after = given.shape.as_list(), tensor.shape.as_list()
    for place, size in enumerate(before):
        same = size == after[axis] and math.prod(before[:place]) == math.prod(after[:axis])
        if place and same:
            return place
    return _NONE if after[axis] == 1 else None
