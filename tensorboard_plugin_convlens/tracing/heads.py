"""The outputs of a model that are class probabilities, and the loss that they give."""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Tensor

_PROBABILITIES = frozenset({"Softmax", "Sigmoid"})
_PASSING = frozenset({"Identity", "Cast", "Reshape", "Squeeze"})


@dataclass(frozen=True)
class Head:
    """An output `[1, class]` of the model.

    Attributes:
      name: Of the output.
      tensor: The output.
      is_probability: Whether it comes from a softmax or a sigmoid.
    """

    name: str
    tensor: Tensor
    is_probability: bool


def find_heads(trace: Trace) -> tuple[Head, ...]:
    """The outputs with one number per class, in the order of the model's outputs."""
    return tuple(
        Head(name, tensor, _last_function(tensor) in _PROBABILITIES)
        for name, tensor in zip(trace.output_names, trace.outputs, strict=True)
        if tensor.dtype.is_floating and tensor.shape.rank == 2
    )


def _last_function(tensor: Tensor) -> str:
    operation = tensor.op
    while operation.type in _PASSING:
        operation = operation.inputs[0].op
    return str(operation.type)
