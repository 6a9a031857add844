# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e import logs
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e


def changes_picture(tab: Tab, what: Locator) -> None:
    """Clicks, and asserts that the grid looks different afterwards."""
    before = tab.pixels(tab.grid)
    what.click()
    tab.wait_for_rest()
    after = tab.pixels(tab.grid)
    assert before.shape != after.shape or not np.array_equal(before, after)


def tile_count_in_first_row(tab: Tab) -> int:
    return len({point.channel for point in tab.grid_line(30, width=800, step=9)})


def test_choosing_a_run_shows_its_layers_and_filters(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.run.select_option(logs.WIDE)
    expect(tab.title).to_have_text("wide")
    expect(tab.node("narrow")).to_be_visible()
    expect(tab.filters.get_by_text("2,048 filters", exact=False).first).to_be_visible()
    tab.wait_for_state(run=logs.WIDE)


def test_the_slider_has_every_captured_step_and_shows_the_chosen_one(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    expect(tab.slider).to_have_attribute("aria-valuetext", re.compile("9 of 9"))
    shown = tab.pixels(tab.grid)
    tab.slider.fill("0")
    tab.wait_for_step(0)
    tab.wait_for_rest()
    assert not np.array_equal(shown, tab.pixels(tab.grid))
    tab.slider.press("ArrowRight")
    tab.wait_for_step(1)
    expect(tab.newest).not_to_be_checked()


def test_every_input_image_can_be_shown(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    assert tab.input.locator("option").count() == 6
    changes_picture(tab, tab.button("Next input image"))
    expect(tab.input).to_have_value("1")
    tab.button("Previous input image").click()
    tab.button("Previous input image").click()
    expect(tab.input).to_have_value("5")
    tab.input.select_option(index=3)
    tab.wait_for_state(input="3")


def test_every_captured_method_can_be_shown(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    for name in ("Guided", "Gradient", "Kernel", "Activation"):
        changes_picture(tab, tab.method(name))
        expect(tab.method(name)).to_have_attribute("aria-pressed", "true")


def test_gradients_are_drawn_in_a_sequential_palette_whose_zero_is_dark(open_tab):
    tab = open_tab(state={"layer": "conv4", "method": "guided"})
    tab.wait_until_painted()
    expect(
        tab.filters.get_by_role("figure", name=re.compile("^Color scale magma, 0 to"))
    ).to_be_visible()
    assert (tab.pixels(tab.grid) == (0, 0, 4)).all(axis=2).any()


def test_filters_are_sorted_by_a_statistic_in_both_directions(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    tab.filters.get_by_role("combobox", name="Sort").select_option("mean")
    tab.wait_for_rest()
    tab.grid.press("Home")
    largest = tab.selected_filter()
    tab.button("Descending: reverse").click()
    tab.grid.press("End")
    expect(tab.grid.get_by_role("option")).to_have_text(
        re.compile(rf"^Filter {largest}, 16 of 16")
    )
    means = tab.page.evaluate(
        """async () => {
          const get = async (route) => (await fetch(route)).json();
          const {runs} = await get('runs');
          const run = runs.find(run => run.run === 'digits/train');
          const {step, session, graph} = run.steps.at(-1);
          const {layers} = await get(`graph?run=${run.run}&fingerprint=${graph}`);
          const layer = layers.find(layer => layer.key === 'conv2').index;
          const at = `run=${run.run}&step=${step}&session=${session}`;
          const capture = await get(`layer?${at}&layer=${layer}&input=0`);
          return capture.statistics.find(statistic => statistic.name === 'mean').values;
        }"""
    )
    assert largest == int(np.argmax(means))


def test_filters_with_or_without_a_response_can_be_shown_alone(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    shown = tab.filters.get_by_role("combobox", name="Show")
    shown.select_option("unresponsive")
    expect(tab.filters.get_by_text("64 shown")).to_be_visible()
    shown.select_option("responding")
    expect(tab.filters.get_by_text("1984 shown")).to_be_visible()


def test_the_scale_modes_print_their_range_and_state_what_is_clipped(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    scale = tab.filters.get_by_role("group", name="Color scale")
    legend = tab.filters.get_by_role("figure").first
    expect(legend).to_contain_text("max")
    scale.get_by_role("button", name="layer").click()
    expect(legend).to_have_text(re.compile(r"−(\d\.\d+)\s*\1"))
    expect(tab.filters.get_by_text("nothing clipped")).to_be_visible()
    scale.get_by_role("button", name="fixed").click()
    tab.filters.get_by_label("Range of the fixed color scale").fill("1")
    tab.page.keyboard.press("Enter")
    # A third of all values of a normal distribution lie beyond one deviation.
    expect(tab.filters.get_by_text(re.compile(r"^3[0-3] % clipped"))).to_be_visible()
    expect(legend).to_have_text(re.compile(r"−1\s*1"))
    tab.wait_for_state(scale="fixed", fixed="1")


def test_tiles_grow_shrink_fill_the_pane_and_show_all_at_once(open_tab):
    tab = open_tab(run=logs.WIDE, state={"size": "60"})
    tab.wait_until_painted()
    usual = tile_count_in_first_row(tab)
    tab.button("Larger tiles").click()
    tab.button("Larger tiles").click()
    assert tile_count_in_first_row(tab) < usual
    tab.filters.get_by_role("button", name="all", exact=True).click()
    tab.wait_for_rest()
    assert tab.grid.evaluate("grid => grid.scrollHeight <= grid.clientHeight + 1")
    tab.filters.get_by_role("button", name="auto", exact=True).click()
    tab.wait_for_state(size="")


def test_all_2048_filters_can_be_reached(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    tab.grid.press("End")
    expect(tab.grid.get_by_role("option")).to_have_text(
        re.compile("^Filter 2047, 2048 of 2048")
    )
    tab.wait_for_rest()
    assert tab.grid.evaluate(
        "grid => grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 20"
    )
    assert len(np.unique(tab.pixels(tab.grid).reshape(-1, 3), axis=0)) > 100


def test_a_click_on_a_tile_selects_that_filter(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    point = tab.grid_line(60, width=400, step=20)[-1]
    tab.page.mouse.click(point.x, point.y)
    expect(tab.inspector.get_by_role("heading", name=f"Filter {point.channel}")).to_be_visible()
    tab.wait_for_state(filter=str(point.channel))
