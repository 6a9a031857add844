# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e


def visible_nodes(tab: Tab) -> list[str]:
    """Texts of the nodes in view, from top to bottom."""
    return [
        node.inner_text()
        for node in tab.layers.get_by_role("button", name=re.compile(r"^\d")).all()
    ]


def test_the_chain_shows_rank_name_and_output_size_of_every_layer(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    expect(tab.node("conv1")).to_have_text(re.compile(r"^1\s*conv1"))
    expect(tab.node("pool1")).to_have_text(re.compile(r"^3\s*pool1"))
    for size in ("28×28×1", "28×28×16", "14×14×32"):
        expect(tab.layers.get_by_text(size).first).to_be_visible()


def test_a_click_on_a_node_shows_its_filters_and_all_its_attributes(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.choose_layer("conv3")
    tab.inspector_tab("Layer").click()
    card = tab.inspector.get_by_role("tabpanel", name="Layer")
    attributes = {
        "Type": "Conv2D",
        "Kernel size": "3 × 3",
        "Strides": "1 × 1",
        "Padding": "same",
        "Parameters": "4,608",
        "Output": "14×14×32",
    }
    for name, value in attributes.items():
        term = card.get_by_role("term").filter(has_text=re.compile(f"^{name}$"))
        expect(term).to_be_visible()
        expect(card.get_by_text(value, exact=True).first).to_be_visible()
    card.get_by_text("Configuration").click()
    expect(card.get_by_text('"filters": 32')).to_be_visible()
    card.get_by_role("button", name="pool1").click()
    expect(tab.title).to_have_text("pool1")


def test_a_layer_that_was_not_captured_says_so_and_leads_on(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.node("pool1").click()
    expect(
        tab.filters.get_by_role("heading", name="MaxPooling2D has no pictures")
    ).to_be_visible()
    tab.button("Next captured layer").click()
    expect(tab.title).to_have_text("conv3")


def test_normalization_and_activation_fold_into_their_convolution_and_open(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    expect(tab.node("conv3")).to_contain_text(re.compile("BN · relu", re.IGNORECASE))
    expect(tab.node("bn3")).to_be_hidden()
    tab.layers.get_by_role("group", name="Fold").get_by_role("button", name="BN").click()
    expect(tab.node("bn3")).to_be_visible()
    expect(tab.node("relu3")).to_be_visible()


def test_search_finds_layers_filters_and_classes(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    found = tab.frame.get_by_role("listbox", name="Search results")
    tab.search.fill("conv4")
    expect(found.get_by_role("option").first).to_contain_text("conv4")
    tab.search.press("Enter")
    expect(tab.title).to_have_text("conv4")
    tab.search.fill("31")
    found.get_by_role("option", name=re.compile("filter 31")).click()
    expect(tab.inspector.get_by_role("heading", name="Filter 31")).to_be_visible()
    tab.search.fill("no such thing")
    expect(found).to_contain_text("Nothing found.")
    tab.search.press("Escape")
    expect(found).to_be_hidden()


def test_search_is_used_with_the_arrow_keys(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    tab.search.fill("conv")
    tab.search.press("ArrowDown")
    tab.search.press("ArrowDown")
    tab.search.press("Enter")
    expect(tab.title).to_have_text("conv3")


def test_a_network_of_more_than_300_layers_is_scrolled_to_its_end(open_tab):
    tab = open_tab(run=logs.DEEP)
    tab.wait_until_painted()
    expect(tab.layers).to_contain_text("captured")
    box = tab.layers.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 100, box["y"] + 300)
    tab.page.mouse.wheel(0, 100_000)
    expect(tab.node("average")).to_be_in_viewport()
    # Only what is in view is in the document.
    assert len(visible_nodes(tab)) < 100


def test_the_minimap_jumps_to_a_part_of_the_network(open_tab):
    tab = open_tab(run=logs.DEEP)
    tab.wait_until_painted()
    box = tab.layers.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 4)
    expect(tab.node("average")).to_be_in_viewport()


def test_branches_of_equal_depth_stand_side_by_side(open_tab):
    tab = open_tab(run=logs.DEEP, state={"layer": "mixed2_branch0_conv0"})
    expect(tab.layers.locator("[aria-current]")).to_be_in_viewport()
    first = tab.layers.locator("[aria-current]")
    box = first.bounding_box()
    assert box is not None
    beside = [
        other
        for node in tab.layers.get_by_role("button", name=re.compile(r"^\d")).all()
        if (other := node.bounding_box()) and abs(other["y"] - box["y"]) < 1
    ]
    assert len(beside) == 4
    lefts = sorted((other["x"], other["width"]) for other in beside)
    for (left, width), (next_left, _) in pairwise(lefts):
        assert left + width <= next_left, "Branches overlap."


def test_blocks_and_nested_models_fold_and_open(open_tab):
    tab = open_tab(run=logs.DEEP)
    tab.wait_until_painted()
    fold = tab.layers.get_by_role("group", name="Fold")
    before = visible_nodes(tab)
    fold.get_by_role("button", name="Blocks").click()
    expect(tab.layers.get_by_role("button", expanded=False).first).to_be_visible()
    assert visible_nodes(tab) != before
    block = tab.layers.get_by_role("button", expanded=False).first
    name = block.inner_text()
    block.click()
    expect(tab.layers.get_by_role("button", name=name, exact=True)).to_be_hidden()
    fold.get_by_role("button", name="Models").click()
    expect(
        tab.layers.get_by_role("button", name=re.compile("backbone"), expanded=False)
    ).to_be_visible()


def test_opening_a_link_into_a_deep_network_shows_the_layer_in_the_chain(open_tab):
    tab = open_tab(run=logs.DEEP, state={"layer": "mixed5_branch2_conv1"})
    expect(tab.title).to_have_text("mixed5_branch2_conv1")
    expect(tab.layers.locator("[aria-current]")).to_be_in_viewport()


def test_a_layer_whose_filters_are_silent_is_marked_in_words(open_tab):
    tab = open_tab(run=logs.WIDE)
    tab.wait_until_painted()
    expect(tab.node("wide")).to_contain_text("64 silent")
