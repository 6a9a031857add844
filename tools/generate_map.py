"""Generates the list of modules in ARCHITECTURE.md from the first sentence of each.

python tools/generate_map.py          writes the list
python tools/generate_map.py --check  exits 1 if the list is stale
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "ARCHITECTURE.md"
PACKAGE = ROOT / "tensorboard_plugin_convlens"
TAB = ROOT / "frontend" / "src"
BEGIN = (
    "<!-- The list of modules, by `make generate`: edit the first line of a module instead. -->"
)
END = "<!-- The end of the list of modules. -->"
# The JSON contract, whose parts need no line each.
FOLDED = {"wire"}


class MapError(Exception):
    """A module does not say what it is, or the page has no place for the list."""


def first_sentence(path: Path) -> str:
    """What a module or component says of itself, without the period.

    Raises:
      MapError: It says nothing: a docstring (Python), a comment (`//`, `<!-- -->`) is missing.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(text)) or ""
    elif path.suffix == ".svelte":
        found = re.match(r"<!--(.*?)-->", text, re.DOTALL)
        said = found[1] if found else ""
    else:
        found = re.match(r"((?://.*\n)+)", text)
        said = re.sub(r"^// ?", "", found[1], flags=re.MULTILINE) if found else ""
    paragraph = " ".join(said.strip().partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[^.].)\.(?:\s|$)", paragraph)[0]
    if not sentence:
        raise MapError(
            f"{path.relative_to(ROOT)} does not begin with a line that says what it is."
        )
    return sentence


def rooms() -> list[str]:
    """The folders of the package, in the order in which they import."""
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = linted["tool"]["importlinter"]["contracts"][0]["layers"]
    return [room for layer in layers for room in re.findall(r"\w+", layer)]


def list_folder(folder: Path, level: int) -> Iterator[str]:
    """The lines of a folder: its own sentence, its modules, then the folders in it."""
    own = folder / "__init__.py"
    name = f"{folder.relative_to(folder.parents[level])}/"
    yield f"**`{name}`**" + (f" {first_sentence(own)}" if own.is_file() else "") + "\n"
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".py", ".ts", ".svelte") or path.name.startswith("__init__"):
            continue
        if path.name.endswith((".gen.ts", "_pb2.py", ".d.ts")):
            yield f"- `{path.name}` generated"
        else:
            yield f"- `{path.name}` {first_sentence(path)}"
    yield ""
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and inner.name in FOLDED:
            yield f"**`{name}{inner.name}/`**\n\n- the JSON contract, a file per part\n"
        elif inner.is_dir() and inner.name != "__pycache__" and any(inner.rglob("*.*")):
            yield from list_folder(inner, level + 1)


def list_of_modules() -> str:
    """The generated part of the page."""
    lines = [BEGIN, "", "### `tensorboard_plugin_convlens/`", ""]
    for room in rooms():
        lines += list_folder(PACKAGE / room, 0)
    lines += ["### `frontend/`", "", *list_folder(TAB, 0)]
    return "\n".join([*lines, END])


def page() -> str:
    """The text of ARCHITECTURE.md with the list of today."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MapError(
            f"{PAGE.name} lacks the lines between which the list stands: {BEGIN} {END}"
        )
    return before + list_of_modules() + after


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the list; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    try:
        wanted = page()
    except MapError as error:
        print(error, file=sys.stderr)
        return 1
    if PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if check:
        print("The list of modules in ARCHITECTURE.md is stale: run `make generate`.")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
