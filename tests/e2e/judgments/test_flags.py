"""Flags on a real training with planted filters, and whether verdicts on them hold."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy import ndimage

from tensorboard_plugin_convlens.cli.main import main
from tests.e2e import planted
from tests.e2e.axe import violations
from tests.e2e.planted import COPY, LAYER, ORIGINAL, RUN, SILENT, Planted

pytestmark = pytest.mark.e2e

# Of the signs, in light mode.
FLAG_COLOR = (122, 47, 143)


@pytest.fixture
def open_planted(open_tab, planted_tensorboard):
    """Opens the tab on the planted layer."""

    def open_layer(**state):
        tab = open_tab(run=RUN, server=planted_tensorboard, state={"layer": LAYER, **state})
        tab.wait_until_painted()
        expect(_flags(tab)).to_be_visible()
        return tab

    return open_layer


def _flags(tab):
    return tab.inspector.get_by_role("region", name="Flags")


def _said(tab):
    return tab.grid.get_by_role("option")


def _shown(tab) -> list[int]:
    """The filters of the grid, by keyboard."""
    tab.grid.press("Home")
    found: list[int] = []
    while True:
        expect(_said(tab)).to_have_text(re.compile(rf"^Filter \d+, {len(found) + 1} of "))
        found.append(tab.selected_filter())
        if re.match(r"Filter \d+, (\d+) of \1,", _said(tab).inner_text()):
            return sorted(found)
        tab.grid.press("ArrowRight")


def test_planted_filters_are_all_flagged_and_no_other_is_called_silent(
    open_planted, planted_training
):
    tab = open_planted(show="silent")
    silent = planted_training.silent_filters()
    assert set(SILENT) <= set(silent)
    assert _shown(tab) == list(silent)
    expect(_said(tab)).to_have_text(re.compile("silent on all 6 inputs"))
    tab.filters.get_by_role("combobox", name="Show").select_option("duplicate")
    assert _shown(tab) == sorted((COPY, ORIGINAL))
    expect(_said(tab)).to_have_text(re.compile("duplicate of (5|11)"))
    assert "dead" not in tab.document().locator("body").inner_text().lower()


def test_a_flag_is_shown_with_its_evidence_and_leads_to_the_others(open_planted):
    tab = open_planted(filter=str(COPY))
    flags = _flags(tab)
    expect(flags).to_contain_text(
        f"duplicate of {ORIGINAL}: response correlation 1, kernel cosine 1"
    )
    flags.get_by_role("button", name=f"go to {ORIGINAL}").click()
    expect(flags).to_contain_text(f"duplicate of {COPY}")
    flags.get_by_role("button", name="Show only duplicate").click()
    expect(_said(tab)).to_have_text(re.compile("of 2,"))
    tab.wait_for_state(show="duplicate")
    flags.get_by_role("button", name="Pick all 2 duplicates").click()
    picked = tab.frame.get_by_role("toolbar", name="Picked filters")
    expect(picked).to_contain_text("2 filters picked")


def _signs(tab) -> int:
    """How many tiles of the grid have a sign: patches of its color, a few pixels apart."""
    colored = (tab.pixels(tab.grid) == FLAG_COLOR).all(axis=2)
    around = np.ones((7, 7), np.bool_)
    return int(ndimage.label(ndimage.binary_dilation(colored, around))[1])


def test_each_flagged_tile_has_a_sign_and_no_other_has_one(open_planted, planted_training):
    flagged = {*planted_training.silent_filters(0.99), COPY, ORIGINAL}
    assert _signs(open_planted()) == len(flagged)
    assert _signs(open_planted(size="12")) == len(flagged)
    tab = open_planted(show="duplicate")
    assert _signs(tab) == 2
    tab.filters.get_by_role("combobox", name="Show").select_option("all")
    tab.choose_layer("conv4")
    assert "No filter of this layer has a flag." in _flags(tab).inner_text()
    assert _signs(tab) == 0


def test_thresholds_are_stated_moved_and_kept_in_the_link(open_planted):
    tab = open_planted(filter="0")
    _flags(tab).get_by_role("button", name="all layers and steps").click()
    dialog = tab.frame.get_by_role("dialog", name=re.compile("^Flags"))
    field = dialog.get_by_role("spinbutton", name=re.compile("near-silent share of zeros"))
    expect(field).to_have_value("0.99")
    near_silent = dialog.get_by_role("button", name=re.compile(r"near-silent in conv1\b"))
    before = near_silent.inner_text()
    field.fill("0.2")
    field.press("Enter")
    expect(near_silent).not_to_have_text(before)
    tab.wait_for_state(near_silent="0.2")
    count = int(near_silent.inner_text())
    near_silent.click()
    expect(dialog).to_be_hidden()
    expect(_said(tab)).to_have_text(re.compile(rf"of {count},"))
    tab.wait_for_state(show="nearSilent")
    tab.page.reload()
    tab.wait_until_painted()
    expect(_said(tab)).to_have_text(re.compile(rf"of {count},.*near-silent"))
    _flags(tab).get_by_role("button", name="all layers and steps").click()
    expect(field).to_have_value("0.2")
    field.fill("7")
    field.press("Enter")
    expect(field).to_have_value("0.2")
    dialog.get_by_role("button", name="Reset to defaults").click()
    expect(field).to_have_value("0.99")
    tab.wait_for_state(near_silent="")


def test_flags_are_counted_per_layer_and_over_the_steps(open_planted, planted_training):
    tab = open_planted()
    _flags(tab).get_by_role("button", name="all layers and steps").click()
    dialog = tab.frame.get_by_role("dialog", name=re.compile("^Flags"))
    silent = len(planted_training.silent_filters())
    counted = dialog.get_by_role("button", name=re.compile(r"silent in conv1, \d+ to \d+ over"))
    expect(counted.first).to_contain_text(str(silent))
    duplicates = dialog.get_by_role(
        "button", name="2 duplicates in conv1, 2 to 2 over the steps"
    )
    expect(duplicates.locator("path").last).to_have_attribute("d", re.compile("^M.+L.+L.+L"))
    assert dialog.get_by_role("rowheader").all_inner_texts() == [
        "conv1",
        "conv2",
        "conv3",
        "conv4",
    ]


def test_axe_finds_nothing_in_flags(open_planted, axe):
    tab = open_planted(filter=str(COPY))
    assert violations(tab, axe) == []
    _flags(tab).get_by_role("button", name="all layers and steps").click()
    tab.frame.get_by_role("dialog", name=re.compile("^Flags")).get_by_role("table").wait_for()
    assert violations(tab, axe) == []


def test_marked_by_keyboard_alone_and_removed_by_a_command_they_change_nothing(
    open_planted, planted_training, capsys
):
    tab = open_planted(sort="index")
    press = tab.page.keyboard.press
    _show_by_keyboard(tab, "silent", ("ArrowDown",) * 4)
    press("Control+a")
    press("x")
    name = tab.frame.get_by_role("dialog", name="Who is marking?")
    expect(name.get_by_role("textbox")).to_be_focused()
    tab.page.keyboard.type("Ann")
    press("Enter")
    bar = tab.filters.get_by_role("group", name="Marks of this layer")
    silent = len(planted_training.silent_filters())
    expect(bar).to_contain_text(f"{silent} of 16 marked")
    _show_by_keyboard(tab, "all", ("ArrowUp",) * 4)
    press("Home")
    for _ in range(COPY):
        press("ArrowRight")
    press("x")
    expect(bar).to_contain_text(f"{silent + 1} of 16 marked")
    expect(bar).not_to_contain_text("saving")

    arguments = [
        "ablate",
        str(planted_training.model),
        "--data",
        str(planted_training.data),
        "--logdir",
    ]
    arguments += [
        str(planted_training.log_dir),
        "--run",
        RUN,
        "--layers",
        LAYER,
        "--repeats",
        "3",
    ]
    assert main(arguments) == 0, capsys.readouterr().err
    tab.page.reload()
    tab.wait_until_painted()
    _see_that_nothing_changes(tab, silent + 1)
    _see_what_each_filter_is_worth(tab, planted_training)


def _show_by_keyboard(tab, wanted: str, arrows: tuple[str, ...]) -> None:
    """From the grid to the menu of what is shown, and back."""
    press = tab.page.keyboard.press
    press("s")
    expect(tab.filters.get_by_role("combobox", name="Sort")).to_be_focused()
    for key in ("Tab", "Tab", "Tab", *arrows):
        press(key)
    expect(tab.filters.get_by_role("combobox", name="Show")).to_have_value(wanted)
    press("Shift+Tab")
    press("g")
    expect(tab.grid).to_be_focused()


def _see_that_nothing_changes(tab, filters: int) -> None:
    tab.filters.get_by_role("combobox", name="Sort").select_option("l1")
    tab.filters.get_by_role("button", name=re.compile("^About ")).click()
    tab.frame.get_by_role("button", name="Do verdicts hold?").click()
    dialog = tab.frame.get_by_role("dialog", name="Do the verdicts hold?")
    expect(dialog).to_contain_text(f"Without your {filters} useless filters: accuracy 0 %.")
    expect(dialog).to_contain_text("Nothing changes without them: the verdicts hold")
    expect(dialog).to_contain_text(
        re.compile(r"conv1, 16 filters: loss from \S+ without filter \d+")
    )
    dialog.get_by_role("button", name="sort by it").click()
    expect(dialog).to_be_hidden()
    tab.wait_for_state(sort="ablation")


def _see_what_each_filter_is_worth(tab, training: Planted) -> None:
    """The loss is a sort key, stands beside the filter, and is compared with the criteria."""
    sort = tab.filters.get_by_role("combobox", name="Sort")
    sort.select_option("ablation")
    tab.grid.press("Home")
    worth = tab.inspector.get_by_role("region", name="Ablation")
    expect(worth).to_contain_text(re.compile(r"loss \+\S+ · accuracy \S+ %"))
    expect(worth).to_contain_text("Measured with digits.keras on 300 inputs, step 3.")
    losses = _losses_without_each_filter(training)
    assert tab.selected_filter() == int(np.argmax(losses))
    sort.select_option("index")
    tab.grid.press("Home")
    for _ in range(COPY):
        tab.grid.press("ArrowRight")
    expect(worth).to_contain_text("loss 0 · accuracy 0 %")


def _losses_without_each_filter(training: Planted) -> list[float]:
    """The losses by Keras alone: the next layer does not read the filter that is removed."""
    import keras  # Here, for TensorFlow takes its time.

    model = keras.models.load_model(training.model)
    reading = model.get_layer(planted.NEXT_LAYER)
    kernel, bias = reading.get_weights()
    losses = []
    with np.load(training.data) as data:
        for channel in range(kernel.shape[2]):
            without = kernel.copy()
            without[:, :, channel] = 0
            reading.set_weights([without, bias])
            losses.append(float(model.evaluate(data["x"], data["y"], verbose=0)[0]))
    return losses
