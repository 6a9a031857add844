"""Hash of what operations are and how they are connected, the same in every process.

A model may change without its Keras configuration: a Lambda computes something else, a layer's
`call` is edited. The traced graph shows it. Of every operation, its type, its attributes and
the places of the operations that it reads are hashed:

    Conv2D [(0, 0), (1, 0)]; strides … padding …     reads output 0 of the operations 0 and 1

TensorFlow numbers functions with a gradient of their own as they are made
("CustomGradient-7"), so their names differ between processes. The code of the gradient is
hashed in place of the name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.types import Operation

_NAMES = frozenset({"_class", "container", "shared_name"})
_GRADIENT = "_gradient_op_type"
_NUMBERED = "CustomGradient-"
# The most levels of functions that hold functions.
_DEEPEST = 20
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def hash_structure(operations: Sequence[Operation]) -> str:
    """SHA-256, hexadecimal, of operations, their attributes and connections, without names.

    The fingerprint of a model graph knows the layers' configuration only; code in a Lambda
    or a layer's `call` may change without it.
    """
    place = {id(operation): index for index, operation in enumerate(operations)}
    digest = hashlib.sha256()
    for operation in operations:
        read = [
            (place.get(id(tensor.op), -1), tensor.value_index) for tensor in operation.inputs
        ]
        digest.update(f"{operation.type} {read};".encode())
        if operation.node_def.attr[_GRADIENT].s.startswith(_NUMBERED.encode()):
            digest.update("".join(_code(internals.gradient_function(operation))).encode())
        attributes = operation.node_def.attr
        for name in sorted(set(attributes) - _NAMES):
            value = attributes[name]
            digest.update(name.encode())
            if name != _GRADIENT or not value.s.startswith(_NUMBERED.encode()):
                digest.update(value.SerializeToString(deterministic=True))
    return digest.hexdigest()


def _code(function: Any, depth: int = 0) -> Iterator[str]:
    """The content of a Python function: its code, and the functions and values in it."""
    code = getattr(function, "__code__", None)
    if code is None or depth > _DEEPEST:
        return
    yield from _code_texts(code)
    held = [cell.cell_contents for cell in function.__closure__ or () if _is_set(cell)]
    for value in (*held, *(function.__defaults__ or ())):
        if isinstance(value, _PLAIN):
            # TensorFlow's wrapper holds the name under which the function is registered.
            yield "" if isinstance(value, str) and value.startswith(_NUMBERED) else repr(value)
        elif isinstance(value, np.ndarray):
            yield f"{value.dtype} {value.shape} {value.tobytes().hex()}"
        elif isinstance(value, Callable):  # type: ignore[arg-type]  # To mypy it is no class.
            yield from _code(value, depth + 1)


def _code_texts(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} "
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_texts(constant)
        else:
            # The order of a set of texts differs between processes.
            is_set = isinstance(constant, frozenset)
            yield repr(sorted(map(repr, constant)) if is_set else constant)


def _is_set(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # Empty.
        return False
