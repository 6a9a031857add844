"""Files that commands write: complete, or what was there before is as it was."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

import keras
import pytest

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.judgments.mask import build_mask
from tensorboard_plugin_convlens.loading.mask_file import encode_mask
from tests.pruning.test_prune import filters
from tests.small_disk import KINDS, SmallDisk, small_disk

COMMANDS = {
    "marks as CSV": ("annotate {logs} export {output}", "marks.csv"),
    "marks as JSON": ("annotate {logs} export {output}", "marks.json"),
    "backup of marks": ("annotate {logs} backup {output}", "backup.json"),
    "mask as JSON": ("export mask {logs} --output {output}", "mask.json"),
    "mask as archive": ("export mask {logs} --output {output}", "mask.npz"),
    "filters": ("export filters {logs} --output {output}", "filters.csv"),
    "statistics": ("export statistics {logs} --output {output}", "statistics.csv"),
    "smaller model": ("prune {model} --mask {mask} --output {output}", "smaller.keras"),
}


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path):
    with small_disk(tmp_path / "disk", request.param) as disk:
        yield disk


@pytest.fixture
def sources(digits: Path, marked: Path) -> dict[str, object]:
    model = keras.models.load_model(digits / "model.keras")
    mask = marked / "removed.json"
    mask.write_bytes(encode_mask(build_mask(filters(model), [("conv1", 3)]), ".json"))
    return {"logs": marked / "logs", "model": digits / "model.keras", "mask": mask}


def command(what: str, output: Path, sources: dict[str, object]) -> list[str]:
    return [one.format(output=output, **sources) for one in COMMANDS[what][0].split()]


@pytest.mark.parametrize("what", COMMANDS)
def test_on_a_full_disk_the_file_that_was_there_stays_and_nothing_is_left_behind(
    what: str, disk: SmallDisk, sources: dict[str, object], capsys
):
    output = disk.place / COMMANDS[what][1]
    output.write_bytes(b"what was there")
    with disk.full(left=100):
        assert main(command(what, output, sources)) == 1
    # The database of marks, too, is a file that may not grow, where it is that kind of disk.
    told = capsys.readouterr().err
    assert re.search("Cannot write|could not be (read or written|copied to read them)", told)
    assert output.read_bytes() == b"what was there"
    assert os.listdir(disk.place) == [output.name]
    assert main(command(what, output, sources)) == 0
    assert output.read_bytes() != b"what was there"


def test_a_model_that_is_pruned_onto_itself_survives_a_full_disk(
    disk: SmallDisk, sources: dict[str, object], capsys
):
    model = disk.place / "model.keras"
    shutil.copy(str(sources["model"]), model)
    before = model.read_bytes()
    with disk.full(left=4096):
        assert main(command("smaller model", model, {**sources, "model": model})) == 1
    assert "No space left" in (said := capsys.readouterr().err) or "too large" in said
    assert model.read_bytes() == before
    assert keras.models.load_model(model).count_params() > 0


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_stays_a_link(
    tmp_path: Path, sources: dict[str, object]
):
    for what, (_, name) in COMMANDS.items():
        real, link = tmp_path / f"real-{name}", tmp_path / name
        real.write_bytes(b"what was there")
        real.chmod(0o640)
        link.unlink(missing_ok=True)
        link.symlink_to(real)
        assert main(command(what, link, sources)) == 0, what
        assert link.is_symlink()
        assert real.read_bytes() != b"what was there", what
        assert stat.S_IMODE(real.stat().st_mode) == 0o640, what


def test_a_named_pipe_takes_what_a_file_would(tmp_path: Path, sources: dict[str, object]):
    pipe, file = tmp_path / "pipe.json", tmp_path / "file.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for output in (pipe, file):
            assert main(command("backup of marks", output, sources)) == 0
        assert os.read(reader, 1 << 20) == file.read_bytes()
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
