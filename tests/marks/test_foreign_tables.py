"""A database from elsewhere is asked nothing unless nothing is in it but our tables."""

import sqlite3
import time

import pytest

from tests.marks.untrusted import (
    Asked,
    database_of,
    everything_below,
    shown_channels,
    write_first_release,
)

ENDLESS = (
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
    "SELECT 1 AS collection, n AS sequence, 'x' AS operation, 'train' AS run, 'p' AS path, "
    "0 AS call, 0 AS channel, NULL AS verdict, 0 AS stars, '[]' AS tags, '' AS note, "
    "'' AS author, 0 AS wall_time, 0 AS step, NULL AS graph, NULL AS weights FROM r"
)
EVENT = "convlens_event"
FOREIGN = {
    "an endless view": f"DROP TABLE {EVENT}; CREATE VIEW {EVENT} AS {ENDLESS}",
    "an endless view of the version": (
        "DROP TABLE convlens_schema; CREATE VIEW convlens_schema AS "
        "WITH RECURSIVE r(version) AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r"
    ),
    "a view beside": "CREATE VIEW other AS SELECT 1",
    "a trigger": (f"CREATE TRIGGER t AFTER INSERT ON {EVENT} BEGIN DELETE FROM {EVENT}; END"),
    "another table": "CREATE TABLE private (x)",
    # Written into the schema itself: SQLite need not have the module.
    "a virtual table": (
        f"DROP TABLE {EVENT}; PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES "
        f"('table', '{EVENT}', '{EVENT}', 0, 'CREATE VIRTUAL TABLE {EVENT} USING fts5(note)')"
    ),
    "a computed column": f"ALTER TABLE {EVENT} ADD COLUMN x AS (abs(stars))",
    "a default": f"ALTER TABLE {EVENT} ADD COLUMN x TEXT DEFAULT 'y'",
    "a check": (
        "DROP TABLE convlens_schema; CREATE TABLE convlens_schema "
        "(version INTEGER NOT NULL PRIMARY KEY CHECK (length(hex(zeroblob(100000000))) > 0))"
    ),
    "a column less": f"ALTER TABLE {EVENT} DROP COLUMN note",
    "an index with an expression": f"CREATE INDEX i ON {EVENT} (abs(stars))",
    "no index": "DROP INDEX convlens_event_of_filter",
    "a table less": "DROP TABLE convlens_operation",
    "another program's": "PRAGMA application_id = 252006673",
    "a later version": "UPDATE convlens_schema SET version = 2",
    "a version that is a text": (
        "DROP TABLE convlens_schema; CREATE TABLE convlens_schema (version TEXT NOT NULL, "
        "PRIMARY KEY (version)); INSERT INTO convlens_schema VALUES ('one')"
    ),
    "somebody else's": (
        "DROP TABLE convlens_event; DROP TABLE convlens_operation; "
        "DROP TABLE convlens_collection; DROP TABLE convlens_schema; CREATE TABLE private (x)"
    ),
}


@pytest.mark.parametrize("script", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_databases_that_are_not_ours_are_refused_at_once_and_left_alone(tmp_path, script, mode):
    asked = Asked(tmp_path)
    file = database_of(tmp_path)
    write_first_release(file)
    with sqlite3.connect(file, isolation_level=None) as database:
        database.executescript(script)
        database.execute(f"PRAGMA journal_mode = {mode}")
    database.close()
    before = everything_below(tmp_path)
    began = time.process_time()

    for status, answer in (asked.marks(), asked.history(3), asked.mark(3)):
        assert status == 503, answer
        assert answer["error"].endswith(".")

    assert time.process_time() - began < 10
    content = {path: found[3] for path, found in everything_below(tmp_path).items()}
    assert content == {path: found[3] for path, found in before.items()}


def test_a_database_replaced_while_it_is_open_is_refused(tmp_path):
    asked = Asked(tmp_path)
    assert asked.mark(3)[0] == 200
    with sqlite3.connect(database_of(tmp_path)) as database:
        database.execute("CREATE VIEW other AS SELECT 1")
    database.close()
    for status, answer in (asked.marks(), asked.mark(4, base=1)):
        assert (status, "holds view 'other'" in answer["error"]) == (503, True), answer


def test_a_database_of_the_first_release_opens_and_is_signed_at_the_next_mark(tmp_path):
    asked = Asked(tmp_path)
    file = database_of(tmp_path)
    write_first_release(file)
    status, answer = asked.marks()
    assert (status, [one["channel"] for one in answer["marks"]]) == (200, [4, 3])
    assert answer["leftOut"] == []
    assert asked.mark(5, base=answer["sequence"])[0] == 200
    assert shown_channels(tmp_path) == [4, 3, 5]
    database = sqlite3.connect(file)
    assert database.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"CvLn"),)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    database.close()
