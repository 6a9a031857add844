from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import logs
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

VIEW = {
    "step": "3", "input": "2", "layer": "conv3", "filter": "7", "method": "guided",
    "sort": "mean", "scale": "layer", "size": "100", "overlay": "true",
}  # fmt: skip


def assert_shows_the_view(tab: Tab) -> None:
    expect(tab.title).to_have_text("conv3")
    tab.wait_for_step(3)
    expect(tab.input).to_have_value("2")
    expect(tab.inspector.get_by_role("heading", name="Filter 7", exact=True)).to_be_visible()
    expect(tab.method("Guided")).to_have_attribute("aria-pressed", "true")
    expect(tab.filters.get_by_role("combobox", name="Sort")).to_have_value("mean")
    expect(tab.button("layer")).to_have_attribute("aria-pressed", "true")
    expect(tab.inspector.get_by_role("checkbox", name="in place")).to_be_checked()


def test_a_view_that_was_put_together_is_in_the_address_and_survives_a_reload(open_tab):
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    tab.choose_layer("conv3")
    tab.slider.fill("3")
    tab.input.select_option(index=2)
    tab.method("Guided").click()
    tab.filters.get_by_role("combobox", name="Sort").select_option("mean")
    tab.button("layer").click()
    tab.search.fill("7")
    tab.frame.get_by_role("option", name=re.compile("filter 7 ")).click()
    tab.inspector.get_by_role("checkbox", name="in place").check()
    wanted = {key: value for key, value in VIEW.items() if key != "size"}
    tab.wait_for_state(**wanted)
    tab.page.reload()
    tab.wait_until_painted()
    assert_shows_the_view(tab)


def test_a_pasted_link_shows_the_same_view(open_tab):
    tab = open_tab(state=VIEW, inside_tensorboard=True)
    tab.wait_until_painted()
    assert_shows_the_view(tab)
    assert tab.state() == {"run": logs.DIGITS, **VIEW}


def test_a_link_pasted_into_the_address_bar_of_an_open_tab_is_followed(open_tab):
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    tab.page.evaluate("location.hash = '#convlens&p.convlens.layer=conv4&p.convlens.step=2'")
    expect(tab.title).to_have_text("conv4")
    tab.wait_for_step(2)


def test_the_view_survives_a_visit_to_another_tab_of_tensorboard(open_tab):
    tab = open_tab(state=VIEW, inside_tensorboard=True)
    tab.wait_until_painted()
    tab.page.get_by_role("tab", name="scalars").click()
    expect(tab.page.locator("iframe[src*='name=convlens']")).to_be_hidden()
    tab.page.get_by_role("tab", name="ConvLens").click()
    assert_shows_the_view(tab)
    tab.wait_for_state(**VIEW)


def test_a_button_copies_the_link_and_the_copy_is_announced(open_tab):
    tab = open_tab(state=VIEW, inside_tensorboard=True)
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.wait_until_painted()
    tab.button("Copy a link to this view").click()
    expect(tab.frame.get_by_text("Copied the link to this view.")).to_be_visible()
    assert tab.page.evaluate("navigator.clipboard.readText()") == tab.page.url
