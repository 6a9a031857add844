"""Writes `frontend/src/wire/` from the modules of `tensorboard_plugin_convlens/server/wire/`.

The Python files are the contract; this script only respells it. It reads the syntax trees,
so nothing of the package is imported.

    python tools/generate_wire_ts.py            write the files
    python tools/generate_wire_ts.py --check    exit 1 where a file is stale
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tensorboard_plugin_convlens" / "server" / "wire"
PACKAGE = "server.wire"
TARGET = ROOT / "frontend" / "src" / "wire"

HEADER = """\
// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.
"""

PRIMITIVES = {"int": "number", "float": "number", "str": "string", "bool": "boolean"}


class UnsupportedTypeError(Exception):
    """A type of the contract that this script cannot respell."""


def to_typescript(node: ast.expr) -> str:
    """Returns the TypeScript spelling of a Python annotation.

    Raises:
      UnsupportedTypeError: For anything but names, None, unions, Literal, list, dict[str, …].
    """
    match node:
        case ast.Constant(value=None):
            return "null"
        case ast.Name(id=name):
            return PRIMITIVES.get(name, name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{to_typescript(left)} | {to_typescript(right)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
            items = values.elts if isinstance(values, ast.Tuple) else [values]
            return " | ".join(f'"{ast.literal_eval(item)}"' for item in items)
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            inner = to_typescript(item)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case ast.Subscript(
            value=ast.Name(id="dict"),
            slice=ast.Tuple(elts=[ast.Name(id="str"), value]),
        ):
            return f"Record<string, {to_typescript(value)}>"
    raise UnsupportedTypeError(
        f"server/wire/, line {node.lineno}: no TypeScript spelling for `{ast.unparse(node)}`. "
        "Expected a name, None, a union, Literal, list or dict[str, …]. "
        "Extend to_typescript in tools/generate_wire_ts.py."
    )


def doc_comment(text: str | None, indent: str = "") -> Iterator[str]:
    """Yields the lines of a JSDoc comment; none where there is no text."""
    if not text:
        return
    lines = text.strip().splitlines()
    if len(lines) == 1:
        yield f"{indent}/** {lines[0]} */"
        return
    yield f"{indent}/**"
    yield from (f"{indent} * {line.strip()}".rstrip() for line in lines)
    yield f"{indent} */"


def interface(node: ast.ClassDef) -> Iterator[str]:
    """Yields the lines of the interface of one TypedDict."""
    yield from doc_comment(ast.get_docstring(node))
    yield f"export interface {node.name} {{"
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield f"  {field.target.id}: {to_typescript(field.annotation)};"
    yield "}"


def imports(tree: ast.Module) -> Iterator[str]:
    """Yields the lines that import what a module takes from its neighbors."""
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module), names=names) if f"{PACKAGE}." in module:
                listed = ", ".join(name.name for name in names)
                yield f'import type {{ {listed} }} from "./{module.rpartition(".")[2]}";'


def generate(source: str) -> str:
    """Returns the TypeScript of the text of one module of the contract."""
    tree = ast.parse(source)
    blocks = [HEADER]
    if lines := list(imports(tree)):
        blocks.append("\n".join(lines) + "\n")
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                blocks.append(f"export type {name} = {to_typescript(value)};\n")
            case ast.ClassDef():
                blocks.append("\n".join(interface(node)) + "\n")
    return "\n".join(blocks)


def generate_all() -> dict[str, str]:
    """Returns name → text of every file of `frontend/src/wire/`."""
    modules = sorted(path for path in SOURCE.glob("*.py") if path.name != "__init__.py")
    files = {f"{one.stem}.ts": generate(one.read_text(encoding="utf-8")) for one in modules}
    exports = "".join(f'export type * from "./{one.stem}";\n' for one in modules)
    return files | {"index.ts": f"{HEADER}\n{exports}"}


def main() -> int:
    """Writes or checks the files; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 where a file is stale")
    wanted = generate_all()
    found = {one.name: one.read_text(encoding="utf-8") for one in TARGET.glob("*.ts")}
    stale = [name for name in wanted | found if wanted.get(name) != found.get(name)]
    if not parser.parse_args().check:
        TARGET.mkdir(exist_ok=True)
        for name in stale:
            if name in wanted:
                (TARGET / name).write_text(wanted[name], encoding="utf-8")
            else:
                (TARGET / name).unlink()
        return 0
    for name in stale:
        print(
            f"{(TARGET / name).relative_to(ROOT)} is stale: it differs from what server/wire/ "
            "gives. Run `make generate`.",
            file=sys.stderr,
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
