"""Rows that cannot be marks are left out with a sentence; all others are shown."""

import sqlite3

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.marks import events, sqlite_connection
from tests.marks.untrusted import Asked, database_of, write_first_release

DEEP = "[" * 200_000
ROWS = {
    "tags that are no JSON": "UPDATE convlens_event SET tags = 'x' WHERE sequence = 3",
    "tags that are no list": "UPDATE convlens_event SET tags = '\"abc\"' WHERE sequence = 3",
    "tags that are numbers": "UPDATE convlens_event SET tags = '[1]' WHERE sequence = 3",
    "deep tags": f"UPDATE convlens_event SET tags = '{DEEP}' WHERE sequence = 3",
    "half a character": ("UPDATE convlens_event SET tags = '[\"\\ud800\"]' WHERE sequence = 3"),
    "a text as time": "UPDATE convlens_event SET wall_time = 'noon' WHERE sequence = 3",
    "an endless time": "UPDATE convlens_event SET wall_time = 9e999 WHERE sequence = 3",
    "a text as channel": "UPDATE convlens_event SET channel = 'x' WHERE sequence = 3",
    "a channel below 0": "UPDATE convlens_event SET channel = -1 WHERE sequence = 3",
    "too many stars": "UPDATE convlens_event SET stars = 9 WHERE sequence = 3",
    "a fraction of a star": "UPDATE convlens_event SET stars = 1.5 WHERE sequence = 3",
    "another verdict": "UPDATE convlens_event SET verdict = 'dead' WHERE sequence = 3",
    "no text": "UPDATE convlens_event SET note = x'ff00' WHERE sequence = 3",
    "no UTF-8": "UPDATE convlens_event SET note = CAST(x'ff' AS TEXT) WHERE sequence = 3",
    "a NUL": "UPDATE convlens_event SET note = CAST(x'00' AS TEXT) WHERE sequence = 3",
    "a long note": (
        "UPDATE convlens_event SET note = hex(zeroblob(1000000)) WHERE sequence = 3"
    ),
    "no hash": "UPDATE convlens_event SET graph = x'ab' WHERE sequence = 3",
    "a step out of range": (
        "UPDATE convlens_event SET step = 9223372036854775807 WHERE sequence = 3"
    ),
    "a text as time of the operation": (
        "UPDATE convlens_operation SET wall_time = 'noon' WHERE first = 3"
    ),
    "another kind": "UPDATE convlens_operation SET kind = 'x' WHERE first = 3",
    "bytes that it undoes": "UPDATE convlens_operation SET undoes = x'ff' WHERE first = 3",
}


@pytest.fixture
def asked(tmp_path):
    asked = Asked(tmp_path)
    write_first_release(database_of(tmp_path))
    return asked


def change(log_dir, statement, values=()):
    database = sqlite3.connect(database_of(log_dir))
    database.execute("PRAGMA foreign_keys = OFF")
    with database:
        database.execute(statement, values)
    database.close()


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
def test_a_row_that_cannot_be_is_left_out_with_a_sentence(asked, tmp_path, capsys, statement):
    change(tmp_path, statement)
    status, answer = asked.marks()
    assert (status, [one["channel"] for one in answer["marks"]]) == (200, [4])
    (sentence,) = answer["leftOut"]
    assert sentence.startswith("Change 3 of the marks is left out: ")
    assert sentence.endswith(".")
    assert len(sentence) < 300
    for channel in (3, 4):
        assert asked.history(channel)[0] == 200
    # Marks are still made, and what is there is still backed up.
    assert asked.mark(5, base=answer["sequence"])[0] == 200
    backup = tmp_path / "backup.json"
    assert main(["annotate", str(tmp_path), "backup", str(backup)]) == 3
    assert "Some marks are left out" in capsys.readouterr().err
    assert main(["annotate", str(tmp_path / "new"), "restore", str(backup)]) == 0


def test_many_rows_are_reported_in_few_sentences(asked, tmp_path):
    for channel in range(6):
        sequence = asked.marks()[1]["sequence"]
        assert asked.mark(channel, base=sequence)[0] == 200
    change(tmp_path, "UPDATE convlens_event SET stars = 9")
    status, answer = asked.marks()
    assert (status, answer["marks"], len(answer["leftOut"])) == (200, [], 6)
    assert answer["leftOut"][-1] == "1 more changes of the marks are left out."


@pytest.mark.parametrize("column", ["id", "store", "sequence"])
@pytest.mark.parametrize("value", [b"\xff", "\udcff", "x", -1, 1.5, 2**62], ids=str)
def test_a_collection_that_cannot_be_is_503_and_not_500(asked, tmp_path, column, value):
    if isinstance(value, str) and column != "id":
        value = value.encode("utf-8", "surrogateescape")
    if column == "id":
        change(
            tmp_path,
            "UPDATE convlens_collection SET sequence = ?",
            (value if not isinstance(value, str) else "x",),
        )
    else:
        change(tmp_path, f"UPDATE convlens_collection SET {column} = ?", (value,))
    for status, answer in (asked.marks(), asked.mark(1)):
        assert status in (200, 409, 503), answer


values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=9),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
)
columns = st.sampled_from(
    [
        *(
            ("convlens_event", name)
            for name in (
                "sequence",
                "operation",
                "run",
                "path",
                "call",
                "channel",
                "verdict",
                "stars",
                "tags",
                "note",
                "author",
                "wall_time",
                "step",
                "graph",
                "weights",
            )
        ),
        *(
            ("convlens_operation", name)
            for name in (
                "operation",
                "kind",
                "undoes",
                "author",
                "wall_time",
                "digest",
                "first",
                "last",
            )
        ),
        ("convlens_collection", "store"),
        ("convlens_collection", "sequence"),
        ("convlens_schema", "version"),
    ]
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(columns, values, st.integers(1, 4))
@example(("convlens_event", "sequence"), b"\xff", 3)
@example(("convlens_operation", "first"), "x", 3)
def test_no_value_in_any_column_is_a_fault_of_the_server(asked, tmp_path, place, value, row):
    table, column = place
    file = database_of(tmp_path)
    for suffix in ("", "-wal", "-shm"):
        file.with_name(f"annotations.db{suffix}").unlink(missing_ok=True)
    write_first_release(file)
    try:
        change(tmp_path, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    except sqlite3.IntegrityError:
        return
    answers = [asked.marks(), asked.history(3), asked.mark(1, base=4), asked.marks()]
    assert {status for status, _ in answers} <= {200, 400, 409, 503}, answers
    asked.close()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=4))
@example([(3026, 128)])
def test_no_flipped_byte_of_the_file_is_a_fault_of_the_server(asked, tmp_path, flips):
    file = database_of(tmp_path)
    for suffix in ("", "-wal", "-shm"):
        file.with_name(f"annotations.db{suffix}").unlink(missing_ok=True)
    write_first_release(file)
    content = bytearray(file.read_bytes())
    for place, byte in flips:
        content[place % len(content)] = byte
    file.write_bytes(content)
    answers = [asked.marks(), asked.history(3), asked.mark(1, base=4), asked.marks()]
    assert {status for status, _ in answers} <= {200, 400, 409, 503}, answers
    asked.close()


def test_a_question_that_takes_too_many_steps_ends_with_a_sentence(asked, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "_STEPS_AT_ONCE", 10)
    monkeypatch.setattr(sqlite_connection, "STEPS_PER_STATEMENT", 20)
    status, answer = asked.marks()
    assert (status, "did not make it. Restore it" in answer["error"]) == (503, True), answer


def test_more_marks_than_one_answer_holds_are_413(asked, monkeypatch):
    monkeypatch.setattr(events, "MOST_EVENTS", 1)
    status, answer = asked.marks()
    assert (status, "too much for one answer" in answer["error"]) == (413, True), answer
