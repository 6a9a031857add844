from __future__ import annotations

import pytest

from tests.e2e import logs
from tests.e2e.axe import violations

pytestmark = pytest.mark.e2e


def test_axe_finds_nothing_in_the_panes(open_tab, axe):
    tab = open_tab(state={"layer": "conv3", "method": "guided", "sort": "mean"})
    tab.wait_until_painted()
    for name in ("Filter", "Layer", "Classes"):
        tab.inspector_tab(name).click()
        tab.wait_for_rest()
        assert violations(tab, axe) == [], name


def test_axe_finds_nothing_in_what_opens_above_the_panes(open_tab, axe):
    tab = open_tab(state={"overlay": "true", "scale": "fixed"})
    tab.grid.wait_for()
    tab.wait_for_rest()
    assert violations(tab, axe) == [], "with the hint"
    tab.wait_until_painted()
    tab.filters.get_by_text("Export").click()
    tab.filters.get_by_role("button", name="Statistics, CSV").wait_for()
    assert violations(tab, axe) == [], "with the export menu"
    tab.page.keyboard.press("Escape")
    tab.search.fill("conv")
    assert violations(tab, axe) == [], "with the list of hits"
    tab.search.press("Escape")
    tab.button("Keys and settings").click()
    tab.help.wait_for()
    tab.wait_for_rest()
    assert violations(tab, axe) == [], "with the list of keys"


def test_axe_finds_nothing_where_there_is_nothing_to_show(open_tab, axe):
    tab = open_tab(run=logs.DAMAGED)
    tab.filters.get_by_role("button", name="Try again").wait_for()
    assert violations(tab, axe) == []


def test_axe_finds_nothing_in_a_deep_network_and_at_a_narrow_size(open_tab, axe):
    tab = open_tab(run=logs.DEEP)
    tab.wait_until_painted()
    assert violations(tab, axe) == []
    tab.resize(880, 800)
    tab.wait_for_rest()
    assert violations(tab, axe) == []


def test_the_document_has_a_language_and_a_title(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    document = tab.document()
    assert document.evaluate("document.documentElement.lang") == "en"
    assert document.title() == "ConvLens"


def test_a_screen_reader_gets_the_selected_filter(open_tab):
    tab = open_tab(run=logs.WIDE, state={"sort": "index"})
    tab.wait_until_painted()
    active = tab.grid.get_attribute("aria-activedescendant")
    assert tab.grid.get_by_role("option").get_attribute("id") == active
    assert "no response" in tab.grid.get_by_role("option").inner_text()
