"""Names do no harm in what opens beside the panes: comparison, timelines, marks, rankings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tensorboard_plugin_convlens.marks.marks import Marks
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.e2e import logs
from tests.e2e.axe import violations
from tests.e2e.everywhere.test_hostile_names import assert_unharmed
from tests.storage.reading.test_ablation_files import an_ablation
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

pytestmark = pytest.mark.e2e

COMPARED = json.dumps([[logs.HOSTILE, 0, 1]])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoardProcess]:
    """Two steps of the run with hostile names, with marks and a test of them that are too."""
    log_dir = tmp_path_factory.mktemp("hostile")
    logs.write_hostile(log_dir, steps=(0, 1))
    marks = Marks(log_dir, author=logs.SCRIPT)
    for name in (logs.SCRIPT, "..", logs.REVERSED):
        tags = (logs.SCRIPT[:40], logs.REVERSED)
        marks.mark(
            logs.HOSTILE, name, [0], verdict="useless", tags=tags, note=logs.ENDLESS[:3000]
        )
    marks.close()
    whole = an_ablation(logs.SCRIPT)
    marked = replace(whole.choices[0], filters={logs.SCRIPT: (0,)})
    hostile = replace(
        whole, model=logs.ENDLESS, metrics=(logs.SCRIPT, logs.REVERSED), choices=(marked,)
    )
    Writer(log_dir, run=logs.HOSTILE).write_ablation(hostile)
    with running_tensorboard(log_dir, with_tensorflow=False) as process:
        yield process


def open_hostile(open_tab, server, **state):
    tab = open_tab(run=logs.HOSTILE, server=server, state=state)
    tab.wait_until_painted()
    return tab


def test_in_the_comparison(open_tab, server, axe):
    tab = open_tab(run=logs.HOSTILE, server=server, state={"compare": COMPARED})
    pane = tab.frame.get_by_role("region", name="Comparison")
    expect(pane.get_by_role("combobox", name="Run of B")).to_have_value(logs.HOSTILE)
    tab.hint.get_by_role("button", name="Got it").click()
    nodes = tab.layers.get_by_role("button", name=re.compile(r"^[1-9] "))
    for place, name in enumerate(logs.LAYER_NAMES):
        nodes.nth(place).click()
        tab.wait_for_state(layer=name)
        tab.wait_for_rest()
        assert_unharmed(tab)
    assert violations(tab, axe) == []


@pytest.mark.parametrize("kind", ["layer", "network"])
def test_in_the_timelines(open_tab, server, axe, kind):
    tab = open_tab(
        run=logs.HOSTILE,
        server=server,
        state={"timeline": kind, "layer": logs.ENDLESS},
    )
    dialog = tab.frame.get_by_role("dialog", name="Over the steps")
    dialog.wait_for()
    matrix = tab.frame.get_by_role("application")
    expect(matrix).to_be_visible()
    if kind == "layer":
        menu = dialog.get_by_label("Statistic of the matrix")
        menu.select_option(logs.FORMULA)
        expect(dialog).to_contain_text("is not the name of a statistic")
        menu.select_option("mean")
        expect(matrix).to_be_visible()
    tab.wait_for_rest()
    assert_no_markup(tab)
    assert violations(tab, axe) == []


def test_in_marks_and_their_history(open_tab, server, axe):
    tab = open_hostile(open_tab, server, layer=logs.SCRIPT, filter="0")
    tags = tab.inspector.get_by_role("textbox", name=re.compile("^Tags"))
    expect(tags).to_have_value(re.compile(re.escape(logs.SCRIPT[:20])))
    tab.inspector.get_by_role("button", name="history").click()
    expect(tab.inspector.get_by_role("list", name="History of the mark")).to_be_visible()
    tab.wait_for_rest()
    assert_unharmed(tab)
    assert violations(tab, axe) == []


def test_in_the_criterion_its_agreement_and_the_tests_of_verdicts(open_tab, server, axe):
    tab = open_hostile(open_tab, server, layer=logs.ENDLESS, sort=logs.FORMULA)
    for button, title in (
        ("How far criteria agree", "How far criteria agree"),
        ("Do verdicts hold?", "Do the verdicts hold?"),
    ):
        tab.filters.get_by_role("button", name=re.compile("^About ")).click()
        card = tab.frame.get_by_role("dialog", name="Criterion")
        expect(card).to_contain_text("HYPERLINK")
        card.get_by_role("button", name=button).click()
        dialog = tab.frame.get_by_role("dialog", name=title)
        dialog.wait_for()
        tab.wait_for_rest()
        assert_no_markup(tab)
        assert violations(tab, axe) == [], title
        dialog.get_by_role("button", name="Close").click()


def assert_no_markup(tab) -> None:
    """Nothing of the names has become part of the page; what lies under a dialog is covered."""
    harmed = "document.querySelectorAll('img[onerror], img[src=x], script:not([type])').length"
    document = tab.document()
    assert document.evaluate(harmed) == 0
    assert "\u202e" not in document.evaluate("document.body.innerText")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert document.evaluate(width) <= 0
    inside = """[...document.querySelectorAll("dialog[open]")]
      .every(one => one.getBoundingClientRect().right <= innerWidth)"""
    assert document.evaluate(inside)
