"""Vector-Jacobian products of operations that move, copy or add up elements.

Their Jacobians hold zeros and ones, which need no residuals. What moves elements to other
places is undone (`Reshape`, `Transpose`, `Concat` and `Split`). What drops elements gives them
zero (a slice is padded), what adds elements is cut (a padding is dropped), and a sum gives its
gradient to every term.

All axes of a cotangent lie one further than those of its tensor, because of the filters in
front: a transposition of `[1, height, width, channel]` by `[0, 3, 1, 2]` goes back through
`[filter, 1, channel, height, width]` by `[0, 1, 3, 4, 2]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.engine.backward.vjp import (
    Cotangents,
    Live,
    Rules,
    Vjp,
    elementwise,
    merge_filters,
    split_filters,
)
from tensorboard_plugin_convlens.engine.backward.windowed_cotangent import WindowedCotangent
from tensorboard_plugin_convlens.engine.residuals.residuals import Residuals
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows
from tensorboard_plugin_convlens.engine.residuals.windowed_residuals import WindowedResiduals
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, Value


def constant(tensor: Tensor) -> NDArray[Any] | None:
    """The value of a tensor that is known without running the graph, or None."""
    value: NDArray[Any] | None = tf.get_static_value(tensor)
    return value


def reshape(operation: Operation, live: Live) -> Vjp:
    """Back to the shape of the input."""
    shape = operation.inputs[0].shape.as_list()
    others = (None,) * (len(operation.inputs) - 1)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        return tf.reshape(cotangents[0], [cotangents[0].shape[0], *shape]), *others

    return Vjp((), pull)


def transpose(operation: Operation, live: Live) -> Vjp | None:
    """Back to the order of the input's axes."""
    order = constant(operation.inputs[1])
    if order is None:
        return None
    # The inverse of a permutation is what sorts it.
    back = [0, *(np.argsort(order) + 1)]
    return Vjp((), lambda cotangents, residuals: (tf.transpose(cotangents[0], back), None))


def pad(operation: Operation, live: Live) -> Vjp | None:
    """The gradient of the padding is dropped."""
    paddings = constant(operation.inputs[1])
    if paddings is None:
        return None
    margins = [[0, 0], *paddings.tolist()]
    others = (None,) * (len(operation.inputs) - 1)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        lengths = cotangents[0].shape.as_list()
        kept = [
            length - before - after
            for length, (before, after) in zip(lengths, margins, strict=True)
        ]
        return tf.slice(cotangents[0], [before for before, _ in margins], kept), *others

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        # The windows stay where they are: only their rows are counted from the input's first
        # one, and what was padding lies beyond the tensor now.
        return WindowedCotangent(arrived.value, seen, is_clean=False), *others

    return Vjp((), pull, pull_windows)


def concatenation(operation: Operation, live: Live) -> Vjp | None:
    """Each part has its part of the gradient."""
    *parts, axis_tensor = operation.inputs
    axis = constant(axis_tensor)
    if axis is None:
        return None
    rank = parts[0].shape.rank
    sizes = [int(part.shape[int(axis)]) for part in parts]
    own = int(axis) % rank + 1

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        return *tf.split(cotangents[0], sizes, own), None

    # Parts one behind the other along the channels lie place by place alike.
    return elementwise((), pull) if own == rank else Vjp((), pull)


def split(operation: Operation, live: Live) -> Vjp | None:
    """The parts' gradients side by side; zero where a part was not used."""
    data, axis_tensor = (1, 0) if operation.type == "Split" else (0, 2)
    axis = constant(operation.inputs[axis_tensor])
    if axis is None:
        return None
    own = int(axis) % operation.inputs[data].shape.rank + 1
    shapes = [part.shape.as_list() for part in operation.outputs]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        joined = tf.concat(_with_zeros(cotangents, shapes), own)
        return tuple(
            joined if index == data else None for index in range(len(operation.inputs))
        )

    return Vjp((), pull)


def pack(operation: Operation, live: Live) -> Vjp:
    """Goes back through `tf.stack`: each part gets its slice of the cotangent."""
    axis = operation.get_attr("axis") % operation.outputs[0].shape.rank + 1
    return Vjp((), lambda ct, residuals: tuple(tf.unstack(ct[0], axis=axis)))


def unpack(operation: Operation, live: Live) -> Vjp:
    """Goes back through `tf.unstack`: stacks the cotangents of the parts."""
    axis = operation.get_attr("axis") % operation.inputs[0].shape.rank + 1
    shapes = [part.shape.as_list() for part in operation.outputs]
    return Vjp((), lambda ct, residuals: (tf.stack(_with_zeros(ct, shapes), axis),))


def _with_zeros(cotangents: Cotangents, shapes: list[list[int]]) -> list[Value]:
    known = next(cotangent for cotangent in cotangents if cotangent is not None)
    return [
        tf.zeros([known.shape[0], *shape], known.dtype) if cotangent is None else cotangent
        for cotangent, shape in zip(cotangents, shapes, strict=True)
    ]


def strided_slice(operation: Operation, live: Live) -> Vjp | None:
    """Goes back through `tensor[a:b:c, …]`; the filter axis in front is kept whole."""
    begin, end, strides = (constant(tensor) for tensor in operation.inputs[1:])
    if begin is None or end is None or strides is None:
        return None
    shape = operation.inputs[0].shape.as_list()
    # Bit i of a mask is about axis i, so all move by one. The new first axis is kept whole: it
    # has its bit where that means "from the beginning" and "to the end".
    masks = {
        name: operation.get_attr(name) << 1 | (name in ("begin_mask", "end_mask"))
        for name in (
            "begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"
        )
    }  # fmt: skip

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradient = tf.raw_ops.StridedSliceGrad(
            shape=[cotangents[0].shape[0], *shape],
            begin=[0, *begin.tolist()],
            end=[0, *end.tolist()],
            strides=[1, *strides.tolist()],
            dy=cotangents[0],
            **masks,
        )
        return gradient, None, None, None

    return Vjp((), pull)


def reduction(operation: Operation, live: Live) -> Vjp | None:
    """Every element has the gradient of its sum; of a mean, divided by the count."""
    axes = constant(operation.inputs[1])
    if axes is None:
        return None
    shape = operation.inputs[0].shape.as_list()
    reduced = {int(axis) % len(shape) for axis in np.atleast_1d(axes)}
    kept = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    count = (
        float(np.prod([shape[axis] for axis in reduced])) if operation.type == "Mean" else 1.0
    )

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        each = tf.reshape(cotangents[0] / tf.cast(count, residuals.dtype), [filters, *kept])
        return tf.broadcast_to(each, [filters, *shape]), None

    return Vjp((), pull)


def resize(operation: Operation, live: Live) -> Vjp:
    """Goes back through up- and downsampling layers, in float32."""
    shape = operation.inputs[0].shape.as_list()
    attributes = {
        name: operation.get_attr(name) for name in ("align_corners", "half_pixel_centers")
    }

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        merged = tf.cast(merge_filters(cotangents[0]), tf.float32)
        if operation.type == "ResizeBilinear":
            like = tf.zeros([filters * shape[0], *shape[1:]])
            gradient = tf.raw_ops.ResizeBilinearGrad(
                grads=merged, original_image=like, **attributes
            )
        else:
            gradient = tf.raw_ops.ResizeNearestNeighborGrad(
                grads=merged, size=shape[1:3], **attributes
            )
        return split_filters(tf.cast(gradient, residuals.dtype), filters), None

    return Vjp((), pull)


RULES: Rules = {
    "Reshape": reshape,
    "Squeeze": reshape,
    "ExpandDims": reshape,
    "Transpose": transpose,
    "Pad": pad,
    "PadV2": pad,
    "ConcatV2": concatenation,
    "Split": split,
    "SplitV": split,
    "Pack": pack,
    "Unpack": unpack,
    "StridedSlice": strided_slice,
    "Mean": reduction,
    "Sum": reduction,
    "ResizeNearestNeighbor": resize,
    "ResizeBilinear": resize,
}
