"""The selected filter in the comparison: cursor, blink, swipe, numbers, kernels, classes."""

# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tensorboard_plugin_convlens import Reader
from tests.e2e import logs
from tests.e2e.axe import violations
from tests.e2e.tab import Tab

pytestmark = pytest.mark.e2e

FILTER = 3
B_STEP = 2
BESIDE = {"layer": "conv2", "filter": str(FILTER), "compare": f'[["{logs.DIGITS}",{B_STEP},0]]'}


def figure(tab: Tab, letter: str) -> Locator:
    """The picture of a column in the inspector, with what is written below."""
    pictures = tab.inspector.locator("figure:has(figcaption)")
    return pictures.filter(has=tab.frame.locator(f"b:text-is('{letter}')"))


def number_in(text: str) -> float:
    return float(text.replace("−", "-"))


def value_of(tab: Tab, letter: str) -> float:
    """What is written below a picture of the value under the cursor."""
    return number_in(figure(tab, letter).locator("figcaption .number").inner_text())


def point_at(tab: Tab, picture: Locator, x: float, y: float) -> None:
    """Moves the pointer to a place of a picture, as shares of its sides."""
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def opened(tab: Tab) -> Tab:
    expect(figure(tab, "A − B")).to_be_visible()
    tab.wait_for_rest()
    return tab


def test_one_cursor_reads_the_same_place_in_a_in_b_and_in_their_difference(open_tab, log_dir):
    tab = opened(open_tab(state=BESIDE))
    reader = Reader(log_dir)
    first, second = (
        reader.feature_maps(logs.DIGITS, step, "conv2")[FILTER] for step in (8, B_STEP)
    )
    row, column = np.unravel_index(np.argmax(np.abs(first - second)), first.shape)
    place = ((column + 0.5) / first.shape[1], (row + 0.5) / first.shape[0])
    for letter in ("A", "B", "A − B"):
        point_at(tab, figure(tab, letter).locator("canvas"), *place)
        assert value_of(tab, "A") == pytest.approx(
            float(first[row, column]), rel=0.02, abs=1e-4
        )
        assert value_of(tab, "B") == pytest.approx(
            float(second[row, column]), rel=0.02, abs=1e-4
        )
        change = float(first[row, column] - second[row, column])
        assert value_of(tab, "A − B") == pytest.approx(change, rel=0.02, abs=1e-4)
        # The crosshair stands in every picture.
        assert tab.inspector.locator("figure i.across").count() == 3


def test_crops_of_guided_gradients_lie_in_the_frame_of_the_input_image(open_tab, log_dir):
    tab = opened(open_tab(state=BESIDE | {"method": "guided"}))
    reader = Reader(log_dir)
    first, second = (
        np.abs(reader.guided_gradients(logs.DIGITS, step, "conv2", [FILTER])[0]).max(axis=-1)
        for step in (8, B_STEP)
    )
    seen = np.argwhere((first > 0) | (second > 0))
    (top, left), (bottom, right) = seen.min(axis=0), seen.max(axis=0)
    picture = figure(tab, "A").locator("canvas")
    shown = picture.evaluate(
        """canvas => {
          const box = canvas.closest(".picture").getBoundingClientRect();
          return [box.left, box.top, box.width, box.height];
        }"""
    )
    assert shown[2] / shown[3] == pytest.approx(
        (right - left + 1) / (bottom - top + 1), rel=0.7
    )
    row, column = np.unravel_index(np.argmax(first), first.shape)
    point_at(tab, figure(tab, "A").locator(".placed"), 0.5, 0.5)
    # The pointer may stand beside the largest value: the value it reads is one of the crop's.
    read = value_of(tab, "A")
    crop = first[top : bottom + 1, left : right + 1]
    assert np.isclose(crop, read, rtol=0.02, atol=1e-4).any()
    assert first[row, column] >= read - 1e-4


def test_a_and_b_take_turns_in_one_place_while_a_key_is_held(open_tab):
    tab = opened(open_tab(state=BESIDE))
    shown = tab.inspector.locator("figure:has(figcaption)").first
    letter = shown.locator("figcaption b")
    a, b = (tab.pixels(figure(tab, which).locator(".picture")) for which in ("A", "B"))
    tab.page.keyboard.down("\\")
    expect(letter).to_have_text("B")
    tab.page.keyboard.up("\\")
    expect(letter).to_have_text("A")
    tab.wait_for_rest()
    assert np.array_equal(tab.pixels(shown.locator(".picture")), a)

    # Without a key to hold: pressed once, and once more to end it.
    blink = tab.inspector.get_by_role("button", name="blink")
    blink.click()
    expect(blink).to_have_attribute("aria-pressed", "true")
    expect(letter).to_have_text("B")
    expect(letter).to_have_text("A")
    blink.click()
    expect(blink).to_have_attribute("aria-pressed", "false")
    assert not np.array_equal(a, b)


def test_a_divider_is_drawn_over_both_by_mouse_and_by_keys(open_tab):
    tab = opened(open_tab(state=BESIDE))
    tab.inspector.get_by_role("button", name="A over B").click()
    tab.wait_for_state(swipe="true")
    divider = tab.inspector.get_by_role("slider", name="Divider between A and B")
    stage = tab.inspector.get_by_role("group", name="A over B", exact=True)
    pictures = {}
    for key, said in (("Home", "0 % of A"), ("End", "100 % of A")):
        divider.press(key)
        expect(divider).to_have_attribute("aria-valuetext", said)
        tab.page.mouse.move(0, 0)
        tab.wait_for_rest()
        pictures[key] = tab.pixels(stage)
    assert not np.array_equal(pictures["Home"], pictures["End"])
    divider.press("ArrowLeft")
    expect(divider).to_have_attribute("aria-valuetext", "98 % of A")

    box = stage.bounding_box()
    assert box is not None
    point_at(tab, stage, 0.5, 0.5)
    tab.page.mouse.down()
    point_at(tab, stage, 0.25, 0.5)
    tab.page.mouse.up()
    expect(divider).to_have_attribute("aria-valuetext", re.compile(r"^2[45] % of A"))
    tab.page.mouse.move(0, 0)
    tab.wait_for_rest()
    # Left of the divider is A, right of it B.
    half, width = tab.pixels(stage), int(box["width"])
    rows = slice(40, -40)
    for name, columns in (
        ("End", slice(4, int(0.15 * width))),
        ("Home", slice(int(0.4 * width), -8)),
    ):
        assert np.array_equal(half[rows, columns], pictures[name][rows, columns])


def test_statistics_stand_in_a_column_for_each_capture_and_sort_the_rows(open_tab, log_dir):
    tab = opened(open_tab(state=BESIDE))
    table = tab.inspector.get_by_role("region", name="Statistics").get_by_role("table")
    reader = Reader(log_dir)
    first, second = (
        reader.statistics(logs.DIGITS, step, "conv2")["l1"][FILTER] for step in (8, B_STEP)
    )
    row = table.get_by_role("row", name="Kernel L1")
    a, b, change = (number_in(text) for text in row.get_by_role("cell").all_inner_texts())
    assert (a, b) == pytest.approx((first, second), rel=0.01)
    assert change == pytest.approx(first - second, rel=0.01)
    row.get_by_role("button").click()
    tab.wait_for_state(by="A.l1")
    sort = tab.frame.get_by_role("combobox", name="Sort the comparison")
    expect(sort).to_have_value("A.l1")


def test_kernels_stand_side_by_side_and_are_a_method_too(open_tab):
    tab = opened(open_tab(state=BESIDE))
    kernels = tab.inspector.get_by_role("region", name="Kernels")
    kernels.get_by_role("button", name=re.compile("Kernels")).click()
    table = kernels.get_by_role("table")
    # The heads, the mean, eight of sixteen input channels.
    expect(table.get_by_role("row")).to_have_count(10)
    expect(table.get_by_role("row").nth(1).get_by_role("img")).to_have_count(3)
    kernels.get_by_role("button", name="Show all").click()
    expect(table.get_by_role("row")).to_have_count(18)
    tab.method("Kernel").click()
    expect(figure(tab, "A").get_by_role("img", name="Kernel of filter 3, A")).to_be_visible()
    tab.wait_for_rest()
    point_at(tab, figure(tab, "A").locator("canvas"), 0.5, 0.5)
    assert value_of(tab, "A") - value_of(tab, "B") == pytest.approx(
        value_of(tab, "A − B"), abs=2e-3
    )


def test_class_probabilities_are_paired_by_class(open_tab, log_dir):
    tab = open_tab(state=BESIDE | {"tab": "classes"})
    first, second = (
        Reader(log_dir).capture(logs.DIGITS, step).predictions[0][0].probabilities
        for step in (8, B_STEP)
    )
    top = int(np.argmax(first))
    entry = tab.inspector.get_by_role("listitem").filter(has_text="✓ true")
    expect(entry).to_be_visible()
    shares = entry.locator(".number").all_inner_texts()
    assert entry.inner_text().startswith(str(top))
    for text, value in zip(shares, (first[top], second[top]), strict=True):
        assert float(text.split()[0].lstrip("< ")) == pytest.approx(100 * value, abs=0.6)
    bars = entry.locator(".bar i").evaluate_all(
        "bars => bars.map(bar => bar.offsetWidth / bar.parentElement.offsetWidth)"
    )
    assert bars == pytest.approx([float(first[top]), float(second[top])], abs=0.02)


def test_the_pictures_are_magnified_and_leafed_through_by_keys(open_tab):
    tab = opened(open_tab(state=BESIDE))
    tab.page.keyboard.press("e")
    dialog = tab.frame.get_by_role("dialog", name="Filter 3")
    expect(dialog.locator("figure:has(figcaption)")).to_have_count(3)
    tab.page.keyboard.press("ArrowRight")
    expect(tab.frame.get_by_role("dialog", name="Filter 4")).to_be_visible()
    tab.page.keyboard.press("e")
    expect(tab.frame.get_by_role("dialog")).to_be_hidden()
    tab.wait_for_state(filter="4")


def test_the_cursor_in_a_row_marks_the_place_in_the_inspector(open_tab):
    tab = opened(open_tab(state=BESIDE | {"filter": "0"}))
    rows = tab.frame.get_by_role("listbox", name="Filters side by side")
    box = rows.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(tab.inspector.locator("figure i.across")).to_have_count(3)
    tab.page.mouse.move(0, 0)
    expect(tab.inspector.locator("figure i.across")).to_have_count(0)


@pytest.mark.parametrize("swipe", ["false", "true"], ids=["beside", "over"])
def test_axe_finds_nothing_in_the_compared_filter(open_tab, axe, swipe):
    tab = open_tab(state=BESIDE | {"swipe": swipe})
    expect(tab.inspector.get_by_role("button", name="blink")).to_be_visible()
    kernels = tab.inspector.get_by_role("region", name="Kernels")
    kernels.get_by_role("button", name=re.compile("Kernels")).click()
    tab.wait_for_rest()
    assert violations(tab, axe) == []
    tab.inspector_tab("Classes").click()
    tab.wait_for_rest()
    assert violations(tab, axe) == []
