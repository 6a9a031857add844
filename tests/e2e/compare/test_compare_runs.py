"""Runs side by side: like and unlike models and inputs, a restarted run, a fine-tuned one."""

# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tensorboard_plugin_convlens import Reader
from tests.e2e import trainings
from tests.e2e.axe import violations
from tests.e2e.layout import layout_problems
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

SIZES = [(1024, 704), (1440, 836), (2560, 1080)]


def columns(*wanted: tuple[str, int | None, int]) -> str:
    return json.dumps([list(one) for one in wanted])


@pytest.fixture
def compare(open_tab, compared_tensorboard):
    """Opens the comparison of a run with others."""

    def open_comparison(run: str, *others: tuple[str, int | None, int], **state) -> Tab:
        tab: Tab = open_tab(
            run=run,
            server=compared_tensorboard,
            state={"layer": "conv1", **state, "compare": columns(*others)},
        )
        return tab

    return open_comparison


def pane_of(tab: Tab) -> Locator:
    return tab.frame.get_by_role("region", name="Comparison")


def rows_of(tab: Tab) -> Locator:
    return pane_of(tab).get_by_role("listbox", name="Filters side by side")


def change_of(text: str) -> float:
    return float(text.rpartition("change ")[2].replace("−", "-"))


def test_two_runs_of_one_architecture_are_subtracted_and_sorted_by_any_change(
    compare, compared_dir
):
    tab = compare(trainings.FIRST, (trainings.SECOND, None, 0))
    pane = pane_of(tab)
    expect(pane).to_contain_text("A − B")
    expect(pane.get_by_role("status")).to_have_count(0)
    sort = pane.get_by_role("combobox", name="Sort the comparison")
    reader = Reader(compared_dir)
    first, second = (
        reader.statistics(run, step, "conv1")["l1"]
        for run, step in ((trainings.FIRST, 3), (trainings.SECOND, 2))
    )
    wanted = {"A.l1": first, "B.l1": second, "A-B.l1": abs(first - second)}
    for key, values in wanted.items():
        sort.select_option(key)
        rows_of(tab).press("Home")
        best = sorted(range(len(values)), key=lambda at: -values[at])
        for place, channel in enumerate(best, 1):
            said = re.compile(rf"^Filter {channel}, {place} of {len(best)}")
            expect(rows_of(tab).get_by_role("option")).to_have_text(said)
            rows_of(tab).press("ArrowDown")
    pane.get_by_role("button", name="Mean", exact=True).click()
    tab.wait_for_state(by="A-B.mean")


def test_change_scores_of_the_capture_are_orders_too(compare):
    tab = compare(trainings.FIRST, (trainings.FIRST, 1, 0))
    sort = pane_of(tab).get_by_role("combobox", name="Sort the comparison")
    for key in ("A.kernel_change", "A.activation_change", "B.kernel_change"):
        sort.select_option(key)
        rows_of(tab).press("Home")
        values = []
        for _ in range(trainings.FILTERS):
            text = rows_of(tab).get_by_role("option").inner_text()
            found = re.search(rf"{key[0]} (\S+?)(,|$)", text.partition(": ")[2])
            assert found, text
            values.append(float(found[1].replace("−", "-")))
            rows_of(tab).press("ArrowDown")
        assert values == sorted(values, reverse=True)


def test_matching_layers_of_different_models_are_compared_and_the_rest_listed(compare):
    tab = compare(trainings.FIRST, (trainings.WIDER, None, 0))
    pane = pane_of(tab)
    expect(pane).to_contain_text(
        "A and B are different models: 1 layer with filters is in both, matched by path"
    )
    summary = pane.get_by_text("3 layers not compared, or only in part")
    summary.press("Enter")
    reasons = pane.get_by_role("list", name="Layers that are not compared")
    for text in (
        "conv2 is not in the model of B.",
        "conv3 is not in the model of A.",
        "conv1 has 5 filters in A and 8 in B: the first 5 filters are compared.",
    ):
        expect(reasons).to_contain_text(text)
    expect(rows_of(tab).get_by_role("option")).to_contain_text("of 5")
    expect(rows_of(tab).get_by_role("option")).to_contain_text("change")
    tab.node("conv2").click()
    expect(pane).to_contain_text("“conv2” is not in the model of B.")
    expect(tab.inspector).to_contain_text("not captured")


def test_the_other_way_round_filters_without_a_counterpart_say_so(compare):
    tab = compare(trainings.WIDER, (trainings.FIRST, None, 0), filter="7")
    expect(rows_of(tab).get_by_role("option")).to_contain_text("Filter 7, 8 of 8")
    expect(tab.inspector).to_contain_text("no filter 7")


def test_different_input_images_have_only_statistics_and_kernels_compared(compare):
    tab = compare(trainings.FIRST, (trainings.ELSEWHERE, None, 3))
    pane = pane_of(tab)
    expect(pane).to_contain_text("A and B were captured with different input images")
    expect(rows_of(tab).get_by_role("option")).not_to_contain_text("change")
    # B has images of its own to choose from: four, where A has two.
    own = pane.get_by_role("combobox", name="Input of B")
    expect(own.get_by_role("option")).to_have_count(4)
    expect(own).to_have_value("3")
    expect(tab.inspector.get_by_role("button", name="blink")).to_have_count(0)
    table = tab.inspector.get_by_role("region", name="Statistics").get_by_role("table")
    expect(table.get_by_role("columnheader", name="A − B")).to_be_visible()
    tab.method("Kernel").click()
    expect(rows_of(tab).get_by_role("option")).to_contain_text("change")
    expect(tab.inspector.get_by_role("button", name="blink")).to_be_visible()


def test_a_missing_run_is_reported_and_can_be_changed(compare):
    tab = compare(trainings.FIRST, ("nowhere", None, 0))
    pane = pane_of(tab)
    expect(pane).to_contain_text("Run “nowhere” has no captures here.")
    pane.get_by_role("combobox", name="Run of B").select_option(trainings.SECOND)
    expect(rows_of(tab)).to_be_visible()


def test_a_run_restarted_at_an_earlier_step_is_compared_with_its_first_session(
    compare, compared_dir
):
    reader = Reader(compared_dir)
    sessions = [reader.capture(trainings.RESTARTED, step).session for step in (1, 3)]
    assert sessions[0] != sessions[1]
    tab = compare(trainings.RESTARTED, (trainings.RESTARTED, 1, 0))
    pane = pane_of(tab)
    # Step 4 was abandoned: it is of no session that counts.
    steps = pane.get_by_role("combobox", name="Step of B").get_by_role("option")
    expect(steps).to_have_text(["newest: 3", "step 0", "step 1", "step 2", "step 3"])
    rows_of(tab).press("Home")
    expected = reader.compare((trainings.RESTARTED, 3), (trainings.RESTARTED, 1), "conv1")
    mean = abs(expected[0]).mean()
    expect(rows_of(tab).get_by_role("option")).to_contain_text("change")
    change = change_of(rows_of(tab).get_by_role("option").inner_text())
    assert change == pytest.approx(float(mean), rel=0.03, abs=2e-3)


def test_a_frozen_backbone_reads_as_unchanged_and_has_no_change(
    compare, open_tab, compared_tensorboard
):
    server = compared_tensorboard
    frozen = {"layer": "backbone/conv1", "step": "2"}
    tab = open_tab(run=trainings.TUNED, server=server, state=frozen)
    expect(tab.filters).to_contain_text("unchanged since step 0")
    tab.page.keyboard.press("c")
    for _ in range(3):
        expect(rows_of(tab).get_by_role("option")).to_contain_text("change 0")
        rows_of(tab).press("ArrowDown")
    tab.page.keyboard.press("]")
    tab.wait_for_step(3)
    expect(rows_of(tab).get_by_role("option")).not_to_contain_text(re.compile("change 0$"))

    tab.page.keyboard.press("c")
    expect(tab.filters).not_to_contain_text("unchanged")
    tab.page.keyboard.press("t")
    tab.button("Layers of the network").click()
    matrix, said = tab.frame.get_by_role("application"), tab.frame.get_by_role("dialog")
    matrix.focus()
    for key, text in (
        (
            "Home",
            "backbone/conv1, step 0: kernel change, median –. The run has no earlier step.",
        ),
        (
            "ArrowRight",
            "backbone/conv1, step 1: kernel change, median 0, unchanged since step 0"
            ", compared with step 0",
        ),
        (
            "ArrowRight",
            "backbone/conv1, step 2: kernel change, median 0, unchanged since step 0"
            ", compared with step 1",
        ),
        (
            "ArrowRight",
            re.compile(
                r"backbone/conv1, step 3: kernel change, median [\d.e−]+, compared with step 2$"
            ),
        ),
    ):
        matrix.press(key)
        expect(said.get_by_role("status")).to_have_text(text)
    matrix.press("Enter")
    tab.wait_for_step(3)


def test_axe_finds_nothing_and_nothing_is_cut_at_any_size(compare, axe):
    others = ((trainings.WIDER, None, 0), (trainings.ELSEWHERE, None, 1))
    for method, chosen in (("activation", others[:1]), ("guided", others)):
        tab = compare(trainings.FIRST, *chosen, method=method)
        expect(rows_of(tab)).to_be_visible()
        tab.wait_for_rest()
        if tab.hint.is_visible():
            tab.hint.get_by_role("button", name="Got it").click()
        for size in SIZES:
            tab.resize(*size)
            tab.wait_for_rest()
            assert violations(tab, axe) == [], size
            for theme in tab.in_both_themes():
                assert layout_problems(tab.document()) == [], (theme, size)
