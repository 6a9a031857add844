"""docs/http_api.md has a row for every route, and only for those."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints

from tensorboard.plugins import base_plugin

from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

_ROW = re.compile(r"^\| `(/[^`]*)` \|([^|]*)\|([^|]*)\|", re.MULTILINE)


def table(repository: Path) -> dict[str, tuple[str, str]]:
    """Query and answer of every documented route."""
    text = (repository / "docs" / "http_api.md").read_text()
    return {
        route: (query.strip(), answer.strip()) for route, query, answer in _ROW.findall(text)
    }


def test_routes_are_documented_and_documented_routes_exist(
    repository: Path, tmp_path: Path
) -> None:
    plugin = ConvLensPlugin(base_plugin.TBContext(logdir=str(tmp_path)))
    assert set(plugin.get_plugin_apps()) == set(table(repository))


def test_documented_answers_are_types_of_the_wire(repository: Path) -> None:
    answers = {answer.strip("`") for _, answer in table(repository).values()}
    named = {answer for answer in answers if re.fullmatch(r"[A-Z]\w+", answer)}
    assert {"Runs", "ModelGraph", "Step", "History"} <= named
    assert all(get_type_hints(getattr(wire, name)) for name in named)
