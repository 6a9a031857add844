"""Hash of what operations are and how they are connected, the same in every process.

TensorFlow numbers functions with a gradient of their own, and the bodies of loops and branches,
as they are made: such a name is another one in each process. What it stands for is hashed in
its place.
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
# Of functions within functions; a body that calls itself ends here, too.
_DEEPEST = 20
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def hash_structure(operations: Sequence[Operation]) -> str:
    """SHA-256, hexadecimal, of operations, their attributes and connections, without names.

    The fingerprint of a model graph knows the layers' configuration only; code in a Lambda
    or a layer's `call` may change without it.
    """
    place = {id(one): index for index, one in enumerate(operations)}
    bodies = _Bodies(operations)
    digest = hashlib.sha256()
    for operation in operations:
        read = [(place.get(id(one.op), -1), one.value_index) for one in operation.inputs]
        digest.update(f"{operation.type} {read};".encode())
        if operation.node_def.attr[_GRADIENT].s.startswith(_NUMBERED.encode()):
            digest.update("".join(_code(internals.gradient_function(operation))).encode())
        bodies.add_attributes(digest, operation.node_def.attr)
    return digest.hexdigest()


class _Bodies:
    """The functions that operations of a graph call by name."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._found: dict[str, Any] | None = None

    def add_attributes(self, digest: Any, attributes: Any, depth: int = 0) -> None:
        """Adds the attributes of an operation to a digest."""
        for name in sorted(set(attributes) - _NAMES):
            value = attributes[name]
            digest.update(name.encode())
            called = [value.func.name] if value.HasField("func") else []
            called += [one.name for one in value.list.func]
            if called:
                for one in called:
                    digest.update(self._body(one, depth).encode())
            elif name != _GRADIENT or not value.s.startswith(_NUMBERED.encode()):
                digest.update(value.SerializeToString(deterministic=True))

    def _body(self, name: str, depth: int) -> str:
        """Hash of a function in the graph's library; its name where there is none."""
        if self._found is None:
            library = self._operations[0].graph.as_graph_def().library.function
            self._found = {one.signature.name: one for one in library}
        function = self._found.get(name)
        if function is None or depth > _DEEPEST:
            return name
        digest = hashlib.sha256()
        arguments = function.signature.input_arg
        known = {one.name: f"a{index}" for index, one in enumerate(arguments)}
        known |= {one.name: f"n{index}" for index, one in enumerate(function.node_def)}
        for node in function.node_def:
            digest.update(f"{node.op} {[_renamed(one, known) for one in node.input]};".encode())
            self.add_attributes(digest, node.attr, depth + 1)
        results = [function.ret[one.name] for one in function.signature.output_arg]
        digest.update(repr([_renamed(one, known) for one in results]).encode())
        return digest.hexdigest()


def _renamed(tensor: str, known: dict[str, str]) -> str:
    """`^name`, `name` or `name:output:0` of a function's body, with a number for the name."""
    control, text = ("^", tensor[1:]) if tensor.startswith("^") else ("", tensor)
    name, *rest = text.split(":")
    return ":".join([control + known.get(name, name), *rest])


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
