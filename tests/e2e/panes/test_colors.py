"""What is on screen, pixel by pixel: zero is the center of the colors, and red is positive."""

# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.tab import (
    BERLIN_CENTER,
    CENTERS,
    VIK_CENTER,
    VIK_ENDS,
    Rgb,
    Seen,
    Tab,
    address,
)

pytestmark = pytest.mark.e2e

# Small enough for all filters of the run "values" to lie in one row.
ONE_ROW = {"size": "80"}
MIDDLE_OF_ROW = 50


def row_of_tiles(tab: Tab) -> list[Seen]:
    return tab.grid_line(MIDDLE_OF_ROW, width=560)


def of_filter(points: list[Seen], channel: int) -> list[Seen]:
    found = [point for point in points if point.channel == channel]
    assert found, f"Filter {channel} is not on the line."
    return found


def colors_by_value(points: list[Seen]) -> dict[str, set[Rgb]]:
    colors: dict[str, set[Rgb]] = {}
    for point in points:
        colors.setdefault(point.value, set()).add(point.color)
    return colors


def legend_center(tab: Tab) -> Rgb:
    """The color beside the mark of zero in the middle of the legend of the grid."""
    bar = tab.pixels(tab.filters.get_by_role("figure").locator("canvas").first)
    height, width = bar.shape[:2]
    red, green, blue = (int(value) for value in bar[height // 2, width // 2 + 2])
    return red, green, blue


def test_zero_is_the_center_color_and_the_sign_keeps_its_meaning(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    for theme in tab.in_both_themes():
        colors = colors_by_value(of_filter(row_of_tiles(tab), logs.BANDS))
        assert set(colors) == {"−2", "0", "2"}
        assert colors["0"] == {CENTERS[theme]}
        assert len(colors["2"]) == len(colors["−2"]) == 1
        (red, _, blue), *_ = colors["2"]
        assert red > blue, "Positive values are red."
        (red, _, blue), *_ = colors["−2"]
        assert blue > red, "Negative values are blue."
        assert np.abs(np.subtract(legend_center(tab), CENTERS[theme])).max() <= 8


def test_the_ends_of_the_values_are_the_ends_of_the_palette(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    colors = colors_by_value(of_filter(row_of_tiles(tab), logs.BANDS))
    assert (colors["−2"], colors["2"]) == ({VIK_ENDS[0]}, {VIK_ENDS[1]})


def test_a_screen_of_twice_the_pixels_shows_the_same_tiles_with_twice_the_pixels(
    new_context, tensorboard
):
    shown = []
    for ratio in (1, 2):
        page = new_context(pixel_ratio=ratio).new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(address(tensorboard.url, {"run": logs.VALUES, **ONE_ROW}))
        tab = Tab(page)
        tab.wait_until_painted()
        canvas = tab.grid.locator("canvas").first
        width, wide = canvas.evaluate("canvas => [canvas.width, canvas.clientWidth]")
        assert width == ratio * wide
        shown.append(tab.pixels(tab.grid))
    once, twice = shown
    assert twice.shape[:2] == (2 * once.shape[0], 2 * once.shape[1])
    # The middle line of the first tile: apart from edges, each color is where it was.
    # (The hatching of values that are not finite is as fine as the screen.)
    line = once[MIDDLE_OF_ROW, :88], twice[2 * MIDDLE_OF_ROW, :176:2]
    assert {VIK_CENTER, *VIK_ENDS} <= {tuple(int(v) for v in color) for color in line[1]}
    assert (line[0] == line[1]).all(axis=-1).mean() > 0.9


def test_zero_is_the_center_color_where_there_are_no_negative_values(open_tab):
    tab = open_tab(run=logs.VALUES, state={**ONE_ROW, "layer": "rectified"})
    tab.wait_until_painted()
    colors = colors_by_value(of_filter(row_of_tiles(tab), logs.BANDS))
    assert colors["0"] == {VIK_CENTER}
    assert colors["2"] == {VIK_ENDS[1]}


def test_values_that_are_not_finite_have_a_color_of_no_value(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    line = row_of_tiles(tab)
    values = {point.color for point in of_filter(line, logs.BANDS)}
    broken = of_filter(line, logs.ALL_NAN)
    assert {point.value for point in broken} == {"not finite"}
    assert values.isdisjoint(point.color for point in broken)
    half = colors_by_value(of_filter(line, logs.HALF_NAN))
    assert set(half) == {"not finite", "1"}
    assert half["not finite"].isdisjoint(half["1"])
    tab.page.mouse.move(0, 0)
    expect(tab.filters.get_by_text("3 filters with NaN or Inf")).to_be_visible()


def test_a_filter_that_never_responds_looks_unlike_one_that_is_zero_in_places(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    silent = of_filter(row_of_tiles(tab), logs.SILENT)
    assert {point.value for point in silent} == {"0"}
    assert VIK_CENTER not in {point.color for point in silent}
    tab.page.mouse.move(0, 0)
    expect(tab.filters.get_by_text("1 without a response to this input")).to_be_visible()


def test_values_too_small_for_a_picture_keep_their_number(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    tiny = of_filter(row_of_tiles(tab), logs.TINY)
    assert {point.value for point in tiny} == {"1.0e−30"}
    assert {point.color for point in tiny} == {VIK_ENDS[1]}


def test_one_scale_for_the_layer_draws_small_values_pale(open_tab):
    tab = open_tab(run=logs.VALUES, state={**ONE_ROW, "scale": "layer"})
    tab.wait_until_painted()
    line = row_of_tiles(tab)
    assert {point.color for point in of_filter(line, logs.TINY)} == {VIK_CENTER}
    colors = colors_by_value(of_filter(line, logs.BANDS))
    assert colors["2"] == {VIK_ENDS[1]}
    legend = tab.filters.get_by_role("figure").first
    expect(legend).to_contain_text("−2")
    expect(legend).to_contain_text("2")


def test_the_tab_follows_tensorboards_own_dark_mode_switch_while_it_is_open(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW, inside_tensorboard=True)
    tab.wait_until_painted()
    menu = tab.page.get_by_role("button", name="Menu for changing light or dark theme")
    for theme, center in (("Dark", BERLIN_CENTER), ("Light", VIK_CENTER)):
        menu.click()
        tab.page.get_by_role("menuitem", name=theme).click()
        tab.page.get_by_role("menuitem").first.wait_for(state="hidden")
        tab.wait_for_rest()
        shown = tab.pixels(tab.grid)
        assert (shown == center).all(axis=2).any(), f"{theme}: no pixel has the color of zero."


def test_the_tab_starts_dark_where_tensorboard_is_dark(open_tab):
    tab = open_tab(dark=True, inside_tensorboard=True)
    tab.wait_until_painted()
    shown = tab.pixels(tab.page.locator("iframe[src*='name=convlens']"))
    assert np.median(shown) < 80


def test_the_theme_and_the_palettes_can_be_chosen_and_are_kept(open_tab):
    tab = open_tab(run=logs.VALUES, state=ONE_ROW)
    tab.wait_until_painted()
    tab.button("Keys and settings").click()
    tab.help.get_by_label("Theme").select_option("dark")
    tab.help.get_by_label("Colors of activations and kernels").select_option("RdBu")
    tab.help.get_by_role("button", name="Close").click()
    tab.page.reload()
    tab.wait_until_painted()
    expect(tab.filters.get_by_role("figure", name="Color scale RdBu").first).to_be_visible()
    shown = tab.pixels(tab.layers)
    assert np.median(shown) < 80
