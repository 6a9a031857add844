from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import logs

pytestmark = pytest.mark.e2e


def test_keys_work_as_soon_as_the_tab_is_open(open_tab):
    tab = open_tab(inside_tensorboard=True)
    tab.grid.wait_for()
    tab.page.keyboard.press("j")
    expect(tab.title).to_have_text("conv2")


def test_keys_choose_layer_step_input_method_and_scale(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    press = tab.page.keyboard.press
    press("j")
    expect(tab.title).to_have_text("conv2")
    press("k")
    expect(tab.title).to_have_text("conv1")
    press("[")
    tab.wait_for_step(7)
    press("]")
    tab.wait_for_step(8)
    press(".")
    expect(tab.input).to_have_value("1")
    press(",")
    expect(tab.input).to_have_value("0")
    press("m")
    expect(tab.method("Guided")).to_have_attribute("aria-pressed", "true")
    press("n")
    expect(tab.button("layer")).to_have_attribute("aria-pressed", "true")


def test_keys_play_resize_search_and_lay_over(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    press = tab.page.keyboard.press
    press(" ")
    expect(tab.button("Stop")).to_be_visible()
    press(" ")
    expect(tab.button("Play the steps")).to_be_visible()
    press("z")
    tab.wait_for_state(size="all")
    press("=")
    tab.page.wait_for_function("/p\\.convlens\\.size=\\d+/.test(location.hash)")
    press("a")
    tab.wait_for_state(size="")
    press("o")
    expect(tab.inspector.get_by_role("checkbox", name="over the input")).to_be_checked()
    press("s")
    expect(tab.filters.get_by_role("combobox", name="Sort")).to_be_focused()
    tab.grid.focus()
    press("/")
    expect(tab.search).to_be_focused()


def test_keys_go_from_pane_to_pane(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    press = tab.page.keyboard.press
    press("l")
    expect(tab.node("conv1")).to_be_focused()
    press("ArrowDown")
    expect(tab.node("conv2")).to_be_focused()
    expect(tab.title).to_have_text("conv2")
    press("g")
    expect(tab.grid).to_be_focused()
    press("i")
    expect(tab.inspector_tab("Filter")).to_be_focused()
    press("ArrowRight")
    expect(tab.inspector_tab("Layer")).to_have_attribute("aria-selected", "true")


def test_the_focus_waits_for_the_filters_of_a_layer_that_loads(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    held = []
    tab.page.route("**/plugin/convlens/layer?*", lambda route: held.append(route))
    tab.node("conv2").click()
    expect(tab.grid).to_have_count(0)
    tab.page.keyboard.press("g")
    expect(tab.node("conv2")).to_be_focused()
    for route in held:
        route.continue_()
    expect(tab.grid).to_be_focused()


def test_arrows_move_in_the_grid(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    option = tab.grid.get_by_role("option")
    tab.grid.press("Home")
    tab.grid.press("ArrowRight")
    expect(option).to_have_text(re.compile("^Filter 1,"))
    tab.grid.press("ArrowDown")
    expect(option).not_to_have_text(re.compile("^Filter [01],"))
    tab.grid.press("ArrowUp")
    expect(option).to_have_text(re.compile("^Filter 1,"))
    tab.grid.press("PageDown")
    tab.grid.press("PageUp")
    expect(option).to_have_text(re.compile("^Filter 1,"))
    tab.grid.press("ArrowLeft")
    expect(option).to_have_text(re.compile("^Filter 0,"))


def test_a_question_mark_lists_the_keys(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.page.keyboard.press("?")
    expect(tab.help).to_be_visible()
    for text in ("Next captured layer", "Next step", "Play or stop the steps", "Next method"):
        expect(tab.help.get_by_text(text)).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.help).to_be_hidden()


def test_single_keys_can_be_switched_off_and_stay_off(open_tab):
    tab = open_tab(state={"sort": "index"})
    tab.wait_until_painted()
    tab.page.keyboard.press("?")
    tab.help.get_by_role("checkbox", name="Enable single-key shortcuts").uncheck()
    tab.page.keyboard.press("Escape")
    tab.page.reload()
    tab.wait_until_painted()
    tab.grid.focus()
    tab.page.keyboard.press("m")
    tab.page.keyboard.press("j")
    tab.grid.press("ArrowRight")
    tab.wait_for_state(filter="1", method="", layer="")
    expect(tab.title).to_have_text("conv1")


def test_every_control_is_reached_with_the_tab_key(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.run.focus()
    reached = []
    for _ in range(45):
        reached.append(
            tab.document().evaluate(
                """() => {
                  const reached = document.activeElement;
                  return reached.getAttribute('aria-label') ?? reached.innerText.trim();
                }"""
            )
        )
        tab.page.keyboard.press("Tab")
    for name in ("Step", "Play the steps", "Input image", "Sort", "Show", "Export",
                 "Filters of this layer", "Copy a link to this view"):  # fmt: skip
        assert name in reached, f"{name!r} is not among {reached}."
