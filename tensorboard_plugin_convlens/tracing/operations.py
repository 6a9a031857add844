"""Kinds of TensorFlow operations in a traced graph.

A traced graph is a list of operations. Each reads tensors, `operation.inputs`, and makes
tensors, `operation.outputs`; a tensor knows who made it, `tensor.op`, and who reads it,
`tensor.consumers()`. ConvLens learns everything about a model from this graph, so several
modules depend on the names of operations there (`"Conv2D"`, `"BiasAdd"`). The facts that more
than one of them needs are here.
"""

from __future__ import annotations

from collections.abc import Iterable

from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

CONVOLUTIONS = frozenset(
    {
        "Conv2D",
        "Conv3D",
        "Conv2DBackpropInput",
        "Conv3DBackpropInputV2",
        "DepthwiseConv2dNative",
    }
)
"""Operations that convolve; the second input of each is the kernel."""

TRANSPOSED = frozenset({"Conv2DBackpropInput", "Conv3DBackpropInputV2"})
"""Those of `CONVOLUTIONS` that are transposed: TensorFlow computes a transposed convolution as
what it is, the gradient of a convolution, whose output is the operation's third input."""

RECTIFIERS = frozenset({"Relu", "Relu6"})
"""Operations that are zero wherever their input is negative."""

REARRANGING = frozenset({"Identity", "Cast", "Reshape", "Squeeze"})
"""Operations that keep the values of a tensor, and their order: another name, type, shape."""


def is_differentiable(tensor: Tensor) -> bool:
    """Whether gradients pass through a tensor of this type."""
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def is_complex(operation: Operation) -> bool:
    """Whether an operation reads or makes complex numbers."""
    return any(tensor.dtype.is_complex for tensor in (*operation.inputs, *operation.outputs))


def is_silu_identity(operation: Operation) -> bool:
    """Whether an `IdentityN` is the one that `tf.nn.silu` makes.

    TensorFlow wraps `x · sigmoid(x)` into a function with a custom gradient, whose results
    are an `IdentityN` of the product and of `x`.
    """
    product = operation.inputs[0].op
    return bool(
        operation.type == "IdentityN"
        and product.type == "Mul"
        and len(operation.inputs) >= 2
        and any(factor is operation.inputs[1] for factor in product.inputs)
        and any(factor.op.type == "Sigmoid" for factor in product.inputs)
    )


def source_of(tensor: Tensor) -> Operation:
    """The operation that computes the values of a tensor, past those that rearrange them.

    Of `Squeeze(BiasAdd(Conv2D(x, kernel), bias))` the `BiasAdd`: what the model computed last.
    """
    operation = tensor.op
    while operation.type in REARRANGING:
        operation = operation.inputs[0].op
    return operation


def ancestors(tensors: Iterable[Tensor], stop: Iterable[Tensor] = ()) -> list[Tensor]:
    """The tensors and everything that they are computed from, each once, nearest first.

    Args:
      tensors: Where to begin.
      stop: Tensors that are left out, and what only they are computed from with them.
    """
    passed = {id(tensor) for tensor in stop}
    seen: dict[TensorId, Tensor] = {}
    waiting = list(tensors)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in seen and id(tensor) not in passed:
            seen[id(tensor)] = tensor
            waiting.extend(tensor.op.inputs)
    return list(seen.values())
