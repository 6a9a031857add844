"""The tab's code before its first picture stays within its budget (ARCHITECTURE.md)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.first_picture import STATIC, files_before_first_picture, gzipped_size

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"


def test_the_code_before_the_first_picture_is_within_its_budget():
    stated = re.search(
        r"\| the tab before its first picture, gzipped \| (\d+) KB \|",
        ARCHITECTURE.read_text(encoding="utf-8"),
    )
    assert stated is not None
    sizes = {file.name: gzipped_size(file) for file in files_before_first_picture()}
    assert sum(sizes.values()) <= 1000 * int(stated[1]), sizes


def test_views_that_open_later_are_files_of_their_own():
    later = set(STATIC.rglob("*.js")) - files_before_first_picture(STATIC / "index.js")
    names = {file.name.split("-")[0] for file in later}
    assert {"ComparePane", "HelpDialog", "Loupe", "Timelines", "VerdictTests"} <= names


def test_what_is_imported_at_once_counts_and_what_is_imported_later_does_not(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "index.js").write_text(
        'import{a as b}from"./static/at_once.js";import"./static/effects.js";'
        'const later=()=>import("./static/later.js");'
    )
    (tmp_path / "static/at_once.js").write_text('import{c}from"../index.js";export{c as a};')
    (tmp_path / "static/effects.js").write_text('export*from"./again.js"')
    (tmp_path / "static/again.js").write_text("")
    (tmp_path / "static/later.js").write_text("")
    found = files_before_first_picture(tmp_path / "index.js")
    assert {file.name for file in found} == {"index.js", "at_once.js", "effects.js", "again.js"}
