"""Backups: everything a store holds, moved into another one."""

import dataclasses
import json
import uuid

import pytest

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.errors import MarkError
from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    Mark,
    MarkConflictError,
    Opinion,
    PastOperation,
)
from tensorboard_plugin_convlens.core.judgments.marks import Operation as Op
from tensorboard_plugin_convlens.marks import backup
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.store import MarkStore
from tests import captures


@pytest.fixture
def logs(tmp_path):
    captures.write_run(tmp_path, "train", steps=(0,))
    return tmp_path


def annotate(logs, address, *arguments):
    place = ["--db", address.url] if address.file is None else []
    place += ["--collection", address.collection] if address.file is None else []
    return main(["annotate", str(logs), *place, "--author", "ann", *arguments])


def histories(address):
    store = MarkStore(address)
    found = [store.history(FilterKey("train", "conv1", 0, channel)) for channel in range(6)]
    store.close()
    return found


def test_a_backup_moves_marks_with_their_history_into_another_database(
    logs, address, tmp_path, capsys
):
    for asked in (
        (
            "set",
            "train",
            "conv1",
            "0",
            "1",
            "--verdict",
            "useless",
            "--note",
            "=flat",
        ),
        ("set", "train", "conv1", "1", "--stars", "3", "--tags", "edge", "vertical"),
        ("undo",),
        ("clear", "train", "conv1", "0"),
    ):
        assert annotate(logs, address, *asked) == 0
    file = str(tmp_path / "marks.json")
    assert annotate(logs, address, "backup", file) == 0
    here = tmp_path / "elsewhere.db"
    there = ["annotate", str(logs), "--db", f"sqlite:///{here}", "--collection", "moved"]
    assert main([*there, "restore", file]) == 0
    assert "4 operations, 5 events" in capsys.readouterr().err

    moved = StoreAddress("sqlite", here, "", "moved")
    assert histories(moved) == histories(address)
    assert [len(events.found) for events in histories(moved)] == [2, 3, 0, 0, 0, 0]
    assert main([*there, "--author", "ann", "undo"]) == 0
    assert histories(moved)[0].found[-1].mark.opinion.verdict == "useless"

    assert main([*there, "restore", file]) == 1
    assert "it already has marks" in capsys.readouterr().err


def test_a_repeated_request_to_a_restored_store_has_no_effect(address):
    elsewhere = dataclasses.replace(address, collection=uuid.uuid4().hex)
    source, target = MarkStore(address), MarkStore(elsewhere)
    mark = Mark(FilterKey("train", "conv1", 0, 3), Opinion(stars=2), "ann", 5.0)
    asked = Op(uuid.uuid4().hex, "mark", "ann")
    source.apply(asked, [mark], 0)
    assert target.restore(source.everything()[0]).sequence == 1
    assert target.apply(asked, [mark], 0).sequence == 1
    with pytest.raises(MarkConflictError):
        target.apply(Op(uuid.uuid4().hex, "mark", "bob"), [mark], 0)
    source.close()
    target.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"operation": "x"}, "The id of an operation must be"),
        ({"kind": "merge"}, "The kind of an operation must be one of mark, undo, import"),
        ({"digest": "abc"}, "The digest of an operation"),
        ({"marks": []}, "between 1 and 10000 marks"),
        ({"marks": [{}]}, "This is not a backup of marks"),
        ({"undoes": "f" * 32}, "undoes an operation that does not come before it"),
    ],
)
def test_a_file_that_is_not_a_backup_is_reported(change, sentence):
    mark = Mark(FilterKey("train", "conv1", 0, 3), Opinion(stars=2), "ann", 5.0)
    past = PastOperation(Op("a" * 32, "mark", "ann"), "0" * 64, (mark,))
    fields = json.loads(backup.encode([past]))
    assert backup.decode(json.dumps(fields)) == (past,)
    fields["operations"][0] |= change
    with pytest.raises(MarkError, match=sentence):
        backup.decode(json.dumps(fields))


def test_an_operation_that_occurs_twice_is_reported():
    mark = Mark(FilterKey("train", "conv1", 0, 3), Opinion(stars=2), "ann", 5.0)
    past = PastOperation(Op("a" * 32, "mark", "ann"), "0" * 64, (mark,))
    with pytest.raises(MarkError, match="occurs twice"):
        backup.decode(backup.encode([past, past]))
