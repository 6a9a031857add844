"""Nothing is cut and nothing overlaps, at any size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.e2e import logs
from tests.e2e.layout import layout_problems
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

SIZES = {
    "laptop": (1440, 900),
    "small screen": (1024, 768),
    "low screen": (1024, 704),
    "narrow": (900, 800),
    "half a screen": (700, 800),
    "ultrawide": (2560, 1080),
    "notebook cell": (1200, 600),
    "portrait": (800, 1280),
}


def go_to_pane(tab: Tab, name: str) -> None:
    """Shows a pane, where only one has room."""
    panes = tab.frame.get_by_role("navigation", name="Panes")
    if panes.is_visible():
        panes.get_by_role("button", name=name).click()


def box_of(pane: Locator) -> FloatRect:
    box = pane.bounding_box()
    assert box is not None
    return box


def at_every_size(tab: Tab) -> Iterator[str]:
    """Resizes the tab, and names each size."""
    for name, size in SIZES.items():
        tab.resize(*size)
        tab.wait_for_rest()
        yield name


def test_every_pane_is_whole(open_tab):
    tab = open_tab(state={"layer": "conv3"})
    tab.wait_until_painted()
    problems = {}
    for size in at_every_size(tab):
        go_to_pane(tab, "Filters")
        problems[f"{size}, Filters"] = layout_problems(tab.document())
        go_to_pane(tab, "Layers")
        problems[f"{size}, Layers"] = layout_problems(tab.document())
        go_to_pane(tab, "Inspector")
        for name in ("Filter", "Layer", "Classes"):
            if tab.inspector_tab(name).is_visible():
                tab.inspector_tab(name).click()
            tab.wait_for_rest()
            problems[f"{size}, {name}"] = layout_problems(tab.document())
    assert not any(problems.values()), problems


def test_a_deep_network_a_wide_layer_and_long_names_leave_every_pane_whole(open_tab):
    tab = open_tab(run=logs.DEEP, state={"scale": "fixed", "sort": "mean"})
    tab.wait_until_painted()
    problems = {}
    for run, first in ((logs.DEEP, "backbone"), (logs.WIDE, "wide"), (logs.HOSTILE, "img")):
        tab.run.select_option(run)
        go_to_pane(tab, "Filters")
        expect(tab.title).to_contain_text(first)
        for size in at_every_size(tab):
            go_to_pane(tab, "Filters")
            tab.wait_for_rest()
            problems[f"{size}, {run}"] = layout_problems(tab.document())
            go_to_pane(tab, "Layers")
            problems[f"{size}, {run}, layers"] = layout_problems(tab.document())
    assert not any(problems.values()), problems


def test_the_comparison_is_whole(open_tab):
    compared = f'[["{logs.DIGITS}",1,0]]'
    tab = open_tab(state={"layer": "conv3", "compare": compared})
    pane = tab.frame.get_by_role("region", name="Comparison")
    pane.get_by_role("listbox", name="Filters side by side").wait_for()
    tab.hint.get_by_role("button", name="Got it").click()
    problems = {}
    for size in at_every_size(tab):
        go_to_pane(tab, "Filters")
        tab.wait_for_rest()
        problems[f"{size}, Comparison"] = layout_problems(tab.document())
        go_to_pane(tab, "Inspector")
        tab.wait_for_rest()
        problems[f"{size}, Inspector"] = layout_problems(tab.document())
    assert not any(problems.values()), problems


def test_the_hint_and_the_sheet_of_keys_are_whole(open_tab):
    tab = open_tab()
    tab.grid.wait_for()
    for size in at_every_size(tab):
        expect(tab.hint.get_by_role("button", name="Got it")).to_be_in_viewport()
        box = box_of(tab.hint)
        assert box["x"] >= 0, size
        assert box["x"] + box["width"] <= SIZES[size][0], size
    tab.hint.get_by_role("button", name="Got it").click()
    tab.page.keyboard.press("?")
    last = tab.help.get_by_text("What the pictures show")
    for _ in at_every_size(tab):
        tab.help.get_by_role("button", name="Close").scroll_into_view_if_needed()
        expect(tab.help.get_by_role("button", name="Close")).to_be_in_viewport()
        last.scroll_into_view_if_needed()
        expect(last).to_be_in_viewport()


def test_below_900_pixels_one_pane_is_shown_at_a_time(open_tab):
    tab = open_tab(size=(880, 800))
    tab.wait_until_painted()
    expect(tab.filters).to_be_visible()
    expect(tab.layers).to_be_hidden()
    expect(tab.inspector).to_be_hidden()
    go_to_pane(tab, "Layers")
    tab.node("conv4").click()
    expect(tab.title).to_be_visible()
    expect(tab.title).to_have_text("conv4")
    go_to_pane(tab, "Inspector")
    expect(tab.inspector).to_be_visible()
    expect(tab.filters).to_be_hidden()


def test_on_a_screen_on_edge_the_inspector_lies_below_layers_and_filters(open_tab):
    tab = open_tab(size=(800, 1280))
    tab.wait_until_painted()
    expect(tab.frame.get_by_role("navigation", name="Panes")).to_be_hidden()
    layers, filters, inspector = map(box_of, (tab.layers, tab.filters, tab.inspector))
    assert layers["x"] + layers["width"] <= filters["x"]
    assert filters["y"] + filters["height"] <= inspector["y"]
    assert inspector["width"] == pytest.approx(800, abs=1)


def test_in_a_low_tab_the_inspector_lies_beside_the_filters_and_else_below_them(open_tab):
    tab = open_tab(size=(1024, 704))
    tab.wait_until_painted()
    filters, inspector = box_of(tab.filters), box_of(tab.inspector)
    assert filters["x"] + filters["width"] <= inspector["x"]
    tab.resize(1024, 800)
    tab.wait_for_rest()
    filters, inspector = box_of(tab.filters), box_of(tab.inspector)
    assert filters["y"] + filters["height"] <= inspector["y"]


def test_alone_the_tab_has_the_room_that_it_has_inside_tensorboard(open_tab):
    alone, inside = open_tab(), open_tab(inside_tensorboard=True)
    sizes = []
    for tab in (alone, inside):
        tab.wait_until_painted()
        sizes.append(tab.document().evaluate("[innerWidth, innerHeight]"))
    assert sizes[0] == sizes[1]


def test_the_panes_follow_when_the_window_becomes_narrow_and_wide_again(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    for width in (1000, 700, 1440):
        tab.resize(width, 800)
        tab.wait_for_rest()
        assert layout_problems(tab.document()) == []
        grid = tab.grid.bounding_box()
        assert grid is not None
        assert grid["width"] > 300


def test_the_pictures_stay_when_tensorboard_hides_the_tab_and_shows_it_again(open_tab):
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    before = tab.pixels(tab.grid)
    tab.page.get_by_role("tab", name="scalars").click()
    tab.page.get_by_role("tab", name="ConvLens").click()
    tab.wait_for_rest()
    assert (tab.pixels(tab.grid) == before).all()
