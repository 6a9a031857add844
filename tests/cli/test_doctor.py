"""`convlens doctor`: every fault is a sentence, a fix loses nothing, a look changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time

import pytest

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.marks.marks import Marks
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

OLD = "t1700000000000-aaaaaaaa"


@pytest.fixture
def logs(tmp_path):
    captures.write_run(tmp_path, "train", steps=(0, 1))
    captures.write_run(tmp_path, "other", steps=(4,))
    return tmp_path


def plugin_directory(logs):
    return logs / "train" / names.DIRECTORY


def examine(logs, capsys, *options):
    """Exit status and findings."""
    capsys.readouterr()
    status = main(["doctor", str(logs), "--json", *options])
    return status, json.loads(capsys.readouterr().out)["findings"]


def state(logs):
    """Every file with its content and times."""
    return {
        path.relative_to(logs): (path.lstat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in sorted(logs.rglob("*"))
    }


def flip(path, place=-40):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def damage(logs, kind):
    """Does one kind of harm; returns the file that is hit and a word of the sentence."""
    directory = plugin_directory(logs)
    first = {
        one: sorted(directory.glob(f"{one}-*"))[0]
        for one in ("step", "pack", "graph", "inputs")
    }
    if kind.startswith("flipped "):
        flip(first[kind.removeprefix("flipped ")])
        return first[kind.removeprefix("flipped ")].name, "damaged"
    if kind.startswith("missing "):
        first[kind.removeprefix("missing ")].unlink()
        return first[kind.removeprefix("missing ")].name, "gone"
    if kind == "link":
        first["pack"].rename(logs / "elsewhere")
        first["pack"].symlink_to(logs / "elsewhere")
        return first["pack"].name, "symbolic link"
    if kind == "directory":
        first["step"].unlink()
        first["step"].mkdir()
        return first["step"].name, "not an ordinary file"
    if kind == "stranger":
        (directory / "notes.txt").write_text("mine")
        return "notes.txt", "not a file of ConvLens"
    if kind == "status":
        (directory / names.status_name(OLD)).write_text("{")
        return "", "cannot be read"
    assert kind == "ablation"
    (directory / names.new_ablation_name()).write_bytes(b"x" * 50)
    return "", "damaged"


@pytest.mark.parametrize(
    "kind",
    [
        *(f"flipped {one}" for one in ("step", "pack", "graph", "inputs")),
        *(f"missing {one}" for one in ("pack", "graph", "inputs")),
        "link",
        "directory",
        "stranger",
        "status",
        "ablation",
    ],
)
def test_every_kind_of_damage_is_a_sentence_and_a_look_changes_nothing(logs, capsys, kind):
    assert examine(logs, capsys) == (0, [])
    name, word = damage(logs, kind)
    before = state(logs)

    status, findings = examine(logs, capsys)

    assert status == 3
    assert state(logs) == before
    told = [one for one in findings if one["file"] == name and word in one["problem"]]
    assert told
    assert all(one["run"] == "train" and not one["fixed"] for one in findings)
    # What cannot be fixed without a loss is left as it is, too.
    assert examine(logs, capsys, "--fix")[0] == 3
    assert state(logs) == before


def test_what_a_dead_writer_left_is_removed_only_when_asked(logs, capsys):
    directory = plugin_directory(logs)
    (pack,) = directory.glob("pack-000000000000000-*i000000*")
    litter = {
        f"pack-000000000000007-{OLD}-i000000.clpk",
        f".pack-000000000000007-{OLD[:19]}.0123abcd.tmp",
        f"session-{OLD}.lock",
    }
    for name in litter:
        shutil.copy(pack, directory / name)
        os.utime(directory / name, (time.time() - 2 * 24 * 3600,) * 2)
    before = state(logs)

    status, findings = examine(logs, capsys)
    assert (status, {one["file"] for one in findings}) == (3, litter)
    assert all(one["fixable"] and not one["fixed"] for one in findings)
    assert state(logs) == before
    status, findings = examine(logs, capsys, "--fix")
    assert (status, {one["file"] for one in findings}) == (0, litter)
    assert all(one["fixed"] for one in findings)

    assert not litter & set(os.listdir(directory))
    assert examine(logs, capsys) == (0, [])
    assert Reader(logs).steps("train") == (0, 1)


def test_a_run_that_tensorboard_cannot_find_is_announced(logs, capsys):
    for path in (logs / "train").glob("*tfevents*"):
        path.unlink()

    status, (finding,) = examine(logs, capsys)
    assert (status, finding["fixable"]) == (3, True)
    assert examine(logs, capsys, "--fix")[0] == 0

    assert len(list((logs / "train").glob("*tfevents*"))) == 1
    assert examine(logs, capsys) == (0, [])


def test_a_wrong_clock_is_reported(tmp_path, capsys):
    future = f"t{int(time.time() * 1000) + 10**9:013d}-aaaaaaaa"
    captures.write_step(Writer(tmp_path, run="train", session=future), 0)

    _, (finding,) = examine(tmp_path, capsys)

    assert "the clock of its machine was behind" in finding["problem"]


def test_the_text_has_a_line_per_finding_and_says_what_to_do(logs, capsys):
    assert main(["doctor", str(logs)]) == 0
    assert "2 runs: nothing is wrong." in capsys.readouterr().out
    name, _ = damage(logs, "flipped pack")

    assert main(["doctor", str(logs)]) == 3

    printed = capsys.readouterr()
    assert f"train/{name}: A sheet in" in printed.out
    assert "capture again" in printed.out
    assert "need attention" in printed.err


def test_without_captures_it_says_so(tmp_path, capsys):
    assert main(["doctor", str(tmp_path)]) == 1
    assert "has no ConvLens captures" in capsys.readouterr().err


def test_a_training_that_may_be_hidden_wrongly_is_reported_with_advice(tmp_path, capsys):
    for session in ("t1700003600000-bbbbbbbb", OLD):
        captures.write_step(Writer(tmp_path, run="train", session=session), 0)

    _, (finding,) = examine(tmp_path, capsys)
    assert finding["file"] == f"step-*-{OLD}.pb"
    for path in plugin_directory(tmp_path).glob("step-*bbbbbbbb.pb"):
        path.rename(tmp_path / path.name)

    assert Reader(tmp_path).capture("train", 0).session == OLD
    assert Reader(tmp_path).feature_maps("train", 0, "conv1").shape == (6, 20, 20)


def test_a_database_of_marks_with_damaged_pages_is_reported(logs, capsys):
    marks = Marks(logs)
    marks.mark("train", "conv1", [0, 1, 2], verdict="useful")
    marks.close()
    assert examine(logs, capsys) == (0, [])
    database = logs / ".convlens" / "annotations.db"
    content = bytearray(database.read_bytes())
    assert len(content) >= 6 * 4096
    for page in range(3, len(content) // 4096):
        content[4096 * page : 4096 * page + 8] = b"\xff" * 8
    database.write_bytes(content)
    before = state(logs)

    status, (finding,) = examine(logs, capsys)

    assert (status, finding["file"]) == (3, ".convlens/annotations.db")
    assert state(logs) == before


def test_a_database_of_another_program_in_the_place_of_marks_is_reported(logs, capsys):
    database = logs / ".convlens" / "annotations.db"
    database.parent.mkdir()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    before = state(logs)

    status, (finding,) = examine(logs, capsys)

    assert status == 3
    assert finding["file"] == ".convlens/annotations.db"
    assert state(logs) == before
