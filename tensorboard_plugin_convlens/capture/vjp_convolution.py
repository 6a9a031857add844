"""Vector-Jacobian products of convolutions, biases and matrix products."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tensorboard_plugin_convlens.capture.vjp import (
    Cotangents,
    Residuals,
    Vjp,
    merge_filters,
    rule,
    split_filters,
    sum_to,
)


def convolution_attributes(operation: Any) -> dict[str, Any]:
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


@rule("Conv2D", "DepthwiseConv2dNative", "Conv3D")
def convolution(operation: Any) -> Vjp | None:
    """Dumoulin & Visin 2016, arXiv 1603.07285: the transposed convolution."""
    images, kernel = operation.inputs
    attributes = convolution_attributes(operation)
    shape = images.shape.as_list()
    backward = {
        "Conv2D": tf.raw_ops.Conv2DBackpropInput,
        "DepthwiseConv2dNative": tf.raw_ops.DepthwiseConv2dNativeBackpropInput,
        "Conv3D": tf.raw_ops.Conv3DBackpropInputV2,
    }[operation.type]
    if _groups(operation) > 1:
        return None

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        filters = cotangents[0].shape[0]
        gradient = backward(
            input_sizes=[filters * shape[0], *shape[1:]],
            filter=residuals.value(kernel),
            out_backprop=merge_filters(cotangents[0]),
            **attributes,
        )
        return split_filters(gradient, filters), None

    return Vjp((kernel,), pull)


def _groups(operation: Any) -> int:
    """Of a grouped convolution, for which TensorFlow's CPU has no transposed one."""
    if operation.type == "DepthwiseConv2dNative":
        return 1
    axis = operation.get_attr("data_format").decode().index("C")
    return int(operation.inputs[0].shape[axis]) // int(operation.inputs[1].shape[-2])


@rule("Conv2DBackpropInput", "Conv3DBackpropInputV2")
def transposed_convolution(operation: Any) -> Vjp | None:
    """Of a layer such as Conv2DTranspose: the plain convolution."""
    kernel = operation.inputs[1]
    attributes = convolution_attributes(operation)
    forward = {
        "Conv2DBackpropInput": tf.raw_ops.Conv2D,
        "Conv3DBackpropInputV2": tf.raw_ops.Conv3D,
    }[operation.type]

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        gradient = forward(
            input=merge_filters(cotangents[0]), filter=residuals.value(kernel), **attributes
        )
        return None, None, split_filters(gradient, cotangents[0].shape[0])

    return Vjp((kernel,), pull)


@rule("BiasAdd")
def bias(operation: Any) -> Vjp:
    """A bias does not change the gradient."""
    return Vjp((), lambda cotangents, residuals: (cotangents[0], None))


@rule("FusedBatchNormV3")
def batch_normalization(operation: Any) -> Vjp | None:
    """At inference: a scale per channel, gamma / sqrt(variance + epsilon)."""
    if operation.get_attr("is_training"):
        return None
    _, gamma, _, _, variance = operation.inputs
    epsilon = operation.get_attr("epsilon")
    first = operation.get_attr("data_format").decode() == "NCHW"

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        def scale() -> Any:
            value = residuals.raw(gamma) * tf.math.rsqrt(residuals.raw(variance) + epsilon)
            return tf.cast(tf.reshape(value, [-1, 1, 1]) if first else value, residuals.dtype)

        factor = residuals.derived(("batch normalization", id(operation)), scale)
        return cotangents[0] * factor, None, None, None, None

    return Vjp((gamma, variance), pull)


@rule("MatMul", "BatchMatMulV2")
def matrix_product(operation: Any) -> Vjp:
    """Of `C = A B`: `dA = dC Bᵀ` and `dB = Aᵀ dC`."""
    left, right = operation.inputs
    names = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    flip_left, flip_right = (operation.get_attr(name) for name in names)

    def pull(cotangents: Cotangents, residuals: Residuals) -> Cotangents:
        product = cotangents[0]
        to_left = tf.matmul(product, residuals.value(right), transpose_b=not flip_right)
        to_right = tf.matmul(residuals.value(left), product, transpose_a=not flip_left)
        return (
            sum_to(_flip(to_left, flip_left), left.shape.as_list()),
            sum_to(_flip(to_right, flip_right), right.shape.as_list()),
        )

    return Vjp((left, right), pull)


def _flip(matrix: Any, flip: bool) -> Any:
    return tf.linalg.matrix_transpose(matrix) if flip else matrix
