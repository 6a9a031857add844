"""Marking in the tab: culling by keyboard, several filters at once, several people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests import captures
from tests.e2e import logs, planted
from tests.e2e.axe import violations
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

pytestmark = pytest.mark.e2e

IN_ORDER = {"sort": "index", "layer": "conv1"}
MOST_TESTS = 10


class Run(NamedTuple):
    """A run, and the TensorBoard that shows it."""

    server: TensorBoardProcess
    name: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Run]]:
    """One TensorBoard, and runs on it that nobody has marked yet."""
    directory = tmp_path_factory.mktemp("marking")
    names = [f"run{number}" for number in range(MOST_TESTS)]
    for name in names:
        captures.write_run(directory, name, steps=(0,))
    with running_tensorboard(directory, with_tensorflow=False) as process:
        yield iter([Run(process, name) for name in names])


@pytest.fixture
def culling(runs: Iterator[Run]) -> Run:
    """A run with marks of its own."""
    return next(runs)


def _open(open_tab, run, **changes):
    state = {**IN_ORDER, **changes}
    tab = open_tab(run=run.name, server=run.server, state=state)
    tab.wait_until_painted()
    expect(_bar(tab)).to_be_visible()
    return tab


def _bar(tab):
    return tab.filters.get_by_role("group", name="Marks of this layer")


def _sign(tab, name="Ann"):
    dialog = tab.frame.get_by_role("dialog", name="Who is marking?")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    tab.page.keyboard.type(name)
    tab.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def _strip(tab, part):
    """Width of a part of the strip of the layer that is marked."""
    return tab.node("conv1").locator(f".strip.marked .{part}").bounding_box()["width"]


def _said(tab):
    return tab.grid.get_by_role("option")


def test_filters_are_culled_by_keyboard_alone(open_tab, culling):
    tab = _open(open_tab, culling)
    press = tab.page.keyboard.press
    press("x")
    _sign(tab)
    expect(_said(tab)).to_have_text(re.compile("^Filter 1,"))
    expect(_bar(tab)).to_contain_text(f"1 of {captures.FILTERS} marked")
    press("p")
    press("3")
    press("Shift+Q")
    expect(_said(tab)).to_have_text(re.compile("^Filter 3,.*unsure"))
    press("v")
    press("5")
    expect(_said(tab)).to_have_text(re.compile("^Filter 3,.*unsure, 5 stars"))
    press("u")
    expect(_said(tab)).not_to_have_text(re.compile("unsure"))
    press("Control+z")
    expect(_said(tab)).to_have_text(re.compile("unsure, 5 stars"))
    # One filter of each, and one with stars only, in the strip of the layer.
    parts = [_strip(tab, part) for part in ("useful", "useless", "unsure", "other")]
    whole = tab.node("conv1").bounding_box()["width"]
    assert parts == pytest.approx([whole / captures.FILTERS] * 4, abs=1.5)
    press("Home")
    expect(_said(tab)).to_have_text(re.compile("^Filter 0,.*useless"))
    expect(_bar(tab)).not_to_contain_text("saving")
    tab.page.reload()
    tab.wait_until_painted()
    expect(_bar(tab)).to_contain_text(f"4 of {captures.FILTERS} marked")
    expect(tab.node("conv1")).to_contain_text("✓1 ✕1 ?1")


def test_another_browser_sees_the_marks_and_is_asked_before_one_is_overwritten(
    open_tab, culling
):
    ann, ben = _open(open_tab, culling), _open(open_tab, culling)
    ann.page.keyboard.press("Shift+X")
    _sign(ann, "Ann")
    expect(_said(ben)).to_have_text(re.compile("useless"))
    # Ben knows no more of the marks from here on.
    ben.page.route("**/marks?*", lambda route: route.abort())
    ann.page.keyboard.press("Shift+P")
    expect(_said(ann)).to_have_text(re.compile("useful"))
    expect(ann.filters).not_to_contain_text("saving…")
    ben.page.keyboard.press("Shift+Q")
    _sign(ben, "Ben")
    dialog = ben.frame.get_by_role("dialog", name="Somebody else has marked this filter")
    row = dialog.get_by_role("row").nth(1)
    expect(row).to_contain_text("useful")
    expect(row).to_contain_text("Ann")
    expect(row).to_contain_text("unsure")
    dialog.get_by_role("button", name="Use mine").click()
    expect(_said(ben)).to_have_text(re.compile("unsure"))
    expect(_said(ann)).to_have_text(re.compile("unsure"))


def test_hostile_tags_notes_and_names_are_text(open_tab, culling):
    tab = _open(open_tab, culling)
    tab.page.keyboard.press("w")
    tags = tab.inspector.get_by_role("textbox", name="Tags")
    expect(tags).to_be_focused()
    tags.fill('"><img src=x onerror=alert(1)>')
    tab.inspector.get_by_role("textbox", name="Note").fill(
        logs.SCRIPT + logs.REVERSED + "x" * 5000
    )
    tab.inspector.get_by_role("textbox", name="Note").press("Control+Enter")
    _sign(tab, '<b>"Ann\u202e')
    tab.inspector.get_by_role("button", name="history").click()
    history = tab.inspector.get_by_role("list", name="History of the mark")
    expect(history).to_contain_text("onerror=alert(1)")
    expect(history).not_to_contain_text("\u202e")
    expect(_bar(tab)).not_to_contain_text("saving")
    tab.page.reload()
    tab.wait_until_painted()
    expect(tags).to_have_value('"><img src=x onerror=alert(1)>')
    assert tab.document().evaluate("() => document.querySelector('img[src=x], q b') === null")


def test_axe_finds_nothing_in_marking(open_tab, axe, culling):
    tab = _open(open_tab, culling)
    tab.page.keyboard.press("x")
    tab.frame.get_by_role("dialog", name="Who is marking?").wait_for()
    assert violations(tab, axe) == [], "with the question of the author"
    _sign(tab)
    tab.page.keyboard.press("4")
    tab.grid.press("Home")
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.frame.get_by_role("toolbar", name="Picked filters").wait_for()
    tab.inspector.get_by_role("button", name="history").click()
    tab.wait_for_rest()
    assert violations(tab, axe) == []


def test_if_marks_cannot_be_changed_the_reason_is_shown(open_tab, tmp_path):
    captures.write_run(tmp_path, "train", steps=(0,))
    with running_tensorboard(
        tmp_path, arguments=("--convlens_readonly",), with_tensorflow=False
    ) as process:
        tab = _open(open_tab, Run(process, "train"))
        expect(_bar(tab)).to_contain_text("read-only")
        reason = "Marks cannot be changed: TensorBoard was started with --convlens_readonly."
        expect(tab.inspector.get_by_role("region", name="Mark")).to_contain_text(reason)
        tab.page.keyboard.press("x")
        expect(tab.frame.get_by_text(reason).last).to_be_visible()
        expect(_said(tab)).not_to_have_text(re.compile("useless"))


def test_marks_say_when_the_weights_have_changed_since(open_tab, planted_tensorboard):
    state = {"layer": "conv4", "step": "1", "sort": "index"}
    tab = open_tab(run=planted.RUN, server=planted_tensorboard, state=state)
    tab.wait_until_painted()
    tab.page.keyboard.press("Shift+P")
    _sign(tab)
    mark = tab.inspector.get_by_role("region", name="Mark")
    expect(mark).to_contain_text("at step 1")
    expect(_said(tab)).to_have_text(re.compile("useful$"))
    expect(mark.get_by_role("note")).to_have_count(0)
    tab.page.keyboard.press("]")
    tab.wait_for_step(2)
    expect(mark.get_by_role("note")).to_contain_text(
        "This mark was made at step 1; the layer's weights have changed since."
    )
    expect(_said(tab)).to_have_text(re.compile("useful, made on other weights$"))
    _bar(tab).get_by_role("button", name="Show the 1 mark made on other weights").click()
    expect(_said(tab)).to_have_text(re.compile("^Filter 0, 1 of 1,"))
    tab.wait_for_state(show="outdated")
