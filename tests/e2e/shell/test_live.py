"""A run that is written while the tab is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.e2e.tab import Tab
from tests.tensorboard_process import TensorBoardProcess

pytestmark = pytest.mark.e2e


@pytest.fixture
def growing(request: pytest.FixtureRequest, log_dir: Path) -> tuple[str, Writer]:
    """A run with the steps 0, 1 and 2 that no other test writes into, and its writer."""
    run = f"growing {abs(hash(request.node.name))}"
    return run, captures.write_run(log_dir, run)


def reload_until_there(tab: Tab, run: str) -> None:
    """Presses TensorBoard's reload button until it has found the run."""
    option = tab.run.locator("option").filter(has_text=run)
    while option.count() == 0:
        press_reload(tab)
    tab.run.select_option(run)
    expect(tab.title).to_have_text("conv1")


def press_reload(tab: Tab) -> None:
    with tab.page.expect_response(lambda response: "/convlens/runs" in response.url):
        tab.page.locator(".reload-button").click()


def test_a_new_step_appears_on_reload_and_is_followed(
    open_tab, growing, each_loader: TensorBoardProcess
):
    run, writer = growing
    tab = open_tab(server=each_loader, inside_tensorboard=True)
    tab.wait_until_painted()
    reload_until_there(tab, run)
    tab.wait_for_step(2)
    captures.write_step(writer, 3)
    press_reload(tab)
    tab.wait_for_step(3)
    expect(tab.newest).to_be_checked()
    expect(tab.slider).to_have_attribute("aria-valuetext", "step 3, 4 of 4")


def test_a_chosen_step_stays_chosen_when_a_new_one_appears(
    open_tab, growing, each_loader: TensorBoardProcess
):
    run, writer = growing
    tab = open_tab(server=each_loader, inside_tensorboard=True)
    tab.wait_until_painted()
    reload_until_there(tab, run)
    tab.slider.fill("1")
    captures.write_step(writer, 3)
    press_reload(tab)
    expect(tab.slider).to_have_attribute("aria-valuetext", "step 1, 2 of 4")
    expect(tab.newest).not_to_be_checked()
    tab.newest.check()
    tab.wait_for_step(3)


def test_following_can_be_switched_off_at_the_newest_step(open_tab, growing):
    run, writer = growing
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    reload_until_there(tab, run)
    tab.newest.uncheck()
    captures.write_step(writer, 3)
    press_reload(tab)
    expect(tab.slider).to_have_attribute("aria-valuetext", "step 2, 3 of 4")


def test_a_reload_keeps_selection_and_scroll(open_tab, growing):
    run, writer = growing
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    reload_until_there(tab, run)
    tab.choose_layer("conv2")
    tab.button("Next input image").click()
    tab.grid.press("End")
    selected = tab.selected_filter()
    for _ in range(6):
        tab.button("Larger tiles").click()
    tab.wait_for_rest()
    top = tab.grid.evaluate("grid => grid.scrollTop")
    assert top > 0
    captures.write_step(writer, 3)
    press_reload(tab)
    tab.wait_for_step(3)
    expect(tab.title).to_have_text("conv2")
    expect(tab.input).to_have_value("1")
    assert tab.selected_filter() == selected
    assert tab.grid.evaluate("grid => grid.scrollTop") == top
