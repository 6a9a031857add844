"""The Python interface and the command, over one store."""

import json
import shutil
from dataclasses import replace

import pytest

from tensorboard_plugin_convlens import Marks
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures


@pytest.fixture
def logs(tmp_path):
    captures.write_run(tmp_path, "train", steps=(0, 4))
    return str(tmp_path)


def said(capsys, *arguments):
    assert main(["annotate", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_command_and_python_see_the_same_marks(logs, tmp_path, capsys):
    said(
        capsys, logs, "set", "train", "conv1", "2", "4", "--verdict", "useless", "--note", "=a"
    )
    marks = Marks(logs, author="bob")
    marks.mark("train", "conv1", [4], stars=3, tags=["edge"], step=0)

    listed = json.loads(said(capsys, logs, "list", "train", "--json"))["marks"]
    assert [(m["channel"], m["verdict"], m["stars"], m["note"]) for m in listed] == [
        (2, "useless", 0, "=a"),
        (4, "useless", 3, "=a"),
    ]
    assert [(m["step"], m["tags"]) for m in listed] == [(4, []), (0, ["edge"])]
    history = json.loads(said(capsys, logs, "history", "train", "conv1", "4", "--json"))
    assert [one["stars"] for one in history["events"]] == [0, 3]

    for form in ("csv", "json"):
        file = str(tmp_path / f"marks.{form}")
        before = marks.current()
        said(capsys, logs, "export", file)
        said(capsys, logs, "clear", "train", "conv1", "2", "4")
        assert marks.current() == ()
        said(capsys, logs, "import", file)
        assert set(marks.current()) == set(before)
        assert "exist already" in said(capsys, logs, "import", file)
    marks.close()


def write_steps(log_dir, weights, run="train"):
    """Steps of a run, of whose layer conv1 these are the weights."""
    writer = Writer(log_dir, run=run)
    for step, name in enumerate(weights):
        capture = captures.write_step(writer, step)
        first, *rest = capture.layers
        writer.commit(replace(capture, layers=(replace(first, weights=name), *rest)))


def test_marks_say_when_the_weights_have_changed_since(tmp_path, capsys):
    write_steps(tmp_path, ("a" * 64, "b" * 64, "b" * 64))
    logs = str(tmp_path)
    marks = Marks(logs, author="ann")
    for step in range(3):
        marks.mark("train", "conv1", [step], step=step, verdict="useless")
    marks.mark("train", "conv2", [0], step=0, stars=1)  # Whose weights nobody noted.
    assert marks.outdated(marks.current()) == (True, False, False, None)

    first, second, *_ = said(capsys, logs, "list").splitlines()
    assert first.endswith("(ann)  [weights changed since step 0]")
    assert second.endswith("(ann)")
    listed = json.loads(said(capsys, logs, "list", "--json"))["marks"]
    assert [one["outdated"] for one in listed] == [True, False, False, None]
    marks.close()


def test_what_is_listed_as_json_can_be_imported_again(tmp_path, capsys):
    write_steps(tmp_path, ("a" * 64, "b" * 64))
    logs, file = str(tmp_path), tmp_path / "listed.json"
    said(capsys, logs, "set", "train", "conv1", "1", "--step", "0", "--verdict", "useful")
    file.write_text(said(capsys, logs, "list", "--json"))
    assert "exist already" in said(capsys, logs, "import", str(file))


def test_marks_of_a_run_that_is_gone_are_listed_all_the_same(tmp_path, capsys):
    write_steps(tmp_path, ("a" * 64,), run="gone")
    logs = str(tmp_path)
    said(capsys, logs, "set", "gone", "conv1", "1", "--verdict", "useful")
    shutil.rmtree(tmp_path / "gone")
    assert json.loads(said(capsys, logs, "list", "--json"))["marks"][0]["outdated"] is None


def test_undo_takes_back_the_authors_latest_operation(logs, capsys):
    marks = Marks(logs, author="ann")
    marks.mark("train", "conv1", range(3), verdict="useless")
    Marks(logs, author="bob").mark("train", "conv2", [0], verdict="useful")
    said(capsys, logs, "--author", "ann", "undo")
    assert [mark.key.path for mark in marks.current()] == ["conv2"]
    assert main(["annotate", logs, "--author", "ann", "undo"]) == 1
    assert "has no operation to undo" in capsys.readouterr().err
    marks.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "train", "conv9", "1", "--stars", "1"), "no layer 'conv9'"),
        (("set", "train", "conv1", "6", "--stars", "1"), "has 6 filters"),
        (("set", "nobody", "conv1", "1", "--stars", "1"), "has no run 'nobody'"),
        (("set", "train", "conv1", "1", "--stars", "9"), "Stars must be"),
        (("import", "nothing.csv"), "Cannot read 'nothing.csv'"),
        (("export", "marks.xls"), "expected .csv or .json"),
        (("--db", "mysql://x/y", "list"), "expected sqlite:///PATH"),
    ],
)
def test_impossible_requests_are_reported(logs, capsys, arguments, sentence):
    assert main(["annotate", logs, *arguments]) == 1
    assert sentence in capsys.readouterr().err
