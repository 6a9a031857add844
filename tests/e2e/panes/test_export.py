from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Download, expect

from tests.e2e import logs
from tests.e2e.tab import CENTERS, VIK_CENTER, VIK_ENDS, Tab, decode

pytestmark = pytest.mark.e2e


def export(tab: Tab, name: str) -> Download:
    tab.filters.get_by_text("Export").click()
    with tab.page.expect_download() as download:
        tab.filters.get_by_role("button", name=re.compile(name)).click()
    return download.value


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def table(download: Download) -> list[dict[str, str]]:
    text = content(download).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_filters_in_view_are_saved_as_a_picture_with_their_legend(open_tab):
    tab = open_tab(run=logs.VALUES, state={"size": "80"})
    tab.wait_until_painted()
    for theme in tab.in_both_themes():
        screen = tab.pixels(tab.grid)
        download = export(tab, "^Filters")
        assert download.suggested_filename == "values-bands-step0-activation-filters.png"
        saved = decode(content(download))
        height = min(screen.shape[0], saved.shape[0] - 30) - 2
        width = screen.shape[1] - 20
        assert (saved[:height, :width] == screen[:height, :width]).mean() > 0.99
        below = saved[screen.shape[0] :]
        assert below.shape[0] >= 40, "There is no room for a legend."
        assert (below == CENTERS[theme]).all(axis=2).any()
    assert len(np.unique(below.reshape(-1, 3), axis=0)) > 100


def test_the_magnified_filter_is_saved_as_a_picture_with_its_legend(open_tab):
    tab = open_tab(run=logs.VALUES)
    tab.wait_until_painted()
    download = export(tab, "^Filter 0")
    assert download.suggested_filename == "values-bands-step0-activation-filter0.png"
    saved = decode(content(download))
    side = saved.shape[1] // 12 * 12
    assert side >= 480
    row = saved[side // 2]
    assert [tuple(row[at * side // 12]) for at in (1, 6, 10)] == [
        VIK_ENDS[0],
        VIK_CENTER,
        VIK_ENDS[1],
    ]


def test_the_statistics_are_saved_as_a_table_in_the_order_of_the_grid(open_tab):
    tab = open_tab(state={"layer": "conv2", "sort": "mean"})
    tab.wait_until_painted()
    tab.grid.press("Home")
    first = tab.selected_filter()
    rows = table(export(tab, "^Statistics"))
    assert len(rows) == 16
    assert rows[0]["filter"] == str(first)
    means = [float(row["mean"]) for row in rows]
    assert means == sorted(means, reverse=True)
    assert {"max", "std", "apoz", "l1", "l2"} <= set(rows[0])


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(open_tab):
    tab = open_tab(run=logs.HOSTILE)
    tab.wait_until_painted()
    download = export(tab, "^Statistics")
    assert re.fullmatch(r"[\w.-]+\.csv", download.suggested_filename)
    rows = list(csv.reader(io.StringIO(content(download).decode("utf-8-sig"))))
    assert f"'{logs.FORMULA}" in rows[0]
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[=+@]|-(?![\d.])", cell), cell


def test_a_saved_file_is_announced(open_tab):
    tab = open_tab()
    tab.wait_until_painted()
    export(tab, "^Statistics")
    expect(tab.frame.get_by_text("Saved", exact=False).first).to_be_visible()
