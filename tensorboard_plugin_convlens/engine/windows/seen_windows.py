"""What each operation sees of its inputs along height and width.

A unit of a convolution's output reads one window of the input. Along one axis, unit r reads
the rows from `start + r · stride` on, `size` of them (`core/pictures/receptive_field.py`). For
a 3 by 3 convolution with "same" padding that is `Window(start=-1, stride=1, size=3)`, for a 2
by 2 pooling `Window(0, 2, 2)`, and for everything element by element `Window(0, 1, 1)`.

Windows compose: a unit of the pooling sees `Window(-1, 2, 4)` of what the convolution before
it reads. From the input on, this gives the receptive field of every layer (Araujo et al. 2019,
https://distill.pub/2019/computing-receptive-fields). Where paths meet, as in a residual
network, a unit sees the union of both windows, if they move at the same pace.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tensorboard_plugin_convlens.core.pictures.receptive_field import (
    UNIT,
    Window,
    convolution_window,
    same_padding,
)
from tensorboard_plugin_convlens.engine.backward.rules.pointwise import SLOPES, SMOOTH
from tensorboard_plugin_convlens.engine.residuals.unit_windows import SeenWindow
from tensorboard_plugin_convlens.tracing.operations import is_complex, is_silu_identity
from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

POINTWISE = frozenset(
    {
        *SMOOTH,
        *SLOPES,
        "Mul",
        *("Relu", "Relu6", "BiasAdd", "FusedBatchNormV3", "Identity", "Cast", "IdentityN"),
        *("Add", "AddV2", "AddN", "Sub", "SelectV2", "ConcatV2"),
    }
)
_CONVOLVING = frozenset({"Conv2D", "DepthwiseConv2dNative"})
_POOLING = frozenset({"MaxPool", "AvgPool"})


def seen_window(operation: Operation, live: Callable[[Tensor], bool]) -> SeenWindow | None:
    """What one unit of the operation's output sees of those inputs that are `live`.

    Returns:
      None for an operation that looks further than a window of fixed size, for other
      layouts than `[batch, height, width, channel]`, and for complex numbers.
    """
    kind = operation.type
    if operation.outputs[0].shape.rank != 4 or is_complex(operation):
        return None
    if kind in POINTWISE:
        return (UNIT, UNIT) if _keeps_places(operation, live) else None
    if kind in _CONVOLVING or kind in _POOLING:
        return _sliding(operation)
    if kind in ("Pad", "PadV2"):
        return _padding(operation)
    return None


def _keeps_places(operation: Operation, live: Callable[[Tensor], bool]) -> bool:
    """Whether every live input lies under the output, unit by unit."""
    if operation.type == "ConcatV2":
        return tf.get_static_value(operation.inputs[-1]) in (3, -1)
    if operation.type == "IdentityN" and not is_silu_identity(operation):
        return False
    shape = operation.outputs[0].shape.as_list()
    return all(tensor.shape.as_list() == shape for tensor in operation.inputs if live(tensor))


def _sliding(operation: Operation) -> SeenWindow | None:
    if operation.get_attr("data_format") != b"NHWC":
        return None
    if operation.type in _POOLING:
        kernel, dilation = operation.get_attr("ksize")[1:3], [1, 1]
    else:
        kernel = operation.inputs[1].shape.as_list()[:2]
        dilation = operation.get_attr("dilations")[1:3]
    stride = operation.get_attr("strides")[1:3]
    padding = operation.get_attr("padding")
    lengths = operation.inputs[0].shape.as_list()[1:3]
    if padding == b"EXPLICIT":
        before = operation.get_attr("explicit_paddings")[2:6:2]
    elif padding == b"SAME":
        if operation.type == "AvgPool":  # divides by fewer units at the border
            return None
        before = [
            same_padding(*axis) for axis in zip(lengths, kernel, stride, dilation, strict=True)
        ]
    else:
        before = [0, 0]
    rows, columns = (
        convolution_window(*axis) for axis in zip(kernel, stride, dilation, before, strict=True)
    )
    return rows, columns


def _padding(operation: Operation) -> SeenWindow | None:
    paddings = tf.get_static_value(operation.inputs[1])
    if paddings is None or paddings[0].any() or paddings[3].any():
        return None
    rows, columns = (Window(-int(paddings[axis][0]), 1, 1) for axis in (1, 2))
    return rows, columns


def receptive_windows(trace: Trace, source: int) -> dict[TensorId, SeenWindow]:
    """What a unit of each tensor sees of one input, for tensors that see a fixed window."""
    windows: dict[TensorId, SeenWindow] = {id(trace.inputs[source]): (UNIT, UNIT)}
    unknown: set[int] = set()
    for operation in trace.operations:
        dilated = _dilated(operation)
        inputs = operation.inputs if dilated is None else [dilated[0]]
        read = [tensor for tensor in inputs if id(tensor) in windows or id(tensor) in unknown]
        if not read:
            continue
        window = (
            dilated[1]
            if dilated
            else seen_window(
                operation, lambda tensor: id(tensor) in windows or id(tensor) in unknown
            )
        )
        seen = [windows.get(id(tensor)) for tensor in read]
        joined = (
            None if window is None else join([pair and look(window, pair) for pair in seen])
        )
        for tensor in operation.outputs:
            if joined is None:
                unknown.add(id(tensor))
            else:
                windows[id(tensor)] = joined
    return windows


def _dilated(operation: Operation) -> tuple[Tensor, SeenWindow] | None:
    """(input, window) of a dilated convolution, at its last operation.

    TensorFlow runs it as SpaceToBatchND, a plain convolution, and BatchToSpaceND.
    """
    if operation.type != "BatchToSpaceND" or operation.inputs[0].op.type not in _CONVOLVING:
        return None
    convolution = operation.inputs[0].op
    before = convolution.inputs[0].op
    inner = _sliding(convolution)
    if before.type != "SpaceToBatchND" or inner is None:
        return None
    block, paddings, crops = (
        tf.get_static_value(tensor) for tensor in (*before.inputs[1:], operation.inputs[2])
    )
    if block is None or len(block) != 2 or paddings is None or crops is None:
        return None
    # With block d, SpaceToBatchND deals rows out to d images in turn. A kernel that reads
    # neighbors there reads every d-th row of the whole: size (k - 1)·d + 1.
    rows, columns = (
        Window(int(crop[0] - padding[0]), 1, (window.size - 1) * int(dilation) + 1)
        for window, dilation, padding, crop in zip(inner, block, paddings, crops, strict=True)
    )
    return before.inputs[0], (rows, columns)


def look(window: SeenWindow, further: SeenWindow) -> SeenWindow:
    """`Window.then` along both axes."""
    return window[0].then(further[0]), window[1].then(further[1])


def join(windows: list[SeenWindow | None]) -> SeenWindow | None:
    """The smallest window with all inside; None if one is unknown or the strides differ."""
    if any(pair is None for pair in windows):
        return None
    known = [pair for pair in windows if pair is not None]
    rows: Window | None = known[0][0]
    columns: Window | None = known[0][1]
    for other_rows, other_columns in known[1:]:
        rows = rows and rows.union(other_rows)
        columns = columns and columns.union(other_columns)
    return None if rows is None or columns is None else (rows, columns)
