"""Names from a log directory do no harm. That no dialog opens is asserted for every test."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.layout import layout_problems
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e


def assert_unharmed(tab: Tab) -> None:
    document = tab.document()
    assert (
        document.evaluate(
            "document.querySelectorAll('img[onerror], img[src=x], script:not([type])').length"
        )
        == 0
    )
    assert "\u202e" not in document.evaluate("document.body.innerText")
    assert layout_problems(document) == []


def test_hostile_names_of_layers_are_shown_as_text(open_tab):
    tab = open_tab(run=logs.HOSTILE)
    tab.wait_until_painted()
    tab.inspector_tab("Layer").click()
    nodes = tab.layers.get_by_role("button", name=re.compile(r"^[1-9] "))
    expect(nodes).to_have_count(len(logs.LAYER_NAMES))
    for node, name in zip(nodes.all(), logs.LAYER_NAMES, strict=True):
        node.click()
        visible = re.sub(r"[\u202e\n\x00]", "�", name)[:40]
        expect(tab.title).to_contain_text(visible)
        tab.wait_for_state(layer=name)
        assert_unharmed(tab)


def test_hostile_names_of_classes_are_shown_as_text(open_tab):
    tab = open_tab(run=logs.HOSTILE)
    tab.wait_until_painted()
    tab.inspector_tab("Classes").click()
    panel = tab.inspector.get_by_role("tabpanel", name="Classes")
    expect(panel.get_by_role("listitem").first).to_contain_text(logs.SCRIPT[:20])
    expect(panel.get_by_role("listitem").nth(1)).to_contain_text("conv�gnp.exe")
    assert_unharmed(tab)


def test_hostile_names_are_found_and_chosen_like_others(open_tab):
    tab = open_tab(run=logs.HOSTILE)
    tab.wait_until_painted()
    for words, name in (
        ("endless", logs.ENDLESS),
        ("onerror", logs.SCRIPT),
        ("passwd", "../../etc/passwd"),
    ):
        tab.search.fill(words)
        option = (
            tab.frame.get_by_role("listbox", name="Search results").get_by_role("option").first
        )
        expect(option).to_contain_text(name[:30])
        tab.search.press("Enter")
        expect(tab.title).to_contain_text(name[:30])
        assert_unharmed(tab)
        tab.wait_for_state(layer=name)


def test_a_hostile_statistic_and_input_image_are_shown_as_text(open_tab):
    tab = open_tab(run=logs.HOSTILE, state={"sort": logs.FORMULA, "input": "1"})
    tab.wait_until_painted()
    expect(tab.inspector.get_by_role("region", name="Statistics")).to_contain_text("=HYPERLINK")
    assert_unharmed(tab)


def test_a_link_of_5000_characters_survives_a_reload(open_tab):
    tab = open_tab(run=logs.HOSTILE, state={"layer": logs.ENDLESS, "filter": "2"})
    tab.wait_until_painted()
    tab.page.reload()
    tab.wait_until_painted()
    expect(tab.title).to_contain_text("endless")
    expect(tab.inspector.get_by_role("heading", name="Filter 2", exact=True)).to_be_visible()


def test_the_text_of_a_link_is_never_run(open_tab):
    tab = open_tab(
        run='"><script>alert(1)</script>',
        state={"layer": "javascript:alert(1)", "sort": "constructor", "method": "__proto__"},
    )
    tab.wait_until_painted()
    assert_unharmed(tab)
