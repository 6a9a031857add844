# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e import logs
from tests.e2e.tab import CENTERS, VIK_ENDS, Tab

pytestmark = pytest.mark.e2e


def magnified(tab: Tab) -> Locator:
    return tab.inspector.get_by_role("img", name=re.compile("^(Activation|Guided|Plain)")).first


def hover(tab: Tab, what: Locator, x: float, y: float) -> None:
    """Puts the pointer on a place of an element, given as shares of its size."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_the_magnified_map_has_the_value_under_the_cursor_and_its_color(open_tab):
    tab = open_tab(run=logs.VALUES)
    tab.wait_until_painted()
    for theme in tab.in_both_themes():
        tab.page.mouse.move(0, 0)
        tab.wait_for_rest()
        shown = tab.pixels(magnified(tab))
        height, width = shown.shape[:2]
        assert tuple(shown[height // 2, width // 2]) == CENTERS[theme]
        if theme == "light":
            assert tuple(shown[height // 2, width // 6]) == VIK_ENDS[0]
            assert tuple(shown[height // 2, 5 * width // 6]) == VIK_ENDS[1]
        for column, value in ((1, "−2"), (6, "0"), (10, "2")):
            hover(tab, magnified(tab), (column + 0.5) / 12, 0.3)
            reading = tab.inspector.get_by_text(f"row 3, column {column}: {value}", exact=True)
            expect(reading).to_be_visible()


def test_the_cursor_is_marked_in_every_picture_of_the_filter(open_tab):
    # High enough to see all of them at once: scrolling would take the cursor away.
    tab = open_tab(size=(1440, 1300), state={"layer": "conv2"})
    tab.wait_until_painted()
    others = tab.inspector.get_by_role("region", name="Other input images")
    others.scroll_into_view_if_needed()
    tab.wait_for_rest()
    before = tab.pixels(others)
    magnified(tab).scroll_into_view_if_needed()
    hover(tab, magnified(tab), 0.4, 0.4)
    after = tab.pixels(others)
    assert not np.array_equal(before, after)


def test_the_map_is_laid_over_its_input_image(open_tab):
    tab = open_tab(run=logs.WIDE, state={"filter": "100"})
    tab.wait_until_painted()
    before = tab.pixels(magnified(tab))
    tab.inspector.get_by_role("checkbox", name="over the input").check()
    over = tab.inspector.get_by_role("img", name="over the input image")
    expect(over).to_be_visible()
    tab.wait_for_rest()
    assert not np.array_equal(before, tab.pixels(over)[: before.shape[0], : before.shape[1]])
    faint = tab.pixels(over)
    tab.inspector.get_by_role("slider", name="opacity").fill("0.1")
    tab.wait_for_rest()
    assert not np.array_equal(faint, tab.pixels(over))
    tab.wait_for_state(overlay="true")


def test_a_guided_gradient_is_shown_in_place_and_says_how_guided_it_is(open_tab):
    tab = open_tab(state={"layer": "conv4", "method": "guided"})
    tab.wait_until_painted()
    panel = tab.inspector.get_by_role("tabpanel", name="Filter")
    expect(panel.get_by_text(re.compile(r"Guided \d of \d rectifiers?"))).to_be_visible()
    expect(panel.get_by_text("Gradient of the strongest unit")).to_be_visible()
    tab.inspector.get_by_role("checkbox", name="in place").check()
    expect(tab.inspector.get_by_role("img", name="over the input image")).to_be_visible()


def test_the_other_methods_stand_beside_each_other_and_are_chosen_by_a_click(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    methods = tab.inspector.get_by_role("region", name="Methods")
    assert methods.get_by_role("img").count() >= 4
    methods.get_by_role("button", name="Guided").click()
    tab.wait_for_state(method="guided")
    expect(methods.get_by_role("button", name="Guided")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_other_input_images_stand_beside_each_other_and_are_chosen_by_a_click(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    others = tab.inspector.get_by_role("region", name="Other input images")
    pictures = others.get_by_role("img", name=re.compile("^Filter"))
    expect(pictures).to_have_count(6)
    pictures.nth(4).click()
    expect(tab.input).to_have_value("4")


def test_kernel_weights_are_shown_as_a_mean_and_as_slices(open_tab):
    tab = open_tab(state={"layer": "conv4"})
    tab.wait_until_painted()
    kernel = tab.inspector.get_by_role("region", name="Kernel")
    expect(kernel).to_contain_text("3 × 3 × 32")
    kernel.get_by_role("button", name=re.compile("Kernel")).click()
    expect(kernel.get_by_role("img", name="Mean over the input channels")).to_be_visible()
    slices = kernel.get_by_role("img", name=re.compile("^Input channel"))
    expect(slices).to_have_count(24)
    expect(kernel).to_contain_text("24 of 32 input channels shown")
    kernel.get_by_role("button", name="Show all").click()
    expect(slices).to_have_count(32)
    colors = np.unique(tab.pixels(slices.first).reshape(-1, 3), axis=0)
    assert len(colors) > 3


def test_statistics_have_their_place_in_the_layer_and_sort_the_grid(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    table = tab.inspector.get_by_role("region", name="Statistics").get_by_role("table")
    row = table.get_by_role("row", name=re.compile("^Mean"))
    expect(row.get_by_role("cell").first).to_have_text(re.compile(r"^\d"))
    expect(row.get_by_role("cell").last).to_have_text(re.compile(r"^#\d+$"))
    table.get_by_role("button", name="Kernel L2").click()
    tab.wait_for_state(sort="l2")
    tab.grid.press("Home")
    row = table.get_by_role("row", name=re.compile("^Kernel L2"))
    expect(row.get_by_role("cell").last).to_have_text("#1")


def test_the_history_is_a_curve_and_a_filmstrip_that_lead_to_their_step(open_tab):
    tab = open_tab(state={"layer": "conv2", "filter": "3"})
    tab.wait_until_painted()
    history = tab.inspector.get_by_role("region", name="History")
    curve = history.get_by_role("img", name=re.compile("step 0.* step 8"))
    expect(curve).to_be_visible()
    history.get_by_label("Statistic of the curve").select_option("std")
    expect(history.get_by_role("img", name=re.compile("^Deviation"))).to_be_visible()
    strip = history.get_by_role("listbox", name="Activation of filter 3 over the steps")
    selected = strip.get_by_role("option", selected=True)
    expect(selected).to_have_attribute("aria-label", re.compile("^Step 8"))
    expect(selected).to_have_attribute("aria-setsize", "9")
    strip.press("Home")
    tab.wait_for_step(0)
    expect(selected).to_have_attribute("aria-label", re.compile("^Step 0"))
    strip.press("ArrowRight")
    tab.wait_for_step(1)
    strip.get_by_role("option", name="Step 3").click()
    tab.wait_for_step(3)
    curve = history.get_by_role("img", name=re.compile("^Deviation"))
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    tab.wait_for_step(8)


def test_filters_are_leafed_through_in_the_inspector(open_tab):
    tab = open_tab(state={"sort": "index"})
    tab.wait_until_painted()
    tab.button("Next filter").click()
    expect(tab.inspector.get_by_role("heading", name="Filter 1", exact=True)).to_be_visible()
    tab.button("Previous filter").click()
    expect(tab.inspector.get_by_role("heading", name="Filter 0", exact=True)).to_be_visible()


def test_a_filter_without_a_response_says_that_it_does_not_respond(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    expect(tab.inspector.get_by_text("No response: every value is 0.")).to_be_visible()


def test_a_filter_without_a_finite_value_says_so(open_tab):
    tab = open_tab(run=logs.VALUES, state={"filter": str(logs.ALL_NAN)})
    tab.wait_until_painted()
    hover(tab, magnified(tab), 0.5, 0.5)
    expect(tab.inspector.get_by_text("row 6, column 6: not finite")).to_be_visible()
