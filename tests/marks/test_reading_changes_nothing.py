"""Looking at marks makes, changes and removes no file, whatever state the database is in."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading

import pytest

from tensorboard_plugin_convlens.marks import sqlite_connection
from tests.marks.untrusted import (
    Asked,
    database_of,
    everything_below,
    shown_channels,
    write_first_release,
)

# Writes a mark and is killed, so that the write-ahead log stays.
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.marks.untrusted import Asked
assert Asked(Path(sys.argv[1])).mark(2)[0] == 200
os.kill(os.getpid(), signal.SIGKILL)
"""


def nothing(log_dir):
    return []


def empty_file(log_dir):
    database_of(log_dir).touch()
    return []


def closed(log_dir):
    write_first_release(database_of(log_dir))
    return [4, 3]


def without_write_ahead_log(log_dir):
    write_first_release(database_of(log_dir))
    with sqlite3.connect(database_of(log_dir), isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()
    return [4, 3]


def killed(log_dir):
    subprocess.run([sys.executable, "-c", KILLED, str(log_dir)], check=False)
    assert database_of(log_dir).with_name("annotations.db-wal").stat().st_size > 0
    return [2]


def killed_and_copied_without_shared_memory(log_dir):
    killed(log_dir)
    database_of(log_dir).with_name("annotations.db-shm").unlink()
    return [2]


def killed_while_rows_were_removed(log_dir):
    file = database_of(log_dir)
    write_first_release(file)
    with sqlite3.connect(file, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA cache_size = 1")
        database.execute("PRAGMA cache_spill = 1")
        database.execute("BEGIN")
        database.execute("DELETE FROM convlens_event")
        database.execute("CREATE TABLE filler AS SELECT randomblob(200000)")
        names = ("annotations.db", "annotations.db-journal")
        copies = {name: file.with_name(name).read_bytes() for name in names}
        database.execute("ROLLBACK")
    database.close()
    assert file.read_bytes() != copies["annotations.db"]
    for name, content in copies.items():
        file.with_name(name).write_bytes(content)
    return [4, 3]


STATES = [
    nothing,
    empty_file,
    closed,
    without_write_ahead_log,
    killed,
    killed_and_copied_without_shared_memory,
    killed_while_rows_were_removed,
]


@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
def test_every_byte_and_time_stays(tmp_path, tmp_path_factory, make):
    Asked(tmp_path)
    channels = make(tmp_path)
    asked = Asked(tmp_path)
    before = everything_below(tmp_path)

    for _ in range(2):
        status, answer = asked.marks()
        assert (status, [one["channel"] for one in answer["marks"]]) == (200, channels), answer
        assert asked.history(2)[0] == 200
        assert shown_channels(tmp_path) == channels

    assert everything_below(tmp_path) == before
    copy = shutil.copytree(tmp_path, tmp_path_factory.mktemp("copy") / "logs")
    asked = Asked(copy)
    assert asked.mark(5, base=asked.marks()[1]["sequence"])[0] == 200
    assert shown_channels(copy) == [*channels, 5]


def test_marks_of_another_process_are_seen_at_once(tmp_path):
    asked = Asked(tmp_path)
    script = KILLED.replace("mark(2)", "mark(int(sys.argv[2]), int(sys.argv[3]))")
    script = script.replace("signal.SIGKILL", "signal.SIGTERM")
    for sequence, channel in enumerate((4, 1, 3)):
        assert len(asked.marks()[1]["marks"]) == sequence
        arguments = [str(tmp_path), str(channel), str(sequence)]
        subprocess.run([sys.executable, "-c", script, *arguments], check=False)
        assert asked.marks()[1]["marks"][-1]["channel"] == channel


def test_a_file_that_this_process_writes_to_is_not_read_past_sqlite(tmp_path):
    writer, reader = Asked(tmp_path), Asked(tmp_path)
    opened = []
    real = os.open

    def note(path, *arguments, **options):
        opened.append(str(path))
        return real(path, *arguments, **options)

    assert writer.mark(0)[0] == 200
    status = database_of(tmp_path).stat()
    assert sqlite_connection.is_open((status.st_dev, status.st_ino))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", note)
        assert [one["channel"] for one in reader.marks()[1]["marks"]] == [0]
    assert not [path for path in opened if "annotations.db" in path]


def test_readers_and_a_writer_at_once_see_no_torn_state(tmp_path):
    asked = Asked(tmp_path)
    faults: list[object] = []
    done = threading.Event()

    def read():
        while not done.is_set():
            status, answer = Asked.marks(asked)
            sequences = [one["sequence"] for one in answer.get("marks", ())]
            if status != 200 or sequences != list(range(1, len(sequences) + 1)):
                faults.append(answer)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for channel in range(6):
        assert asked.mark(channel, base=channel)[0] == 200
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
