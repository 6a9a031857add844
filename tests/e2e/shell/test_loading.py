"""Parts of the tab that are loaded when they are first shown, and are not sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

ROWS = "Filters side by side"


def test_a_part_that_is_not_sent_says_so_and_is_asked_for_again(open_tab):
    tab = open_tab(state={"layer": "conv2"})
    tab.wait_until_painted()
    for part, key, name, shown in (
        ("HelpDialog", "?", "The list of keys", tab.help),
        ("Timelines", "t", "The timelines", tab.frame.get_by_role("application")),
        ("ComparePane", "c", "The comparison", tab.frame.get_by_role("listbox", name=ROWS)),
    ):
        file = re.compile(rf"/static/{part}-[^/]*\.js")
        tab.page.route(file, lambda route: route.abort())
        tab.grid.press(key)
        alert = tab.frame.get_by_role("alert").filter(has_text=f"{name} could not be loaded")
        expect(alert).to_be_visible()
        tab.page.unroute(file)
        alert.get_by_role("button", name="Try again").click()
        expect(alert).to_be_hidden()
        expect(shown).to_be_visible()
        tab.page.keyboard.press("Escape")
        tab.wait_for_rest()
