"""The outputs of a model that hold one number per class, and whether those are probabilities.

An output `[1, class]` is a head. Its numbers are probabilities if the last function before it
is a softmax or a sigmoid; a change of type or shape after that does not matter. Otherwise they
are logits. A softmax would make probabilities of them only if the loss applied one, too, and
the graph does not contain the loss. So logits are shown as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.tracing.operations import source_of
from tensorboard_plugin_convlens.tracing.trace import Trace
from tensorboard_plugin_convlens.tracing.types import Tensor

_PROBABILITIES = frozenset({"Softmax", "Sigmoid"})


@dataclass(frozen=True)
class Head:
    """An output `[1, class]` of the model.

    Attributes:
      name: Name of the output.
      tensor: The output.
      is_probability: Whether it comes from a softmax or a sigmoid.
    """

    name: str
    tensor: Tensor
    is_probability: bool


def find_heads(trace: Trace) -> tuple[Head, ...]:
    """The outputs with one number per class, in the order of the model's outputs."""
    return tuple(
        Head(name, tensor, source_of(tensor).type in _PROBABILITIES)
        for name, tensor in zip(trace.output_names, trace.outputs, strict=True)
        if tensor.dtype.is_floating and tensor.shape.rank == 2
    )
