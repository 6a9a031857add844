"""What a layer's pictures depend on, as hashes: equal hashes, equal pictures.

The traced graph is followed from operation to operation. That finds whatever a layer reads:
weights of nested models and shared layers, statistics of a BatchNormalization, and variables
that belong to no layer.

A traced graph reads its weights through captured tensors, one per variable or constant. Each
gets a bit. What an operation depends on is then an integer, the "or" of what its inputs depend
on, and one walk in the order of the graph finds it for all operations:

    Conv2D(image, kernel)    0b001      bit 0: the kernel
    BiasAdd(…, bias)         0b011      bit 1: the bias

The hash of a layer is SHA-256 over the hashes of the values whose bits it has, the input
arrays and the structure of the graph. One more bit marks randomness and state, which no hash
can cover: such a layer has the hash "", which equals nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.hashing import hash_arrays
from tensorboard_plugin_convlens.engine.plan import Plan, Route
from tensorboard_plugin_convlens.engine.structure_hash import hash_structure
from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.types import Operation

# Changes when a release computes other pictures from the same weights.
_VERSION = "convlens lineage 1"
# Operations that TensorFlow calls stateful, though they only read or check.
_READING = frozenset(
    {"ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp", "Assert"}
)


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes of one layer, hexadecimal; see `records.LayerCapture.weights` and `lineage`."""

    weights: str
    lineage: str


class ContentHashes:
    """Finds once what each captured layer depends on, and hashes it at every capture."""

    def __init__(self, plan: Plan) -> None:
        self._graph = plan.trace.wrapped.graph
        self._made_of = (plan.graph.fingerprint, hash_structure(plan.trace.operations))
        bit_of = {id(inner): bit for bit, (_, inner) in enumerate(self._graph.captures)}
        self._impure = 1 << len(bit_of)
        self._masks = self._follow(plan.trace.operations, bit_of)
        self._own = {
            index: _read_by(route.convolution.node.operations, bit_of)
            for index, route in plan.routes.items()
        }
        self._all = {
            index: self._mask(route, plan, bit_of) | self._own[index]
            for index, route in plan.routes.items()
        }
        self._keys = {index: plan.graph.layers[index].key for index in plan.routes}

    def values(self) -> tuple[str, ...]:
        """Hashes of everything that the model reads now, also its weights; "" for no value."""
        return tuple(
            "" if value is None else hash_arrays([value])
            for value in internals.captured_values(self._graph)
        )

    def hashes(self, arrays: str, values: Sequence[str]) -> dict[int, Hashes]:
        """The hashes of every captured layer.

        Args:
          arrays: Hash of the input arrays; see `hash_arrays`.
          values: What the method of this name returns.

        Returns:
          By index in the model graph. "" for a lineage with randomness or state, and where
          something that a layer reads is neither a variable nor a constant: ConvLens never
          calls such a layer unchanged.
        """
        return {
            index: Hashes(
                self._hash(self._own[index], values, [key]),
                self._hash(self._all[index], values, [key, arrays, *self._made_of]),
            )
            for index, key in self._keys.items()
        }

    def _hash(self, mask: int, values: Sequence[str], more: list[str]) -> str:
        read = [values[bit] for bit in _bits(mask & ~self._impure)]
        if mask & self._impure or not all(read):
            return ""
        texts = [_VERSION, *more, *read]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()

    def _follow(
        self, operations: Sequence[Operation], bit_of: dict[int, int]
    ) -> dict[int, int]:
        """Per operation, a bit for everything captured that it depends on."""
        masks: dict[int, int] = {}
        for operation in operations:
            mask = 0
            if operation.op_def.is_stateful and operation.type not in _READING:
                mask = self._impure
            for tensor in operation.inputs:
                mask |= masks.get(id(tensor.op), 0)
            for before in operation.control_inputs:
                mask |= masks.get(id(before), 0) & self._impure
            for tensor in operation.outputs:
                mask |= 1 << bit_of[id(tensor)] if id(tensor) in bit_of else 0
            masks[id(operation)] = mask
        return masks

    def _mask(self, route: Route, plan: Plan, bit_of: dict[int, int]) -> int:
        """What maps, gradients and statistics of a layer depend on."""
        mask = self._masks[id(route.convolution.target.op)]
        if route.activated is not None:
            mask |= self._masks[id(route.activated.op)]
        for inner, (layer, _) in plan.trace.variables.items():
            if layer is not None and layer is route.normalization:
                mask |= 1 << bit_of[inner]
        return mask


def hash_values(values: Sequence[str]) -> str:
    """One SHA-256, hexadecimal, of the result of `ContentHashes.values`."""
    return hashlib.sha256("\0".join(values).encode()).hexdigest()


def _read_by(operations: Sequence[Operation], bit_of: dict[int, int]) -> int:
    mask = 0
    for operation in operations:
        for tensor in operation.inputs:
            mask |= 1 << bit_of[id(tensor)] if id(tensor) in bit_of else 0
    return mask


def _bits(mask: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)
