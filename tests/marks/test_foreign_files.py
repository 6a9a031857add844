"""A log directory from elsewhere cannot make TensorBoard touch a file outside it."""

import os
import sqlite3

import pytest

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore
from tests.marks.untrusted import (
    Asked,
    database_of,
    everything_below,
    shown_channels,
    write_first_release,
)


def link_to_database(log_dir, outside):
    database_of(log_dir).symlink_to(outside / "private.db")


def link_to_our_database(log_dir, outside):
    write_first_release(outside / "ours.db")
    database_of(log_dir).symlink_to(outside / "ours.db")


def link_to_nothing(log_dir, outside):
    database_of(log_dir).symlink_to(outside / "new.db")


def link_of_the_directory(log_dir, outside):
    os.rename(outside / "private.db", outside / "annotations.db")
    (log_dir / ".convlens").symlink_to(outside)


def second_name(log_dir, outside):
    os.link(outside / "private.db", database_of(log_dir))


def pipe(log_dir, outside):
    os.mkfifo(database_of(log_dir))


def directory(log_dir, outside):
    database_of(log_dir).mkdir()


def link_beside(suffix):
    def make(log_dir, outside):
        write_first_release(database_of(log_dir))
        database_of(log_dir).with_name(f"annotations.db{suffix}").symlink_to(
            outside / "private.db"
        )

    make.__name__ = f"link_beside_{suffix[1:]}"
    return make


PLACES = [
    link_to_database,
    link_to_our_database,
    link_to_nothing,
    link_of_the_directory,
    second_name,
    pipe,
    directory,
    *map(link_beside, ("-wal", "-shm", "-journal")),
]


@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
def test_linked_files_are_neither_read_nor_written(tmp_path, make):
    log_dir, outside = tmp_path / "logs", tmp_path / "outside"
    outside.mkdir()
    with sqlite3.connect(outside / "private.db") as private:
        private.execute("CREATE TABLE private (x)")
    private.close()
    asked = Asked(log_dir)
    make(log_dir, outside)
    before = everything_below(tmp_path)

    for status, answer in (asked.marks(), asked.history(0), asked.mark(0), asked.marks()):
        assert status == 503, answer
        assert "are not opened" in answer["error"]
        assert answer["error"].endswith(".")

    assert everything_below(tmp_path) == before


def test_a_log_directory_that_is_itself_a_link_is_the_users_choice(tmp_path):
    real = tmp_path / "real"
    asked = Asked(real)
    (tmp_path / "link").symlink_to(real)
    assert asked.mark(2)[0] == 200
    assert shown_channels(tmp_path / "link") == [2]


def test_a_file_that_somebody_names_themselves_may_be_a_link(tmp_path):
    write_first_release(tmp_path / "ours.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "ours.db")
    store = MarkStore(find_store("gs://bucket/logs", f"sqlite:///{tmp_path}/link.db"))
    assert store.current().place.sequence == 0
    store.close()
    inside = MarkStore(find_store(tmp_path, f"sqlite:///{tmp_path}/link.db"))
    with pytest.raises(StoreError, match="is a symbolic link"):
        inside.current()


def test_a_journal_that_names_another_file_does_not_make_sqlite_remove_it(tmp_path):
    asked = Asked(tmp_path / "logs")
    file = database_of(tmp_path / "logs")
    other = tmp_path / "other"
    other.write_bytes(b"\0")
    database = sqlite3.connect(file)
    database.executescript("CREATE TABLE old (x); BEGIN; DROP TABLE old;")
    name = str(other).encode()
    total = sum(name) % 2**32
    tail = len(name).to_bytes(4, "big") + total.to_bytes(4, "big")
    journal = file.with_name("annotations.db-journal").read_bytes() or bytes(512)
    content = file.read_bytes()
    database.close()
    file.write_bytes(content)
    magic = bytes.fromhex("d9d505f920a163d7")
    file.with_name("annotations.db-journal").write_bytes(journal + name + tail + magic)

    for status, answer in (asked.marks(), asked.mark(0)):
        assert (status, "names another file" in answer["error"]) == (503, True), answer
    assert other.exists()
