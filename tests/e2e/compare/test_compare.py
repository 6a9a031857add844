"""Captures side by side: columns, their difference, order, and what cannot be compared."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.axe import violations

pytestmark = pytest.mark.e2e


def compared(tab):
    return tab.frame.get_by_role("region", name="Comparison")


def test_c_compares_with_the_step_before_and_axe_finds_nothing(open_tab, axe):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    tab.page.keyboard.press("c")
    pane = compared(tab)
    expect(pane.get_by_role("combobox", name="Step of B")).to_have_value("7")
    rows = pane.get_by_role("listbox", name="Filters side by side")
    expect(rows).to_contain_text("change")
    expect(pane).to_contain_text("rounding")
    tab.wait_for_rest()
    assert violations(tab, axe) == []
    tab.page.keyboard.press("c")
    expect(pane).to_be_hidden()


def test_filters_are_sorted_by_the_size_of_their_change(open_tab):
    tab = open_tab(state={"layer": "conv2", "compare": '[["digits/train",1,0]]'})
    pane = compared(tab)
    rows = pane.get_by_role("listbox", name="Filters side by side")
    pane.get_by_role("combobox", name="Sort the comparison").select_option("pictures")
    rows.press("Home")
    changes = []
    for _ in range(6):
        changes.append(float(rows.get_by_role("option").inner_text().rpartition(" ")[2]))
        rows.press("ArrowDown")
    assert changes == sorted(changes, reverse=True)
    assert changes[0] > 0
    tab.wait_for_state(by="pictures")


def test_the_same_capture_twice_has_no_change_and_is_read_alike(open_tab):
    tab = open_tab(state={"layer": "conv1", "compare": '[["digits/train",null,0]]'})
    pane = compared(tab)
    rows = pane.get_by_role("listbox", name="Filters side by side")
    expect(rows.get_by_role("option")).to_contain_text("change 0")
    box = rows.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 60, box["y"] + 40)
    reading = pane.get_by_text("Filter 0: A")
    values = reading.inner_text().partition(": ")[2].split(" · ")
    assert values[0].removeprefix("A ") == values[1].removeprefix("B ")


def test_another_model_says_what_has_no_counterpart(open_tab):
    tab = open_tab(state={"layer": "conv1", "compare": '[["values",null,0]]'})
    pane = compared(tab)
    expect(pane).to_contain_text("A and B are different models: 0 layers")
    expect(pane).to_contain_text("different input images")
    pane.get_by_text("layers not compared, or only in part").click()
    reasons = pane.get_by_role("list", name="Layers that are not compared")
    expect(reasons).to_contain_text("conv1 is not in the model of B.")
    expect(reasons).to_contain_text("bands is not in the model of A.")
    pane.get_by_role("combobox", name="Run of B").select_option(logs.DIGITS)
    expect(pane).not_to_contain_text("different models")
    pane.get_by_role("button", name="Add column").click()
    expect(pane.get_by_role("combobox", name="Step of C")).to_be_visible()
    pane.get_by_role("button", name="Remove column C").click()
    pane.get_by_role("button", name="Remove column B").click()
    expect(pane).to_be_hidden()


def test_every_control_of_a_column_chooses_what_is_compared(open_tab):
    tab = open_tab(state={"layer": "conv2", "sort": "index", "filter": "4"})
    tab.wait_until_painted()
    tab.button("Compare").click()
    pane = compared(tab)
    rows = pane.get_by_role("listbox", name="Filters side by side")
    expect(rows.get_by_role("option")).to_contain_text("Filter 4, 5 of 16")
    for name, value, wanted in (
        ("Step of B", "2", '[["digits/train",2,0]]'),
        ("Input of B", "3", '[["digits/train",2,3]]'),
        ("Step of B", "", '[["digits/train",null,3]]'),
    ):
        before = tab.pixels(rows)
        pane.get_by_role("combobox", name=name).select_option(value)
        tab.wait_for_state(compare=wanted)
        tab.wait_for_rest()
        assert not np.array_equal(tab.pixels(rows), before)
    scale = pane.get_by_role("group", name="Color scale")
    before = tab.pixels(rows)
    scale.get_by_role("button", name="layer").click()
    tab.wait_for_state(scale="layer")
    tab.wait_for_rest()
    assert not np.array_equal(tab.pixels(rows), before)
    scale.get_by_role("button", name="fixed").click()
    pane.get_by_label("Range of the fixed color scale").fill("0.5")
    pane.get_by_label("Range of the fixed color scale").press("Enter")
    tab.wait_for_state(scale="fixed", fixed="0.5")
    pane.get_by_role("button", name="Add column").click()
    pane.get_by_role("button", name="Add column").click()
    # Four columns are the most; with more than two nothing is subtracted.
    expect(pane.get_by_role("button", name="Add column")).to_have_count(0)
    expect(pane.get_by_role("group", name="Column D")).to_be_visible()
    expect(rows.get_by_role("option")).not_to_contain_text("change")
    tab.page.keyboard.press("[")
    tab.wait_for_step(7)
    expect(pane).to_contain_text("step 7, ")
    pane.get_by_role("button", name="End").click()
    expect(tab.grid).to_be_visible()
    tab.wait_for_state(compare="", filter="4")


def test_a_row_is_chosen_by_click_and_by_keys_and_marks_go_on_in_the_order_of_the_rows(
    open_tab,
):
    tab = open_tab(
        state={"layer": "conv2", "compare": '[["digits/train",1,0]]', "by": "pictures"}
    )
    pane = compared(tab)
    rows = pane.get_by_role("listbox", name="Filters side by side")
    rows.press("Home")
    order = []
    for place in range(1, 4):
        expect(rows.get_by_role("option")).to_contain_text(f"{place} of 16")
        order.append(rows.get_by_role("option").inner_text().split(",")[0])
        rows.press("ArrowDown")
    rows.press("Home")
    tab.inspector.get_by_role("button", name="Next filter").click()
    expect(tab.inspector.get_by_role("heading", name=order[1], exact=True)).to_be_visible()
    box = rows.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + 60, box["y"] + 60)
    expect(tab.inspector.get_by_role("heading", name=order[0], exact=True)).to_be_visible()


def open_and_end_comparisons(tab, times):
    pane = compared(tab)
    for _ in range(times):
        tab.page.keyboard.press("c")
        expect(pane.get_by_role("listbox", name="Filters side by side")).to_be_visible()
        tab.page.keyboard.press("c")
        expect(pane).to_be_hidden()


@pytest.mark.parametrize("before", [1, 2])
def test_a_later_comparison_of_a_visit_follows_its_columns(open_tab, before):
    tab = open_tab(state={"layer": "conv2", "sort": "index"})
    tab.wait_until_painted()
    open_and_end_comparisons(tab, before)
    tab.page.keyboard.press("c")
    pane = compared(tab)
    rows = pane.get_by_role("listbox", name="Filters side by side")
    expect(rows.get_by_role("option")).to_contain_text("change")
    tab.wait_for_rest()
    step_before = tab.pixels(rows)
    pane.get_by_role("combobox", name="Step of B").select_option("0")
    tab.wait_for_state(compare='[["digits/train",0,0]]')
    expect(tab.inspector.get_by_role("figure").nth(1)).to_contain_text("step 0")
    tab.wait_for_rest()
    assert not np.array_equal(tab.pixels(rows), step_before)


@pytest.mark.parametrize("before", [1, 2])
def test_the_grid_is_sorted_and_filtered_again_after_comparisons(open_tab, before):
    tab = open_tab(state={"layer": "conv2", "sort": "index"})
    tab.wait_until_painted()
    open_and_end_comparisons(tab, before)
    said = tab.grid.get_by_role("option")
    tab.grid.press("Home")
    expect(said).to_have_text(re.compile("^Filter 0, 1 of 16"))
    tab.button("Ascending: reverse").click()
    tab.grid.press("Home")
    expect(said).to_have_text(re.compile("^Filter 15, 1 of 16"))
    tab.frame.get_by_role("combobox", name="Show", exact=True).select_option("unresponsive")
    expect(said).not_to_have_text(re.compile("of 16"))


def test_a_comparison_opens_at_the_row_of_the_selected_filter(open_tab):
    tab = open_tab(state={"layer": "conv3", "sort": "index", "filter": "17"})
    tab.wait_until_painted()
    assert_that_the_row_is_in_view(tab, 17)
    for key, selected in (("Home", 0), ("End", 31)):
        tab.grid.press(key)
        assert_that_the_row_is_in_view(tab, selected)


def assert_that_the_row_is_in_view(tab, selected):
    """Opens the comparison, looks, and ends it."""
    tab.page.keyboard.press("c")
    rows = compared(tab).get_by_role("listbox", name="Filters side by side")
    expect(rows.get_by_role("option")).to_contain_text(f"Filter {selected}, ")
    tab.wait_for_rest()
    top, height, whole = rows.evaluate("r => [r.scrollTop, r.clientHeight, r.scrollHeight]")
    row = whole / 32
    assert top <= selected * row + row / 4
    assert (selected + 1) * row <= top + height + row / 4
    tab.page.keyboard.press("c")
    tab.grid.wait_for()
    tab.wait_for_rest()


def test_columns_that_are_added_show_what_no_other_shows(open_tab):
    tab = open_tab(state={"layer": "conv2", "compare": '[["digits/train",7,0]]'})
    pane = compared(tab)
    shown = [["digits/train", 7, 0]]
    for step in (6, 5):
        pane.get_by_role("button", name="Add column").click()
        shown.append(["digits/train", step, 0])
        tab.wait_for_state(compare=json.dumps(shown, separators=(",", ":")))
