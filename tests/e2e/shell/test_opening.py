from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.e2e import logs
from tests.e2e.tab import Tab
from tests.tensorboard_process import running_tensorboard

pytestmark = pytest.mark.e2e


def colors_of(tab: Tab) -> int:
    """How many colors the grid has on screen."""
    return len(np.unique(tab.pixels(tab.grid).reshape(-1, 3), axis=0))


def test_the_tab_opens_on_both_loaders_paints_the_filters_and_offers_every_run(
    open_tab, each_loader
):
    tab = open_tab(server=each_loader, inside_tensorboard=True)
    tab.wait_until_painted()
    expect(tab.title).to_have_text("conv1")
    tab.wait_for_step(8)
    assert colors_of(tab) > 100
    offered = tab.run.locator("option").all_inner_texts()
    wanted = {logs.DIGITS, logs.VALUES, logs.WIDE, logs.DEEP, logs.DAMAGED, logs.HOSTILE}
    assert wanted <= set(offered)


def test_the_tab_is_found_in_tensorboards_own_menu(open_tab):
    tab = open_tab(inside_tensorboard=True)
    tab.wait_until_painted()
    menu = tab.page.get_by_role("tab", name="ConvLens")
    expect(menu).to_have_attribute("aria-selected", "true")


def test_the_tab_works_behind_a_path_prefix(open_tab, tmp_path: Path):
    captures.write_run(tmp_path)
    with running_tensorboard(
        tmp_path, arguments=("--path_prefix=/some/prefix",), with_tensorflow=False
    ) as server:
        assert server.url.endswith("/some/prefix/")
        tab = open_tab(server=server, run="train", inside_tensorboard=True)
        tab.wait_until_painted()
        tab.method("Guided").click()
        tab.wait_for_rest()
        assert colors_of(tab) > 100
        picture = tab.frame.get_by_alt_text(re.compile("^Input image")).first
        assert picture.evaluate("image => image.naturalWidth") == captures.SIDE


def test_a_log_directory_without_captures_says_what_to_do(open_tab, tmp_path: Path):
    with running_tensorboard(tmp_path, with_tensorflow=False) as server:
        tab = open_tab(server=server, inside_tensorboard=True)
        # TensorBoard hides the tabs of plugins without data in a menu; the link opens it.
        expect(tab.frame.get_by_role("heading", name="Nothing captured yet")).to_be_visible()
        expect(tab.frame.get_by_text("ConvLensCallback(log_dir, inputs)")).to_be_visible()
        captures.write_run(tmp_path)
        tab.button("Reload").click()
        expect(tab.grid.or_(tab.button("Reload"))).to_be_visible()


def test_a_run_without_a_complete_capture_says_so_until_the_first_one_comes(
    open_tab, tmp_path: Path
):
    writer = Writer(tmp_path, run="begun")
    with running_tensorboard(tmp_path, with_tensorflow=False) as server:
        tab = open_tab(server=server, run="begun")
        notice = tab.frame.get_by_role("heading", name="No step captured yet")
        expect(notice).to_be_visible()
        captures.write_run(tmp_path, run=writer.run_directory.name)
        tab.button("Reload").click()
        tab.wait_until_painted()
        expect(notice).to_be_hidden()


def test_a_log_directory_spec_says_why_nothing_is_shown_and_what_to_do(
    open_tab, tmp_path: Path
):
    captures.write_run(tmp_path)
    spec = f"--logdir_spec=named:{tmp_path / 'train'}"
    with running_tensorboard(
        None, load_fast=False, arguments=(spec,), with_tensorflow=False
    ) as server:
        tab = open_tab(server=server, run="named")
        expect(tab.frame.get_by_text("Start it with --logdir")).to_be_visible()
        expect(tab.frame.get_by_role("heading", name="No step can be shown")).to_be_visible()


def test_a_damaged_sheet_is_reported_and_the_rest_works(open_tab):
    tab = open_tab(run=logs.DAMAGED)
    failed = tab.filters.get_by_role("heading", name="The filters could not be read")
    expect(failed).to_be_visible()
    expect(tab.filters.get_by_role("status")).to_contain_text(re.compile(r"[A-Z].+\."))
    expect(tab.filters.get_by_role("button", name="Try again")).to_be_visible()
    tab.run.select_option(logs.DIGITS)
    tab.wait_until_painted()
    expect(failed).to_be_hidden()


def test_a_server_that_is_gone_is_reported(open_tab, tmp_path: Path):
    captures.write_run(tmp_path)
    with running_tensorboard(tmp_path, with_tensorflow=False) as server:
        tab = open_tab(server=server, run="train")
        tab.wait_until_painted()
    tab.node("conv2").click()
    expect(tab.filters.get_by_text("TensorBoard does not answer")).to_be_visible()
    expect(tab.filters.get_by_role("button", name="Try again")).to_be_visible()


def test_the_hint_says_what_the_pictures_are_until_it_is_put_away(open_tab):
    tab = open_tab()
    tab.grid.wait_for()
    expect(tab.hint).to_contain_text("Activation")
    expect(tab.hint).to_contain_text("Guided gradient")
    expect(tab.hint).to_contain_text("arXiv 1810.03292")
    tab.hint.get_by_role("button", name="Got it").click()
    expect(tab.hint).to_be_hidden()
    tab.page.reload()
    tab.grid.wait_for()
    expect(tab.hint).to_be_hidden()
