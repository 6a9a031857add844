"""The sections of `benchmarks/RESULTS.md`."""

from __future__ import annotations

import platform

import psutil
import pytest

from benchmarks.results import machine, table, write_section
from tensorboard_plugin_convlens.tracing.internals import uses_onednn


def headings(path):
    return [line for line in path.read_text().splitlines() if line.startswith("#")]


def test_a_section_is_replaced_and_the_others_are_left_alone(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_section("Engine", "slow\n\n### Peers\n\nnone", path=path)
    write_section("Tab", "the tab's figures", path=path)
    tab = path.read_text().partition("## Tab")[2]
    write_section("Engine", "fast", path=path)
    assert headings(path) == ["# Results", "## Engine", "## Tab"]
    assert path.read_text().partition("## Tab")[2] == tab
    assert "fast" in path.read_text()
    assert "slow" not in path.read_text()
    assert "Peers" not in path.read_text()


def test_writing_the_same_again_changes_nothing_but_the_date(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_section("Engine", "fast", path=path)
    write_section("Tab", "figures", path=path)
    first = path.read_text().splitlines()
    write_section("Engine", "fast", path=path)
    assert [line for line in path.read_text().splitlines() if " UTC · " not in line] == [
        line for line in first if " UTC · " not in line
    ]


@pytest.mark.parametrize("title", ["", " Engine", "En\ngine"])
def test_a_title_that_is_not_a_line_is_refused(title, tmp_path):
    with pytest.raises(ValueError, match="is one line without margins"):
        write_section(title, "body", path=tmp_path / "RESULTS.md")


def test_a_body_that_would_start_another_section_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not below the section's own"):
        write_section("Engine", "text\n## Tab\n", path=tmp_path / "RESULTS.md")


def test_a_result_says_what_it_was_measured_on_and_no_host(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "host-of-somebody")
    assert f"{psutil.cpu_count()} cores" in machine()
    assert "UTC" in machine()
    assert f"oneDNN {'on' if uses_onednn() else 'off'} (" in machine()
    assert "host-of-somebody" not in machine()


def test_a_table_has_its_numbers_at_the_right():
    assert table(["what", "s"], [["maps", "0.3"]]) == (
        "| what | s |\n| --- | ---: |\n| maps | 0.3 |"
    )
