"""What is acted on is on screen: nothing is shown, marked or saved under another's name."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests import captures
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

pytestmark = pytest.mark.e2e

IN_ORDER = {"sort": "index", "layer": "conv1", "filter": "3"}


MOST_TESTS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoardProcess]:
    """TensorBoard with a run for every test, for marks stay."""
    directory = tmp_path_factory.mktemp("unseen")
    for number in range(MOST_TESTS):
        captures.write_run(directory, f"run{number}", steps=(0, 1, 2))
    with running_tensorboard(directory, with_tensorflow=False) as process:
        yield process


@pytest.fixture(scope="module")
def run_names() -> Iterator[str]:
    """Names of runs that no test has marked yet."""
    return iter([f"run{number}" for number in range(MOST_TESTS)])


@dataclass(frozen=True)
class Marking:
    """A run without any mark, and its server."""

    server: TensorBoardProcess
    run: str

    def wait_for(self, wanted: set[tuple[str, int]]) -> None:
        """Returns once the server keeps these marks."""
        end = time.monotonic() + 20
        while (kept := self.marks()) != wanted:
            assert time.monotonic() < end, f"The server keeps {kept}."
            time.sleep(0.2)

    def marks(self) -> set[tuple[str, int]]:
        """Layer and filter of every mark that the server keeps."""
        status, body = self.server.get(f"data/plugin/convlens/marks?run={self.run}&since=0")
        assert status == 200
        return {(mark["path"], mark["channel"]) for mark in json.loads(body)["marks"]}


@pytest.fixture
def marking(server: TensorBoardProcess, run_names: Iterator[str]) -> Marking:
    """A run without any mark."""
    return Marking(server, next(run_names))


class Held:
    """Requests for one route that wait until they are let go."""

    def __init__(self, tab, route):
        self.tab = tab
        self.pattern = re.compile(rf"/plugin/convlens/{route}\?")
        self.waiting: list[Route] = []
        self.is_held = True
        tab.page.route(self.pattern, self._hold)

    def _hold(self, route):
        if self.is_held:
            self.waiting.append(route)
        else:
            route.continue_()

    def let_go(self):
        self.is_held = False
        while self.waiting:
            self.waiting.pop().continue_()


def open_marking(open_tab, marking, **changes):
    tab = open_tab(run=marking.run, server=marking.server, state={**IN_ORDER, **changes})
    tab.wait_until_painted()
    expect(verdict(tab, "useful")).to_be_enabled()
    return tab


def verdict(tab, name):
    group = tab.inspector.get_by_role("group", name="Verdict")
    return group.get_by_role("button", name=name)


def heading(tab):
    return tab.inspector.get_by_role("heading", name=re.compile("^Filter"))


def nothing_is_marked(tab):
    """Neither kept nor on its way: the tab counts a mark the moment it is made."""
    bar = tab.frame.get_by_role("group", name="Marks of this layer").first
    expect(bar).to_contain_text("0 of 6")


def press_all_marking_keys(tab):
    for key in ("x", "p", "Shift+Q", "3", "u"):
        tab.page.keyboard.press(key)


def says_that_nothing_was_marked(tab):
    spoken = tab.frame.get_by_role("status").filter(has_text="Nothing was marked")
    expect(spoken).to_be_visible()


def sign(tab):
    dialog = tab.frame.get_by_role("dialog", name="Who is marking?")
    dialog.get_by_role("textbox").fill("Ann")
    tab.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def test_nothing_is_shown_or_marked_while_another_layer_loads(open_tab, marking):
    tab = open_marking(open_tab, marking)
    held = Held(tab, "layer")
    tab.node("conv2").click()
    expect(tab.title).to_have_text("conv2")
    expect(heading(tab)).to_have_count(0)
    expect(tab.inspector.get_by_role("img")).to_have_count(0)
    expect(tab.inspector.get_by_role("group", name="Verdict")).to_have_count(0)
    expect(tab.grid).to_have_count(0)
    press_all_marking_keys(tab)
    says_that_nothing_was_marked(tab)
    held.let_go()
    expect(heading(tab)).to_have_text("Filter 3")
    expect(verdict(tab, "useless")).to_be_enabled()
    nothing_is_marked(tab)
    assert marking.marks() == set()
    tab.page.keyboard.press("x")
    sign(tab)
    expect(tab.frame.get_by_role("status").filter(has_text="1 of 6 marked")).to_be_visible()
    marking.wait_for({("conv2", 3)})


def test_nothing_is_shown_or_marked_when_the_server_has_gone(open_tab, marking):
    tab = open_marking(open_tab, marking)
    tab.page.route("**/plugin/convlens/**", lambda route: route.abort())
    tab.node("conv2").click()
    expect(tab.filters).to_contain_text("The filters could not be read")
    expect(heading(tab)).to_have_count(0)
    press_all_marking_keys(tab)
    says_that_nothing_was_marked(tab)
    # The layer that is known is still there, and can be marked.
    tab.node("conv1").click()
    expect(verdict(tab, "useless")).to_be_enabled()
    expect(heading(tab)).to_have_text("Filter 3")


def test_pictures_of_another_step_go_before_they_are_taken_for_those_of_this_one(
    open_tab, marking
):
    tab = open_marking(open_tab, marking)
    before = tab.pixels(tab.grid)
    held = Held(tab, "layer")
    tab.page.keyboard.press("[")
    tab.wait_for_step(1)
    expect(verdict(tab, "useful")).to_be_disabled()
    expect(tab.filters).to_contain_text("Loading the filters…")
    expect(tab.inspector.get_by_role("region", name="Methods")).to_be_hidden()
    expect(tab.grid.locator("canvas").first).to_have_css("opacity", "0")
    assert (tab.pixels(tab.grid) == tab.pixels(tab.grid)[0, 0]).mean() > 0.95
    press_all_marking_keys(tab)
    says_that_nothing_was_marked(tab)
    held.let_go()
    expect(verdict(tab, "useful")).to_be_enabled()
    tab.wait_for_rest()
    assert not np.array_equal(tab.pixels(tab.grid), before)
    nothing_is_marked(tab)
    assert marking.marks() == set()


def test_the_picture_of_a_filter_goes_when_another_is_selected(open_tab, marking):
    tab = open_marking(open_tab, marking, method="guided")
    held = Held(tab, "tiles")
    tab.grid.press("ArrowRight")
    expect(heading(tab)).to_have_text("Filter 4")
    expect(tab.inspector.get_by_role("img", name=re.compile("of filter 3"))).to_have_count(0)
    tab.filters.get_by_text("Export").click()
    expect(tab.filters.get_by_role("button", name="Filter 4, PNG")).to_be_disabled()
    held.let_go()
    expect(tab.filters.get_by_role("button", name="Filter 4, PNG")).to_be_enabled()
    expect(tab.inspector.get_by_role("img", name=re.compile("of filter 4"))).to_be_visible()


def test_a_filter_whose_tile_is_on_screen_is_marked_before_its_large_picture_is_there(
    open_tab, marking
):
    tab = open_marking(open_tab, marking, method="guided")
    tab.page.keyboard.press("x")
    sign(tab)
    expect(heading(tab)).to_have_text("Filter 4")
    held = Held(tab, "tiles")
    for key in ("p", "Shift+X"):
        tab.page.keyboard.press(key)
    marking.wait_for({("conv1", 3), ("conv1", 4), ("conv1", 5)})
    held.let_go()


def test_nothing_is_marked_while_the_picture_that_hides_the_tiles_loads(open_tab, marking):
    tab = open_marking(open_tab, marking, method="guided")
    tab.grid.press("Enter")
    expect(tab.help).to_contain_text("conv1")
    held = Held(tab, "tiles")
    tab.page.keyboard.press("ArrowRight")
    expect(tab.help).to_contain_text("Loading the filter")
    press_all_marking_keys(tab)
    held.let_go()
    expect(tab.help.get_by_role("img", name=re.compile("of filter 4"))).to_be_visible()
    nothing_is_marked(tab)
    assert marking.marks() == set()


def test_picked_filters_are_not_marked_until_they_are_seen(open_tab, marking):
    tab = open_marking(open_tab, marking)
    tab.grid.press("Control+a")
    bar = tab.filters.get_by_role("toolbar", name="Picked filters")
    expect(bar.get_by_role("button", name="useless")).to_be_enabled()
    held = Held(tab, "layer")
    tab.page.keyboard.press("[")
    for name in ("useful", "useless", "unsure", "clear"):
        expect(bar.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(bar.get_by_role("combobox")).to_be_disabled()
    held.let_go()
    expect(bar.get_by_role("button", name="useless")).to_be_enabled()
    nothing_is_marked(tab)
    assert marking.marks() == set()


def test_a_layer_without_filters_takes_no_mark_of_the_layer_before(open_tab, marking):
    tab = open_marking(open_tab, marking)
    tab.node("image").click()
    expect(tab.filters).to_contain_text("InputLayer has no pictures")
    press_all_marking_keys(tab)
    says_that_nothing_was_marked(tab)
    tab.node("conv1").click()
    nothing_is_marked(tab)
    assert marking.marks() == set()


def test_the_curve_of_one_filter_is_not_shown_for_another(open_tab, marking):
    tab = open_marking(open_tab, marking)
    history = tab.inspector.get_by_role("region", name="History")
    expect(history.get_by_role("combobox")).to_be_visible()
    tab.page.route("**/plugin/convlens/history?*", lambda route: route.abort())
    tab.grid.press("ArrowRight")
    expect(history.get_by_role("combobox")).to_have_count(0)
    expect(history).to_contain_text("TensorBoard does not answer")


def test_nothing_is_saved_under_another_name(open_tab, marking):
    tab = open_marking(open_tab, marking)
    tab.filters.get_by_text("Export").click()
    files = [
        tab.filters.get_by_role("button", name=name)
        for name in ("Filters in view, PNG", "Filter 3, PNG", "Statistics, CSV")
    ]
    for file in files:
        expect(file).to_be_enabled()
    held = Held(tab, "layer")
    tab.page.keyboard.press("[")
    for file in files:
        expect(file).to_be_disabled()
    held.let_go()
    for file in files:
        expect(file).to_be_enabled()


def test_compared_pictures_go_before_they_are_taken_for_those_of_other_columns(
    open_tab, marking
):
    state = {**IN_ORDER, "compare": json.dumps([[marking.run, 0, 0]])}
    tab = open_tab(run=marking.run, server=marking.server, state=state)
    expect(verdict(tab, "useful")).to_be_enabled()
    pane = tab.frame.get_by_role("region", name="Comparison")
    rows = pane.get_by_role("listbox", name="Filters side by side")
    expect(tab.inspector.get_by_role("figure").nth(1)).to_contain_text("step 0")
    held = Held(tab, "layer")
    pane.get_by_role("combobox", name="Step of B").select_option("1")
    expect(verdict(tab, "useful")).to_be_disabled()
    expect(rows.get_by_role("option")).to_have_text("Loading the columns")
    expect(rows.locator("canvas").first).to_have_css("opacity", "0")
    assert (tab.pixels(rows) == tab.pixels(rows)[0, 0]).mean() > 0.95
    press_all_marking_keys(tab)
    says_that_nothing_was_marked(tab)
    held.let_go()
    expect(tab.inspector.get_by_role("figure").nth(1)).to_contain_text("step 1")
    expect(verdict(tab, "useful")).to_be_enabled()
    nothing_is_marked(tab)
    assert marking.marks() == set()
