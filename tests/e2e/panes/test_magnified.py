"""The selected filter as large as the tab allows, and where on the input image it looks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.axe import violations
from tests.e2e.layout import layout_problems
from tests.e2e.tab import VIK_CENTER, VIK_ENDS

pytestmark = pytest.mark.e2e

INPUT_SIDE = 20
FIELD_SIDE = 3


def test_a_filter_is_magnified_by_keys_a_double_click_or_a_button_and_put_back(open_tab):
    tab = open_tab(run=logs.VALUES)
    tab.wait_until_painted()
    loupe = tab.frame.get_by_role("dialog", name="Filter 0 bands")
    for magnify in (
        lambda: tab.page.keyboard.press("e"),
        lambda: tab.grid.press("Enter"),
        lambda: tab.grid.dblclick(position={"x": 60, "y": 60}),
        lambda: tab.inspector.get_by_role("button", name=re.compile("Magnify")).click(),
    ):
        magnify()
        expect(loupe).to_be_visible()
        tab.page.keyboard.press("Escape")
        expect(loupe).to_be_hidden()


@pytest.mark.parametrize("size", [(1440, 900), (880, 800), (1200, 600)], ids=str)
def test_a_magnified_filter_is_larger_and_whole_and_has_the_value_under_the_cursor(
    open_tab, size
):
    tab = open_tab(run=logs.VALUES, size=size)
    tab.wait_until_painted()
    tab.grid.press("Enter")
    loupe = tab.frame.get_by_role("dialog")
    picture = loupe.get_by_role("img", name="Activation of filter 0")
    tab.wait_for_rest()
    shown = tab.pixels(picture)
    height, width = shown.shape[:2]
    assert min(height, width) > 250
    colors = [tuple(shown[height // 2, width * at // 12 + 5]) for at in (1, 6, 10)]
    assert colors == [VIK_ENDS[0], VIK_CENTER, VIK_ENDS[1]]
    picture.hover(position={"x": width * 10.5 / 12, "y": height * 3.5 / 12})
    expect(loupe.get_by_text("row 3, column 10: 2", exact=True)).to_be_visible()
    for name in ("Previous filter", "Next filter", "Close"):
        expect(loupe.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    # What lies under the open window is covered on purpose.
    assert not [one for one in layout_problems(tab.document()) if "is cut" in one]


def test_arrow_keys_leaf_through_magnified_filters(open_tab):
    tab = open_tab(state={"sort": "index"})
    tab.wait_until_painted()
    tab.grid.press("Enter")
    tab.page.keyboard.press("ArrowRight")
    expect(tab.frame.get_by_role("dialog", name="Filter 1 conv1")).to_be_visible()
    tab.page.keyboard.press("ArrowLeft")
    expect(tab.frame.get_by_role("dialog", name="Filter 0 conv1")).to_be_visible()


def test_axe_finds_nothing_in_a_magnified_filter(open_tab, axe):
    tab = open_tab(state={"layer": "conv4", "method": "guided", "overlay": "true"})
    tab.wait_until_painted()
    tab.grid.press("Enter")
    tab.wait_for_rest()
    assert violations(tab, axe) == []


def test_what_the_unit_under_the_cursor_sees_is_outlined_on_the_input_image(open_tab):
    tab = open_tab(run=logs.WIDE, state={"layer": "narrow", "overlay": "true"})
    tab.wait_until_painted()
    over = tab.inspector.get_by_role("img", name="over the input image")
    tab.inspector.get_by_role("slider", name="opacity").fill("0.1")
    box = over.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    tab.wait_for_rest()
    # The gray input image is nowhere pure white; the outline is.
    rows, columns = np.nonzero((tab.pixels(over) == 255).all(axis=2))
    for places, length in ((rows, box["height"]), (columns, box["width"])):
        field = FIELD_SIDE / INPUT_SIDE * length
        assert places.max() - places.min() == pytest.approx(field, abs=4)
