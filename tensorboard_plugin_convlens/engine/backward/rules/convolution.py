"""Vector-Jacobian products of convolutions, biases and matrix products.

A convolution is linear in its images: `y = A x`, where the matrix `A` holds the kernel once per
place. Its Jacobian is `A` itself, so going back is the adjoint, the *transposed convolution*
`dx = Aᵀ g` (Dumoulin & Visin 2016, arXiv 1603.07285, chapter 4). Along one axis, with stride s,
p zeros in front and a kernel w:

    y[r]  = Σ_t  w[t] · x[s·r + t - p]
    dx[q] = Σ_r  w[q - s·r + p] · g[r]

TensorFlow computes the second line as `Conv2DBackpropInput`, and a batch of images at once. The
filters of a cotangent become that batch:

    g   [filter, 1, 28, 28, 512] → [filter, 28, 28, 512]
    dx  [filter, 56, 56, 256]    → [filter, 1, 56, 56, 256]

Windows have no padding of their own. Rows that the convolution reads beyond the tensor, as
zeros, are a part of what its window sees. So on windows the transposed convolution goes without
padding, and also computes a gradient for those zeros, which is cleared later:

    g   [filter, 1, 10, 10, 64]
    dx  [filter, 1, 12, 12, 64]      3 by 3: one more on each side

`Conv2DBackpropInput` is also what a Conv2DTranspose layer consists of. As `(Aᵀ)ᵀ = A`, the way
back through that is the plain convolution.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.engine.backward.rules.subpixel import subpixel_convolution
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
from tensorboard_plugin_convlens.engine.residuals.residuals import Derived, Residuals
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows
from tensorboard_plugin_convlens.engine.residuals.windowed_residuals import WindowedResiduals
from tensorboard_plugin_convlens.tracing.substitutes import call
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, Value


def convolution_attributes(operation: Operation) -> dict[str, Any]:
    """Strides, padding, layout and dilation, as the raw operations take them."""
    padding = operation.get_attr("padding").decode()
    attributes = {
        "strides": operation.get_attr("strides"),
        "padding": padding,
        "data_format": operation.get_attr("data_format").decode(),
        "dilations": operation.get_attr("dilations"),
    }
    if padding == "EXPLICIT":
        attributes["explicit_paddings"] = operation.get_attr("explicit_paddings")
    return attributes


def convolution(operation: Operation, live: Live) -> Vjp | None:
    """Dumoulin & Visin 2016, arXiv 1603.07285: the transposed convolution."""
    images, kernel = operation.inputs
    shape = images.shape.as_list()
    backward, unpadded = _transposed(operation), _transposed(operation, padded=False)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        sizes = [filters * shape[0], *shape[1:-1], residuals.width(images)]
        gradient = backward(sizes, merge_filters(cotangents[0]), residuals)
        return split_filters(gradient, filters), None

    def pull_windows(
        arrived: WindowedCotangent, seen: UnitWindows, residuals: WindowedResiduals
    ) -> Sequence[WindowedCotangent | None]:
        # Places are mixed now: what is not zero beyond the tensor would get into it.
        cotangent = arrived.cleaned()
        filters = cotangent.shape[0]
        sizes = [filters, *seen.size, residuals.width(images)]
        gradient = unpadded(sizes, merge_filters(cotangent), residuals)
        pulled = split_filters(gradient, filters)
        return WindowedCotangent(pulled, seen, is_clean=False), None

    return Vjp((kernel,), pull, pull_windows)


_BACKWARD = {
    "Conv2D": "Conv2DBackpropInput",
    "DepthwiseConv2dNative": "DepthwiseConv2dNativeBackpropInput",
    "Conv3D": "Conv3DBackpropInputV2",
}
"""Type of a convolution → that of its gradient with respect to the images."""

_Transposed = Callable[[list[int], Value, Residuals], Value]
"""(sizes of the images, cotangent of the output, values) → cotangent of the images."""


def _transposed(operation: Operation, *, padded: bool = True) -> _Transposed:
    """The fastest way back through a convolution.

    Args:
      operation: The convolution.
      padded: Whether its padding counts; else the images have it already.
    """
    subpixel = subpixel_convolution(operation, padded=padded)
    if subpixel is None:
        return _general(operation, padded=padded)

    def backward(sizes: list[int], cotangent: Value, residuals: Residuals) -> Value:
        kernel = residuals.kernel(operation)
        blocks = Derived(
            ("subpixel", kernel.key, padded),
            None,
            lambda: subpixel.kernel(residuals.look(kernel)),
        )
        return subpixel.gradient((sizes[1], sizes[2]), residuals.look(blocks), cotangent)

    return backward


def _general(operation: Operation, *, padded: bool) -> _Transposed:
    attributes = convolution_attributes(operation)
    if not padded:
        attributes["padding"] = "VALID"
        attributes.pop("explicit_paddings", None)
    function: Callable[..., Value] = functools.partial(call, _BACKWARD[operation.type])
    if _groups(operation) > 1:
        function = _grouped(operation)

    def backward(sizes: list[int], cotangent: Value, residuals: Residuals) -> Value:
        kernel = residuals.look(residuals.kernel(operation))
        return function(input_sizes=sizes, filter=kernel, out_backprop=cotangent, **attributes)

    return backward


def _groups(operation: Operation) -> int:
    if operation.type == "DepthwiseConv2dNative":
        return 1
    return int(operation.inputs[0].shape[_channel_axis(operation)]) // int(
        operation.inputs[1].shape[-2]
    )


def _channel_axis(operation: Operation) -> int:
    return int(operation.get_attr("data_format").decode().index("C"))


def _grouped(operation: Operation) -> Callable[..., Value]:
    """TensorFlow's CPU has no transposed grouped convolution without oneDNN: in parts."""
    groups, axis = _groups(operation), _channel_axis(operation)
    each = functools.partial(call, _BACKWARD[operation.type])

    def depthwise(
        *, input_sizes: Sequence[int], filter: Value, out_backprop: Value, **attributes: Any
    ) -> Value:
        # [height, width, 1, filter] → [height, width, channel, filters of the channel].
        *window, _, outputs = filter.shape.as_list()
        kernel = tf.reshape(filter, [*window, groups, outputs // groups])
        return call(
            "DepthwiseConv2dNativeBackpropInput",
            input_sizes=input_sizes,
            filter=kernel,
            out_backprop=out_backprop,
            **attributes,
        )

    def in_parts(
        *, input_sizes: Sequence[int], filter: Value, out_backprop: Value, **attributes: Any
    ) -> Value:
        sizes = list(input_sizes)
        sizes[axis] //= groups
        kernels = tf.split(filter, groups, -1)
        cotangents = tf.split(out_backprop, groups, axis)
        parts = [
            each(input_sizes=sizes, filter=kernel, out_backprop=cotangent, **attributes)
            for kernel, cotangent in zip(kernels, cotangents, strict=True)
        ]
        return tf.concat(parts, axis)

    # With one channel per group, the filters of group c are what a depthwise convolution calls
    # the multiples of channel c: one operation instead of one per group.
    one_each = int(operation.inputs[1].shape[-2]) == 1 and operation.type == "Conv2D"
    return depthwise if one_each and axis == 3 and _is_square(operation) else in_parts


def _is_square(operation: Operation) -> bool:
    """The depthwise operation takes equal strides only."""
    rows, columns = operation.get_attr("strides")[1:3]
    return bool(rows == columns)


def transposed_convolution(operation: Operation, live: Live) -> Vjp | None:
    """Goes back through a layer such as Conv2DTranspose by the plain convolution."""
    kernel = operation.inputs[1]
    attributes = convolution_attributes(operation)
    forward = {"Conv2DBackpropInput": "Conv2D", "Conv3DBackpropInputV2": "Conv3D"}
    name = forward[operation.type]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradient = call(
            name,
            input=merge_filters(cotangents[0]),
            filter=residuals.value(kernel),
            **attributes,
        )
        return None, None, split_filters(gradient, cotangents[0].shape[0])

    return Vjp((kernel,), pull)


def bias(operation: Operation, live: Live) -> Vjp:
    """A bias does not change the gradient: `y = x + b`, `dx = g`."""
    return elementwise((), lambda cotangents, residuals: (cotangents[0], None))


def batch_normalization(operation: Operation, live: Live) -> Vjp | None:
    """Scales each channel by gamma / sqrt(variance + epsilon), as at inference."""
    if operation.get_attr("is_training"):
        return None
    _, gamma, _, _, variance = operation.inputs
    epsilon = operation.get_attr("epsilon")
    first = operation.get_attr("data_format").decode() == "NCHW"

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        # y = gamma · (x - mean) / sqrt(variance + epsilon) + beta, with constants for mean and
        # variance: dx = g · gamma / sqrt(variance + epsilon).
        def scale() -> Value:
            value = residuals.raw(gamma) * tf.math.rsqrt(residuals.raw(variance) + epsilon)
            return tf.cast(tf.reshape(value, [-1, 1, 1]) if first else value, residuals.dtype)

        output = operation.outputs[0]
        factor = Derived(("batch normalization", id(operation)), output, scale)
        return cotangents[0] * residuals.look(factor), None, None, None, None

    return elementwise((gamma, variance), pull)


def matrix_product(operation: Operation, live: Live) -> Vjp:
    """Goes back through `C = A B`: `dA = dC Bᵀ` and `dB = Aᵀ dC`."""
    left, right = operation.inputs
    names = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    flip_left, flip_right = (operation.get_attr(name) for name in names)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        product, to_left, to_right = cotangents[0], None, None
        if live(left):
            value = residuals.value(right)
            to_left = _multiply(product, value, flip=not flip_right)
            to_left = _sum_batches(_flip(to_left, flip_left), left)
        if live(right):
            value = residuals.value(left)
            # (A B)ᵀ = Bᵀ Aᵀ
            to_right = _multiply(_flip(product, True), value, flip=flip_left)
            to_right = _flip(to_right, True)
            to_right = _sum_batches(_flip(to_right, flip_right), right)
        return to_left, to_right

    needed = [other for factor, other in ((left, right), (right, left)) if live(factor)]
    return Vjp(tuple(needed), pull)


def _multiply(matrices: Value, matrix: Value, *, flip: bool) -> Value:
    """`matrices [filter, …, n, m]` times `matrix […, m, p]`, transposed before if `flip`.

    TensorFlow 2.21's batched product on the CPU ends the process when it has to broadcast
    factors of different rank; so it is not asked to.
    """
    if matrix.shape.rank == 2:
        folded = tf.reshape(matrices, [-1, matrices.shape[-1]])
        product = tf.matmul(folded, matrix, transpose_b=flip)
        return tf.reshape(product, [*matrices.shape[:-1], product.shape[-1]])
    batches = [*matrices.shape[:-2], *matrix.shape[-2:]]
    return tf.matmul(matrices, tf.broadcast_to(matrix, batches), transpose_b=flip)


def _sum_batches(cotangent: Value, operand: Tensor) -> Value:
    """Adds up the batches over which a matrix was broadcast."""
    missing = cotangent.shape.rank - 1 - operand.shape.rank
    axes = [
        axis
        for axis in range(1, cotangent.shape.rank - 2)
        if axis <= missing or operand.shape[axis - 1 - missing] != cotangent.shape[axis]
    ]
    if not axes:
        return cotangent
    shape = [cotangent.shape[0], *operand.shape.as_list()]
    return tf.reshape(tf.reduce_sum(cotangent, axes), shape)


def _flip(matrix: Value, flip: bool) -> Value:
    return tf.linalg.matrix_transpose(matrix) if flip else matrix


RULES: Rules = {
    "Conv2D": convolution,
    "DepthwiseConv2dNative": convolution,
    "Conv3D": convolution,
    "Conv2DBackpropInput": transposed_convolution,
    "Conv3DBackpropInputV2": transposed_convolution,
    "BiasAdd": bias,
    "FusedBatchNormV3": batch_normalization,
    "MatMul": matrix_product,
    "BatchMatMulV2": matrix_product,
}
