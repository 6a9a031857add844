"""ARCHITECTURE.md is a true map: what it names is there, and all that is there has a place."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tensorboard_plugin_convlens"
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DECISIONS = ROOT / "docs/decisions"
MOST_FILES = 25


def section(title: str) -> str:
    """The text below a heading of the map, up to the next one."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", MAP, re.MULTILINE | re.DOTALL)
    return str(text)


def invariants() -> list[str]:
    """Each invariant, with the tests that it names."""
    return re.split(r"^- ", section("Invariants"), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(
    "invariant", invariants(), ids=lambda text: " ".join(text.split())[:60]
)
def test_an_invariant_names_the_tests_that_hold_it(invariant: str) -> None:
    named = re.findall(r"`((?:tests|frontend/tests)/[\w./]+)(?:::(\w+))?`", invariant)
    assert named
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.endswith(".py"):
            functions = {
                n.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)
            }
            assert name in functions, f"{path} has no test {name}"


def test_files_that_the_map_sends_people_to_are_there() -> None:
    rows = section("I want to change …").splitlines()
    named = {
        path
        for row in rows
        for path in re.findall(r"`([\w./]+\.(?:py|md|ts|svelte|proto))`", row)
    }
    places = (ROOT, PACKAGE, ROOT / "frontend/src", ROOT / "frontend")
    missing = [
        p for p in named if "/" in p and not any((place / p).is_file() for place in places)
    ]
    assert named
    assert not missing


def test_import_linter_knows_every_folder() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    known = {name for layer in contracts[0]["layers"] for name in re.findall(r"\w+", layer)}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == known
    assert contracts[0]["exhaustive"]


def folders_of_code() -> list[Path]:
    """Every folder of the project with code in it."""
    files = [
        path
        for top in (PACKAGE, ROOT / "tests", ROOT / "tools", ROOT / "benchmarks")
        for path in top.rglob("*.py")
    ] + [*(ROOT / "frontend/src").rglob("*.*"), *(ROOT / "frontend/tests").rglob("*.ts")]
    return sorted({path.parent for path in files if "__pycache__" not in path.parts})


@pytest.mark.parametrize(
    "folder", folders_of_code(), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    files = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".pyc"]
    assert len(files) <= MOST_FILES


def test_every_decision_is_in_the_list_with_its_title() -> None:
    listed = dict(
        re.findall(
            r"^\| \[\d+\]\(([\w.-]+)\) \| (.+?) \|", (DECISIONS / "README.md").read_text(), re.M
        )
    )
    titles = {
        path.name: path.read_text().splitlines()[0].removeprefix(f"# {path.name[:4]} ")
        for path in DECISIONS.glob("0*.md")
    }
    assert listed == titles
