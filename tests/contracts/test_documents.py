"""What the documents say is so: code runs, commands parse, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tensorboard_plugin_convlens.cli.main import build_parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_MAKE_TARGET = re.compile(r"`(?:[^`\n]*\s)?make ([a-z]+)[^`\n]*`|^make ([a-z]+)", re.MULTILINE)

# What a reader of an example has: a model, its training data, and a few input images.
READERS_NAMES = """
import keras, numpy as np
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.layers.Input((16, 16, 1)),
    keras.layers.Conv2D(4, 3, activation="relu", name="conv1"),
    keras.layers.Conv2D(4, 3, activation="relu", name="conv2"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
x_train = np.random.default_rng(0).random((32, 16, 16, 1), dtype=np.float32)
y_train = np.arange(32) % 10
x_test, y_test = x_train[:8], y_train[:8]
images = x_train[:2]
"""


def blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a document in one of the languages, in order."""
    return [body for language, body in _FENCE.findall(text) if language in languages]


def commands(text: str, program: str) -> list[str]:
    """Lines of shell blocks that run `program`; continued lines are joined."""
    shell = "\n".join(blocks(text, "bash", "sh", "shell", "console")).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in shell.splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


def anchors(text: str) -> set[str]:
    """The anchors that a Git forge makes of the headings."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def broken_links(document: Path, text: str) -> list[str]:
    """Links of a document to files or headings that are not there."""
    broken = []
    for link in (first or second for first, second in _LINK.findall(_FENCE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        known = target.exists() and (not anchor or anchor in anchors(target.read_text()))
        if not known:
            broken.append(link)
    return broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(document: Path) -> None:
    assert broken_links(document, document.read_text()) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Two words\n[a](#two-words) [b](#three) [c](page.md#two-words) [d](no.md)"
    )
    assert broken_links(page, page.read_text()) == ["#three", "no.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_python_examples_run(document: Path, tmp_path: Path) -> None:
    examples = blocks(document.read_text(), "python")
    if examples:
        script = tmp_path / "examples.py"
        script.write_text("\n".join([READERS_NAMES, *examples]))
        finished = subprocess.run(
            [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_convlens_commands_parse(document: Path) -> None:
    for command in commands(document.read_text(), "convlens"):
        if "--help" not in command:
            build_parser().parse_args(shlex.split(command, comments=True)[1:])


def test_a_command_that_does_not_parse_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = commands("```console\n$ convlens inspct logs\n```\n", "convlens")
    with pytest.raises(SystemExit):
        build_parser().parse_args(shlex.split(command)[1:])
    assert "inspct" in capsys.readouterr().err


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {first or second for first, second in _MAKE_TARGET.findall(document.read_text())}
    assert named - targets == set()


def test_readme_has_an_example_to_run() -> None:
    readme = (ROOT / "README.md").read_text()
    assert blocks(readme, "python")
    assert commands(readme, "convlens")
