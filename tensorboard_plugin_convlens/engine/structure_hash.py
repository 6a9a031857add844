"""Hash of what operations are and how they are connected, the same in every process.

TensorFlow numbers functions with a gradient of their own as they are made: such a name is
another one in each process. The code of the gradient is hashed in its place.
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
# Of functions that hold functions.
_DEEPEST = 20
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def hash_structure(operations: Sequence[Operation]) -> str:
    """SHA-256, hexadecimal, of operations, their attributes and connections, without names.

    The fingerprint of a model graph knows the layers' configuration only; code in a Lambda
    or a layer's `call` may change without it.
    """
    place = {id(one): index for index, one in enumerate(operations)}
    digest = hashlib.sha256()
    for operation in operations:
        read = [(place.get(id(one.op), -1), one.value_index) for one in operation.inputs]
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
    """What a Python function does: its code, and that of the functions and values it holds."""
    code = getattr(function, "__code__", None)
    if code is None or depth > _DEEPEST:
        return
    yield from _code_texts(code)
    held = [cell.cell_contents for cell in function.__closure__ or () if _is_set(cell)]
    for one in (*held, *(function.__defaults__ or ())):
        if isinstance(one, _PLAIN):
            # TensorFlow's wrapper holds the name under which the function is registered.
            yield "" if isinstance(one, str) and one.startswith(_NUMBERED) else repr(one)
        elif isinstance(one, np.ndarray):
            yield f"{one.dtype} {one.shape} {one.tobytes().hex()}"
        elif isinstance(one, Callable):  # type: ignore[arg-type]  # As mypy has it, no class.
            yield from _code(one, depth + 1)


def _code_texts(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} "
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _code_texts(one)
        else:
            # The order of a set of texts differs between processes.
            yield repr(sorted(map(repr, one)) if isinstance(one, frozenset) else one)


def _is_set(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # Empty.
        return False
