"""What TensorFlow operations are, for all who walk over a traced graph."""

from __future__ import annotations

from tensorboard_plugin_convlens.tracing.types import Operation, Tensor


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
