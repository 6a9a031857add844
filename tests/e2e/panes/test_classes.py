from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

# Before the training no class stands out: every one of the ten is above one percent.
UNTRAINED = {"step": "0"}


def classes(tab: Tab) -> Locator:
    tab.wait_until_painted()
    tab.inspector_tab("Classes").click()
    return tab.inspector.get_by_role("tabpanel", name="Classes")


def shares(panel: Locator) -> list[float]:
    texts = panel.get_by_role("listitem").all_inner_texts()
    return [float(found[1]) for text in texts if (found := re.search(r"([\d.]+) %", text))]


def test_the_most_probable_classes_come_first_and_the_true_one_is_marked(open_tab):
    panel = classes(open_tab(state=UNTRAINED))
    expect(panel.get_by_text(re.compile(r"^True class: \d$"))).to_be_visible()
    panel.get_by_label("at most").fill("10")
    panel.get_by_role("combobox", name="from").select_option(label="0 %")
    expect(panel.get_by_role("listitem")).to_have_count(10)
    found = shares(panel)
    assert found == sorted(found, reverse=True)
    assert sum(found) == pytest.approx(100, abs=3)
    expect(panel.get_by_text("All classes are shown.")).to_be_visible()
    expect(panel.get_by_text("true", exact=False).filter(has_text="✓")).to_have_count(1)


def test_at_most_so_many_classes_are_shown_and_the_rest_is_counted(open_tab):
    panel = classes(open_tab(state=UNTRAINED))
    panel.get_by_label("at most").fill("3")
    expect(panel.get_by_role("listitem")).to_have_count(3)
    left_out = panel.get_by_text(re.compile(r"^7 other classes not shown, (\d+) % in total\.$"))
    expect(left_out).to_be_visible()
    found = re.search(r"(\d+) % in total", left_out.inner_text())
    assert found
    assert int(found[1]) == pytest.approx(100 - sum(shares(panel)), abs=2)


def test_classes_below_the_threshold_are_not_shown_but_counted(open_tab):
    panel = classes(open_tab())
    panel.get_by_label("at most").fill("10")
    panel.get_by_role("combobox", name="from").select_option(label="10 %")
    assert all(share >= 10 for share in shares(panel))
    expect(panel.get_by_text(re.compile(r"other class(es)? not shown"))).to_be_visible()


def test_a_class_is_followed_over_the_steps(open_tab):
    panel = classes(open_tab(state=UNTRAINED))
    history = panel.get_by_role("region", name="History of a class")
    second = panel.get_by_role("listitem").nth(1).get_by_role("button")
    name = second.inner_text().split()[0]
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(history.get_by_role("heading")).to_have_text(re.compile(rf"^{name} over the steps$"))
    expect(history.get_by_role("img", name=re.compile("^Probability"))).to_be_visible()


def test_the_classes_are_those_of_the_selected_step_and_input_image(open_tab):
    tab = open_tab(state=UNTRAINED)
    panel = classes(tab)
    untrained = shares(panel)
    tab.slider.fill("8")
    tab.wait_for_step(8)
    expect(panel.get_by_role("listitem").first).not_to_contain_text(f"{untrained[0]:g} %")
    trained = shares(panel)
    tab.button("Next input image").click()
    expect(panel.get_by_role("heading").first).to_have_text(
        tab.input.locator("option").nth(1).inner_text()
    )
    assert trained != untrained
