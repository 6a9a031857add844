"""Every part of the tab shows, counts and undoes marks that the server does not have yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import captures
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

pytestmark = pytest.mark.e2e

LAPTOP, LOW, NARROW = (1440, 900), (1100, 500), (600, 900)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoardProcess]:
    """TensorBoard with a run for every test, for marks stay."""
    directory = tmp_path_factory.mktemp("unsaved")
    for number in range(6):
        captures.write_run(directory, f"run{number}", steps=(0, 1))
    with running_tensorboard(directory, with_tensorflow=False) as process:
        yield process


def open_signed(open_tab, server, run, size, **changes):
    """The tab of somebody whose name is known, on a server that takes no marks."""
    state = {"sort": "index", "layer": "conv1", "filter": "2", **changes}
    tab = open_tab(run=run, server=server, size=size, state=state)
    # While a page loads, Playwright may lose all its requests to a route that is added.
    tab.wait_for_rest()
    tab.page.route(re.compile("/plugin/convlens/mark$"), lambda route: route.abort())
    if tab.hint.is_visible():
        tab.hint.get_by_role("button", name="Got it").click()
    verdicts = tab.frame.get_by_role("group", name="Verdict", include_hidden=True)
    expect(verdicts.get_by_role("button", include_hidden=True).first).to_be_enabled()
    tab.page.keyboard.press("x")
    dialog = tab.frame.get_by_role("dialog", name="Who is marking?")
    dialog.get_by_role("textbox").fill("Ann")
    tab.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    return tab


def alert(tab):
    return tab.frame.get_by_role("alert").filter(has_text="1 change to marks not saved yet")


def bar(tab):
    shown = tab.frame.get_by_role("group", name="Marks of this layer")
    return shown.filter(visible=True)


@pytest.mark.parametrize(
    ("run", "size", "comparing"),
    [("run0", LAPTOP, False), ("run1", LOW, False), ("run2", LAPTOP, True)],
    ids=["laptop", "low", "comparison"],
)
def test_the_alert_the_count_and_undo_are_in_every_pane(open_tab, server, run, size, comparing):
    changes = {"compare": json.dumps([[run, 0, 0]])} if comparing else {}
    tab = open_signed(open_tab, server, run, size, **changes)
    expect(alert(tab)).to_be_visible()
    expect(bar(tab)).to_contain_text("1 of 6")
    bar(tab).get_by_role("button", name="undo").click()
    expect(bar(tab)).to_contain_text("0 of 6")


def test_they_are_under_a_notice_of_an_error(open_tab, server):
    tab = open_signed(open_tab, server, "run3", LAPTOP)
    tab.page.route("**/plugin/convlens/layer?*", lambda route: route.abort())
    tab.node("conv2").click()
    expect(tab.filters).to_contain_text("The filters could not be read")
    expect(alert(tab)).to_be_visible()
    bar(tab).get_by_role("button", name="undo").click()
    expect(tab.title).to_have_text("conv1")
    expect(bar(tab)).to_contain_text("0 of 6")


def test_they_are_beside_the_inspector_where_one_pane_has_room(open_tab, server):
    tab = open_signed(open_tab, server, "run4", NARROW)
    tab.button("Inspector").click()
    expect(alert(tab)).to_be_visible()
    expect(bar(tab)).to_contain_text("1 of 6")
    expect(bar(tab).get_by_role("button", name="undo")).to_be_enabled()


def test_marks_of_another_run_are_reported_and_arrive(open_tab, server):
    tab = open_signed(open_tab, server, "run5", LAPTOP)
    tab.run.select_option("run0")
    expect(alert(tab)).to_be_visible()
    tab.page.unroute(re.compile("/plugin/convlens/mark$"))
    expect(alert(tab)).to_have_count(0)
    status, body = server.get("data/plugin/convlens/marks?run=run5&since=0")
    assert (status, len(json.loads(body)["marks"])) == (200, 1)
