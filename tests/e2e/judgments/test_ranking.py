"""The order of the filters: which criterion, what it means, how far criteria agree."""

# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from tensorboard_plugin_convlens.core.filters.criteria import BY_NAME, random_order
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.e2e import logs
from tests.e2e.axe import violations
from tests.storage.reading.test_ablation_files import an_ablation

pytestmark = pytest.mark.e2e


def _open_card(tab):
    tab.wait_until_painted()
    tab.filters.get_by_role("button", name=re.compile("^About ")).click()
    card = tab.frame.get_by_role("dialog", name="Criterion")
    expect(card.get_by_role("heading")).to_be_visible()
    return card


def test_filters_are_in_the_order_of_their_kernels_sizes_by_default(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    expect(tab.filters.get_by_role("combobox", name="Sort")).to_have_value("l1")
    said = tab.grid.get_by_role("option").inner_text()
    assert re.match(r"Filter \d+, 1 of 16, Kernel L1 ", said)
    tab.grid.press("End")
    expect(tab.grid.get_by_role("option")).to_have_text(re.compile("16 of 16"))


def test_every_criterion_is_in_the_menu_and_what_cannot_be_says_what_it_needs(open_tab):
    tab = open_tab(run=logs.VALUES)
    tab.wait_until_painted()
    menu = tab.filters.get_by_role("combobox", name="Sort")
    expect(menu.locator("option", has_text="Zeros (APoZ)")).to_have_count(1)
    options = {
        option.get_attribute("value"): option.inner_text()
        for option in menu.locator("option").all()
    }
    assert {"index", *BY_NAME} <= options.keys()
    assert options["apoz"] == "Zeros (APoZ): needs a ReLU or ReLU6 after the layer"
    assert menu.locator("option:not([disabled])").evaluate_all(
        "options => options.map(option => option.value)"
    ) == ["index", "strength", "random"]


def test_the_random_order_is_the_same_for_everyone_with_its_seed(open_tab):
    tab = open_tab(state={"layer": "conv2", "sort": "random", "seed": "7"})
    tab.wait_until_painted()
    first = int(np.argmax(random_order(16, 7)))
    expect(tab.grid.get_by_role("option")).to_have_text(re.compile(rf"^Filter {first}, 1 of"))
    seed = tab.filters.get_by_role("spinbutton", name="seed")
    expect(seed).to_have_value("7")
    tab.filters.get_by_role("button", name="Another random order").click()
    expect(seed).to_have_value("8")
    tab.wait_for_state(seed="8")
    tab.grid.press("Home")
    first = int(np.argmax(random_order(16, 8)))
    expect(tab.grid.get_by_role("option")).to_have_text(re.compile(rf"^Filter {first}, 1 of"))


def test_a_redundant_filter_says_which_other_one_it_is_like(open_tab):
    tab = open_tab(state={"layer": "conv2", "sort": "redundancy"})
    tab.wait_until_painted()
    said = re.search(r"Redundancy \S+ #(\d+)", tab.grid.get_by_role("option").inner_text())
    assert said
    statistics = tab.inspector.get_by_role("region", name="Statistics")
    statistics.get_by_role("button", name=f"#{said[1]}").click()
    expect(tab.inspector.get_by_role("heading", name=f"Filter {said[1]}")).to_be_visible()


def test_a_criterion_is_explained_one_click_away(open_tab):
    tab = open_tab(state={"layer": "conv3", "sort": "apoz"})
    card = _open_card(tab)
    for part in ("Hu et al. 2016", "Direction", "Undefined if no ReLU or ReLU6 follows"):
        expect(card).to_contain_text(part)
    other = card.get_by_role("combobox", name="Another criterion")
    other.select_option("ablation")
    expect(card).to_contain_text("Not defined for this layer: needs a test of this layer")
    other.select_option("l2")
    card.get_by_role("button", name="Sort by it").click()
    tab.wait_for_state(sort="l2")
    tab.page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_the_card_and_the_agreement_are_reached_by_keyboard_alone(open_tab):
    tab = open_tab(state={"layer": "conv3"})
    tab.wait_until_painted()
    press = tab.page.keyboard.press
    press("s")
    expect(tab.filters.get_by_role("combobox", name="Sort")).to_be_focused()
    press("Tab")
    press("Tab")
    press("Enter")
    card = tab.frame.get_by_role("dialog", name="Criterion")
    expect(card.get_by_role("heading", name="Kernel L1")).to_be_visible()
    press("Tab")
    expect(card.get_by_role("combobox", name="Another criterion")).to_be_focused()
    press("Tab")
    expect(card.get_by_role("button", name="How far criteria agree")).to_be_focused()
    press("Enter")
    expect(tab.frame.get_by_role("dialog", name="How far criteria agree")).to_be_visible()
    press("Escape")
    expect(tab.frame.get_by_role("dialog", name="How far criteria agree")).to_be_hidden()


def test_agreement_is_a_table_that_can_be_read(open_tab, axe):
    tab = open_tab(state={"layer": "conv3"})
    card = _open_card(tab)
    assert violations(tab, axe) == []
    card.get_by_role("button", name="How far criteria agree").click()
    table = tab.frame.get_by_role("dialog", name="How far criteria agree").get_by_role("table")
    table.wait_for()
    names = table.get_by_role("rowheader").all_inner_texts()
    columns = table.get_by_role("columnheader").all_inner_texts()
    assert columns == ["Spread", "Deviation", "Smallest", *names]
    assert {"Kernel L1", "Kernel L2", "Mean", "Taylor", "Random"} <= set(names)
    rows = [row.get_by_role("cell").all_inner_texts() for row in table.get_by_role("row").all()]
    values = [[_number(text) for text in row[3:]] for row in rows[1:]]
    spreads = table.get_by_role("img").all()
    assert len(spreads) == len(names)
    assert re.fullmatch(r"\S+ to \S+, median \S+", spreads[0].get_attribute("aria-label"))
    for at, row in enumerate(values):
        assert row[at] == 1
        assert row == [other[at] for other in values]
        assert all(value is None or -1 <= value <= 1 for value in row)
    assert values[names.index("Kernel L1")][names.index("Kernel L2")] > 0.5
    assert violations(tab, axe) == []


def _number(text: str) -> float | None:
    return None if text == "–" else float(text.replace("−", "-"))


def test_tests_of_verdicts_stand_beside_the_ranking(open_tab, axe, log_dir):
    whole = an_ablation("digits.keras")
    trials = tuple((0.6 + 0.1 * at, 0.86 + 0.02 * at) for at in range(3))
    random = replace(whole.choices[0], name="random", trials=trials)
    marked = replace(whole.choices[0], name="marked", trials=((0.51, 0.899),))
    test = replace(
        whole, metrics=("loss", "accuracy"), baseline=(0.5, 0.9), choices=(marked, random)
    )
    Writer(log_dir, run=logs.DIGITS).write_ablation(test)
    tab = open_tab(state={"layer": "conv3"})
    _open_card(tab).get_by_role("button", name="Do verdicts hold?").click()
    dialog = tab.frame.get_by_role("dialog", name="Do the verdicts hold?")
    expect(dialog).to_contain_text("useless filters: accuracy −0.1 %. Without")
    expect(dialog).to_contain_text("random ones: −2.0 % ± 2.0.")
    assert violations(tab, axe) == []
    dialog.get_by_role("combobox", name="Metric").select_option(label="loss")
    expect(dialog).to_contain_text("loss +0.01.")


def test_without_tests_of_verdicts_the_command_is_shown(open_tab):
    tab = open_tab(run=logs.VALUES, state={"sort": "strength"})
    _open_card(tab).get_by_role("button", name="Do verdicts hold?").click()
    dialog = tab.frame.get_by_role("dialog", name="Do the verdicts hold?")
    expect(dialog).to_contain_text("No verdicts of this run have been tested.")
    expect(dialog).to_contain_text("convlens ablate")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
