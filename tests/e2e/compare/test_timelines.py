from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tensorboard_plugin_convlens import Reader
from tests.e2e import logs, trainings
from tests.e2e.axe import violations
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e


def matrix(tab: Tab) -> Locator:
    return tab.frame.get_by_role("application")


def said(tab: Tab) -> Locator:
    return tab.frame.get_by_role("dialog").get_by_role("status")


def test_t_opens_the_filters_over_all_steps_and_enter_goes_to_the_one_walked_to(
    open_tab, each_loader, log_dir
):
    tab = open_tab(server=each_loader, state={"layer": "conv4", "filter": "0"})
    tab.wait_until_painted()
    tab.page.keyboard.press("t")
    expect(matrix(tab)).to_have_attribute("aria-label", re.compile("over 9 steps"))
    tab.wait_for_state(timeline="layer")
    tab.frame.get_by_label("Order of the filters").select_option("number")
    matrix(tab).focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        tab.page.keyboard.press(key)
    expect(said(tab)).to_have_text(
        re.compile(r"^Filter 3, step 2: Kernel change \S+, compared with step 1$")
    )
    shown = float(said(tab).inner_text().split("change ")[1].split(",")[0].replace("−", "-"))  # noqa: RUF001
    capture = Reader(log_dir).capture(logs.DIGITS, 2)
    graph = Reader(log_dir).model_graph(logs.DIGITS)
    record = next(one for one in capture.layers if graph.layers[one.layer].key == "conv4")
    change = next(one for one in record.statistics if one.name == "kernel_change")
    assert shown == pytest.approx(float(change.values[3]), rel=0.06)
    tab.page.keyboard.press("Enter")
    tab.wait_for_step(2)
    tab.wait_for_state(filter="3", timeline="")
    assert tab.selected_filter() == 3


def test_a_click_on_a_layer_of_the_network_goes_to_it_and_its_step(open_tab):
    tab = open_tab(state={"timeline": "network"})
    expect(matrix(tab)).to_have_attribute("aria-label", re.compile("4 layers over 9 steps"))
    tab.wait_for_rest()
    canvas = tab.frame.get_by_role("dialog").locator("canvas").last
    box = canvas.bounding_box()
    assert box is not None
    # The third of four rows, the fifth of nine columns.
    at = (box["x"] + box["width"] * 4.5 / 9, box["y"] + box["height"] * 2.5 / 4)
    tab.page.mouse.move(*at)
    expect(said(tab)).to_have_text(re.compile(r"^conv3, step 4: kernel change, median \S+"))
    tab.page.mouse.click(*at)
    tab.wait_for_step(4)
    expect(tab.title).to_have_text("conv3")


def test_cells_have_the_colors_of_their_numbers_and_none_where_there_is_no_number(open_tab):
    tab = open_tab(state={"layer": "conv4", "timeline": "layer"})
    matrix(tab).wait_for()
    tab.wait_for_rest()
    picture = tab.pixels(tab.frame.get_by_role("dialog").locator("canvas").last)
    width = picture.shape[1]
    first, second, last = (
        picture[3:-3, int(width * (column + 0.5) / 9)].astype(float) for column in (0, 1, 8)
    )
    # Nothing came before step 0: one gray. Then the network learns, and settles.
    # A line runs along the selected row.
    assert (first == np.median(first, axis=0)).all(axis=1).mean() > 0.98
    assert second.mean() > 1.2 * last.mean()
    # On a linear scale what changes little has nearly the color of nothing.
    tab.frame.get_by_label("Spacing of the colors").select_option("linear")
    tab.wait_for_rest()
    linear = tab.pixels(tab.frame.get_by_role("dialog").locator("canvas").last)
    assert linear[3:-3, int(width * 8.5 / 9)].mean() < 0.5 * last.mean()


def test_other_statistics_can_be_shown_and_say_when_they_are_undefined(open_tab):
    tab = open_tab(state={"layer": "conv1", "timeline": "layer"})
    matrix(tab).wait_for()
    chosen = tab.frame.get_by_label("Statistic of the matrix")
    chosen.select_option("mean")
    expect(said(tab)).to_have_text(re.compile(r": Mean \S+"))
    tab.frame.get_by_role("button", name="Layers of the network").click()
    tab.wait_for_state(timeline="network")
    tab.frame.get_by_label("Measure of the matrix").select_option("silent")
    expect(said(tab)).to_have_text(re.compile(r": silent filters \d"))


def test_a_run_of_one_step_has_nothing_to_compare(open_tab):
    tab = open_tab(run=logs.VALUES)
    tab.wait_until_painted()
    tab.page.keyboard.press("t")
    expect(tab.frame.get_by_text("Only one step was captured")).to_be_visible()
    expect(tab.button("Filters and layers over all steps")).to_be_hidden()


def test_axe_finds_nothing_in_the_timelines_at_any_size(open_tab, axe):
    tab = open_tab(state={"layer": "conv2", "timeline": "layer"})
    for kind in ("Filters of the layer", "Layers of the network"):
        if kind == "Layers of the network":
            tab.frame.get_by_role("button", name=kind).click()
        matrix(tab).wait_for()
        for size in ((1440, 836), (1024, 704), (2560, 1080), (700, 600)):
            tab.resize(*size)
            tab.wait_for_rest()
            assert violations(tab, axe) == [], (kind, size)


def test_filters_stand_in_the_order_that_is_chosen(open_tab):
    tab = open_tab(state={"layer": "conv2", "timeline": "layer", "sort": "index"})
    matrix(tab).wait_for()
    order = tab.frame.get_by_label("Order of the filters")
    rows: dict[str, list[int]] = {}
    for chosen in ("largest", "number", "grid"):
        order.select_option(chosen)
        matrix(tab).focus()
        for _ in range(3):
            matrix(tab).press("PageUp")
        rows[chosen] = []
        for _ in range(16):
            rows[chosen].append(int(said(tab).inner_text().split()[1].rstrip(",")))
            matrix(tab).press("ArrowDown")
    assert rows["number"] == rows["grid"] == list(range(16))
    assert sorted(rows["largest"]) == rows["number"]
    assert rows["largest"] != rows["number"]


def test_filters_that_fell_silent_or_revived_are_described_and_marked(
    open_tab, compared_tensorboard
):
    tab = open_tab(
        run=trainings.DYING,
        server=compared_tensorboard,
        state={"layer": "conv1", "timeline": "layer", "filter": "0", "step": "0"},
    )
    matrix(tab).focus()
    tab.frame.get_by_label("Order of the filters").select_option("number")
    matrix(tab).focus()
    for key, state, compared in (
        ("Home", "", r"\. The run has no earlier step\."),
        ("ArrowRight", ", fell silent", ".*"),
        ("ArrowRight", ", silent", ".*"),
        ("ArrowRight", ", revived", ".*"),
    ):
        matrix(tab).press(key)
        expect(said(tab)).to_have_text(
            re.compile(rf"^Filter 0, step \d: [^,]*{state}{compared}$")
        )
