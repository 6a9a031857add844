"""Feature maps before and after an activation function: conv3 of the digits has both."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import expect


def stage(tab, name):
    group = tab.frame.get_by_role("group", name="Activation stage")
    return group.get_by_role("button", name=name, exact=True)


def test_the_map_after_is_shown_first_and_the_one_before_on_request(open_tab):
    tab = open_tab(state={"layer": "conv3"})
    tab.wait_until_painted()
    expect(stage(tab, "after")).to_have_attribute("aria-pressed", "true")
    expect(tab.filters).to_contain_text("32 filters, after the activation function")
    after = tab.pixels(tab.grid)

    stage(tab, "before").click()
    tab.wait_for_state(stage="before")
    expect(tab.filters).to_contain_text("32 filters, before the activation function")
    expect(tab.inspector).to_contain_text("The feature map: before the activation function.")
    tab.wait_for_rest()
    before = tab.pixels(tab.grid)
    assert not np.array_equal(after, before)
    # Only the map before has negative values: the blue half of the palette.
    assert blue_share(before) > 0.05 > blue_share(after)


def blue_share(pixels):
    red, blue = pixels[..., 0].astype(int), pixels[..., 2].astype(int)
    return float((blue > red + 40).mean())


def test_a_key_switches_and_the_link_carries_it(open_tab):
    tab = open_tab(state={"layer": "conv3", "stage": "before"})
    tab.wait_until_painted()
    expect(stage(tab, "before")).to_have_attribute("aria-pressed", "true")
    tab.grid.press("b")
    expect(stage(tab, "after")).to_have_attribute("aria-pressed", "true")
    tab.grid.press("b")
    tab.wait_for_state(stage="before")


def test_the_inspector_has_a_picture_of_each(open_tab):
    tab = open_tab(state={"layer": "conv3"})
    tab.wait_until_painted()
    same = tab.inspector.get_by_role("region", name="Methods")
    expect(same.get_by_role("button", name="After")).to_have_attribute("aria-pressed", "true")
    same.get_by_role("button", name="Before").click()
    expect(stage(tab, "before")).to_have_attribute("aria-pressed", "true")


def test_a_layer_with_its_own_activation_function_says_so_and_has_nothing_to_choose(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    expect(tab.frame.get_by_role("group", name="Activation stage")).to_have_count(0)
    expect(tab.filters).to_contain_text(re.compile("16 filters, after relu"))


def test_statistics_follow_the_switch_and_say_their_side(open_tab):
    tab = open_tab(state={"layer": "conv3", "sort": "index", "filter": "3"})
    tab.wait_until_painted()
    statistics = tab.inspector.get_by_role("region", name="Statistics")

    def row(name):
        return statistics.get_by_role("row", name=re.compile(f"^{name}"))

    expect(row("Mean")).to_contain_text("after")
    after = row("Mean").inner_text()
    stage(tab, "before").click()
    expect(row("Mean")).to_contain_text("before")
    assert row("Mean").inner_text().replace("before", "after") != after
    # What is only taken of the map that is passed on says so.
    expect(row("Zeros")).to_contain_text("after")
    expect(row("Kernel L1")).not_to_contain_text("before")
