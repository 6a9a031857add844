from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import logs

pytestmark = pytest.mark.e2e

# Of each layer: what was captured, the tiles of the grid, the curve, the small pictures.
MOST_REQUESTS = 4


def routes_asked(page) -> list[str]:
    """The names of the plugin's routes that the page asks from now on."""
    asked: list[str] = []

    def see(request):
        found = re.search(r"/data/plugin/convlens/(\w+)", request.url)
        # Marks are polled, whatever is looked at; files of the tab are of no layer.
        if found and found[1] not in ("marks", "static"):
            asked.append(found[1])

    page.on("request", see)
    return asked


@pytest.mark.parametrize("method", ["Activation", "Guided"])
def test_a_layer_is_shown_with_everything_beside_it_in_four_requests(open_tab, method):
    # High enough for the whole inspector: pictures out of view are not asked for.
    tab = open_tab(run=logs.DIGITS, size=(1440, 1700))
    tab.wait_until_painted()
    tab.method(method).click()
    tab.wait_for_rest()

    asked = routes_asked(tab.page)
    tab.choose_layer("conv2")
    history = tab.inspector.get_by_role("region", name="History")
    expect(history.get_by_role("option", selected=True).locator("canvas")).to_be_visible()
    others = tab.inspector.get_by_role("region", name="Other input images").locator("canvas")
    assert others.count() > 1
    tab.wait_for_rest()

    assert len(asked) <= MOST_REQUESTS, asked
    assert asked.count("tiles") == 1


def test_another_filter_costs_one_request_for_all_its_pictures_and_one_for_its_curve(open_tab):
    tab = open_tab(run=logs.DIGITS, state={"method": "guided", "sort": "index"})
    tab.wait_until_painted()

    asked = routes_asked(tab.page)
    tab.inspector.get_by_role("button", name="Next filter").click()
    expect(tab.inspector.get_by_role("heading", name="Filter 1")).to_be_visible()
    tab.wait_for_rest()

    assert sorted(asked) == ["history", "tiles"]
