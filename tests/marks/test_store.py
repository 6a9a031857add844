"""The store of marks: its fold and undo against a model, and places that are refused."""

import sqlite3
import uuid
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.core.judgments.marks import (
    FilterKey,
    Mark,
    MarkConflictError,
    MarkEvent,
    Operation,
    Opinion,
    fold,
)
from tensorboard_plugin_convlens.marks import address as addresses
from tensorboard_plugin_convlens.marks import sqlite_connection
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore


def key(channel):
    return FilterKey("train", "conv1", 0, channel)


def operation(undoes=None, kind="mark"):
    return Operation(uuid.uuid4().hex, "undo" if undoes else kind, "ann", undoes)


changes = st.dictionaries(st.integers(0, 4), st.integers(0, 5), min_size=1)
requests = st.lists(changes | st.integers(0, 20), max_size=12)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(requests)
def test_marks_and_undos_leave_what_a_list_of_snapshots_says(address, asked):
    collection = addresses.StoreAddress(
        address.kind, address.file, address.url, uuid.uuid4().hex
    )
    store = MarkStore(collection)
    now: dict[int, int] = {}
    done: list[tuple[str, dict[int, int], set[int]]] = []
    for one in asked:
        if isinstance(one, dict):
            made, before = operation(), {channel: now.get(channel, 0) for channel in one}
            marks = [Mark(key(c), Opinion(stars=stars), "ann", 1) for c, stars in one.items()]
            store.apply(made, marks, store.current()[0].sequence)
            now |= one
        elif done:
            undone, before_it, _ = done[one % len(done)]
            made, before = operation(undone), {c: now.get(c, 0) for c in before_it}
            if any(latest(done, c) != undone for c in before_it):
                with pytest.raises(MarkConflictError):
                    store.undo(made)
                continue
            store.undo(made)
            now |= before_it
        else:
            continue
        done.append((made.id, before, set(before)))

    events = store.current("train").events
    shown = {event.mark.key.channel: event.mark.opinion.stars for event in events}
    assert shown == {channel: stars for channel, stars in now.items() if stars}
    everything = [event for channel in range(5) for event in store.history(key(channel)).found]
    folded = fold(everything)
    assert {e.mark.key: e for e in events} == {
        k: e for k, e in folded.items() if not e.mark.opinion.is_empty
    }
    assert sorted(event.sequence for event in everything) == list(range(1, len(everything) + 1))
    store.close()


def latest(done, channel):
    """The last operation that touched a filter."""
    return next(made for made, _, touched in reversed(done) if channel in touched)


def events_of(store) -> dict[int, MarkEvent]:
    return {event.mark.key.channel: event for event in store.current()[1]}


@pytest.mark.parametrize(
    ("kind", "unsafe"),
    [
        *((kind, True) for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph")),
        *((kind, False) for kind in ("ext4", "xfs", "overlay", "tmpfs", "fuse.ntfs-3g", "")),
    ],
)
def test_file_systems_of_a_network_are_refused(tmp_path, kind, unsafe, monkeypatch):
    mount = SimpleNamespace(mountpoint=str(tmp_path), fstype=kind, opts="rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [mount])
    store = MarkStore(find_store(tmp_path))
    if unsafe:
        with pytest.raises(StoreError, match=f"a {kind} file system.*--convlens_db postgresql"):
            store.apply(operation(), [Mark(key(0), Opinion(stars=1))], 0)
        assert not (tmp_path / ".convlens").exists()
    else:
        store.apply(operation(), [Mark(key(0), Opinion(stars=1))], 0)
    store.close()


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        (2, "written by a later ConvLens .version 2 of their tables.*Install that release"),
        (0, "tables of the marks have version 0, which no release of ConvLens wrote.*backup"),
    ],
)
def test_tables_of_another_version_are_refused_and_left_alone(tmp_path, version, sentence):
    store = MarkStore(find_store(tmp_path))
    store.apply(operation(), [Mark(key(0), Opinion(stars=1))], 0)
    store.close()
    file = tmp_path / ".convlens" / "annotations.db"
    with sqlite3.connect(file) as rows:
        rows.execute(f"UPDATE convlens_schema SET version = {version}")
    rows.close()
    with pytest.raises(StoreError, match=sentence):
        store.current()
    with pytest.raises(StoreError, match=sentence):
        store.apply(operation(), [Mark(key(1), Opinion(stars=1))], 1)
    store.close()
    with sqlite3.connect(file) as rows:
        assert rows.execute("SELECT count(*) FROM convlens_event").fetchone() == (1,)
    rows.close()


def test_a_writer_that_waits_too_long_for_another_gets_an_error_and_can_try_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sqlite_connection, "SECONDS_TO_WAIT", 0.3)
    store = MarkStore(find_store(tmp_path))
    store.apply(operation(), [Mark(key(0), Opinion(stars=1))], 0)
    other = sqlite3.connect(tmp_path / ".convlens" / "annotations.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another process has been writing for a long time"):
        store.apply(operation(), [Mark(key(1), Opinion(stars=1))], 1)
    assert list(events_of(store)) == [0]  # Reading waits for nobody.
    other.execute("COMMIT")
    other.close()
    store.apply(operation(), [Mark(key(1), Opinion(stars=1))], 1)
    assert list(events_of(store)) == [0, 1]
    store.close()


def test_a_file_that_is_not_a_database_is_reported(tmp_path):
    file = tmp_path / ".convlens" / "annotations.db"
    file.parent.mkdir()
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="could not be read or written: file is not a"):
        MarkStore(find_store(tmp_path)).current()


def test_collections_of_one_database_are_apart(address):
    other = addresses.StoreAddress(address.kind, address.file, address.url, "other")
    for store, stars in ((MarkStore(address), 1), (MarkStore(other), 2)):
        store.apply(operation(), [Mark(key(0), Opinion(stars=stars))], 0)
        assert events_of(store)[0].mark.opinion.stars == stars
        store.close()


def test_where_a_store_is(tmp_path: Path):
    assert find_store(tmp_path).file == tmp_path / ".convlens" / "annotations.db"
    url = "postgresql+psycopg://a:b@h/d"
    assert find_store("gs://b/logs", url).collection == "gs://b/logs"
    assert "b@" not in str(find_store(tmp_path, url)).replace("***@", "")
