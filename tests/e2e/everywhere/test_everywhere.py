"""Every control works in both themes, at four sizes, on both loaders.

What each control does in detail is tested in the files named after them; here all of them are
used one after the other wherever a person may sit, and what is then on screen is seen in the
other theme, too.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.layout import layout_problems
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

LOADERS = ("tensorboard", "tensorboard_python_loader")
SIZES = ((1440, 836), (1024, 704), (2560, 1080), (800, 1280))
# Each theme at two of the sizes, each loader with both themes.
PLACES = [
    pytest.param(
        (size, at % 2 == 1, LOADERS[at // 2]), id=f"{size[0]}x{size[1]} dark={at % 2 == 1}"
    )
    for at, size in enumerate(SIZES)
]


@pytest.fixture
def tab(request, open_tab):
    """The tab at one of the places."""
    size, dark, loader = request.param
    server = request.getfixturevalue(loader)
    opened = open_tab(size=size, dark=dark, server=server, state={"layer": "conv3"})
    opened.wait_until_painted()
    yield opened
    style = "getComputedStyle(document.documentElement).colorScheme"
    assert opened.document().evaluate(style) == ("dark" if dark else "light")
    for theme in opened.in_both_themes():
        assert layout_problems(opened.document()) == [], theme
        assert opened.document().evaluate(style) == theme


@pytest.mark.parametrize("tab", PLACES, indirect=True)
def test_every_control_works(tab: Tab):
    choose_run_step_input_and_method(tab)
    tab.choose_layer("conv3")
    use_all_parts_of_the_inspector(tab)
    open_and_close_what_opens_above_the_panes(tab)
    fold_layers_and_sort_show_scale_and_size_filters(tab)


def choose_run_step_input_and_method(tab: Tab) -> None:
    tab.run.select_option(logs.VALUES)
    expect(tab.title).to_have_text("bands")
    tab.run.select_option(logs.DIGITS)
    expect(tab.title).to_have_text("conv3")
    tab.button("Previous step").click()
    tab.wait_for_step(7)
    tab.slider.fill("1")
    tab.wait_for_step(1)
    tab.button("Play the steps").click()
    tab.wait_for_step(2)
    tab.button("Stop").click()
    tab.newest.check()
    tab.wait_for_step(8)
    tab.button("Next input image").click()
    expect(tab.input).to_have_value("1")
    for name in ("Guided", "Gradient", "Kernel", "Activation"):
        tab.method(name).click()
        expect(tab.method(name)).to_have_attribute("aria-pressed", "true")
    tab.search.fill("conv2")
    tab.search.press("Enter")
    expect(tab.title).to_have_text("conv2")


def fold_layers_and_sort_show_scale_and_size_filters(tab: Tab) -> None:
    tab.button("BN · act: fold normalization and activation layers").click()
    expect(tab.node("bn3")).to_be_visible()
    tab.button("BN · act: fold normalization and activation layers").click()
    filters = tab.filters
    filters.get_by_role("button", name="before", exact=True).click()
    tab.wait_for_state(stage="before")
    filters.get_by_role("combobox", name="Sort").select_option("mean")
    tab.button("Descending: reverse").click()
    expect(tab.button("Ascending: reverse")).to_be_visible()
    filters.get_by_role("combobox", name="Show").select_option("responding")
    scale = filters.get_by_role("group", name="Color scale")
    for mode in ("layer", "fixed", "per filter"):
        scale.get_by_role("button", name=mode).click()
    tab.button("Larger tiles").click()
    filters.get_by_role("button", name="all", exact=True).click()
    tab.wait_for_state(size="all", show="responding", sort="mean", scale="")
    tab.grid.press("Home")
    first = tab.selected_filter()
    tab.grid.press("ArrowRight")
    assert tab.selected_filter() != first


def use_all_parts_of_the_inspector(tab: Tab) -> None:
    inspector = tab.inspector
    inspector.get_by_role("checkbox", name="over the input").check()
    expect(inspector.get_by_role("img", name="over the input image")).to_be_visible()
    inspector.get_by_role("checkbox", name="smooth").check()
    inspector.get_by_role("button", name="Next filter").click()
    for region in ("Methods", "Other input images", "History", "Statistics"):
        found = inspector.get_by_role("region", name=region, exact=True)
        found.scroll_into_view_if_needed()
        expect(found).to_be_in_viewport()
    for name, text in (("Layer", "Receptive field"), ("Classes", "not shown")):
        if tab.inspector_tab(name).is_visible():
            tab.inspector_tab(name).click()
        expect(inspector.get_by_text(re.compile(text)).first).to_be_visible()


def open_and_close_what_opens_above_the_panes(tab: Tab) -> None:
    tab.grid.press("Enter")
    loupe = tab.frame.get_by_role("dialog", name=re.compile(r"^Filter \d+ conv3"))
    expect(loupe.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("Escape")
    expect(loupe).to_be_hidden()
    tab.button("Filters and layers over all steps").click()
    timelines = tab.frame.get_by_role("dialog", name="Over the steps")
    expect(timelines.get_by_role("application")).to_be_in_viewport(ratio=0.9)
    timelines.get_by_role("button", name="Close").click()
    tab.button("Keys and settings").click()
    expect(tab.help.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    tab.help.get_by_role("button", name="Close").click()
    tab.button("Compare").click()
    compared = tab.frame.get_by_role("region", name="Comparison")
    compared.get_by_role("listbox", name="Filters side by side").wait_for()
    tab.button("Compare").click()
    tab.grid.wait_for()
    tab.wait_for_rest()
    with tab.page.expect_download() as download:
        tab.filters.locator("summary[aria-label=Export]").click()
        tab.filters.get_by_role("button", name="Statistics, CSV").click()
    assert download.value.suggested_filename == "digits_train-conv3-step8-statistics.csv"
    tab.wait_for_rest()
