"""What a writer that died left is removed by the next one; what may be in use is not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.litter import find_litter
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

DAY = 24 * 3600

WRITE = """
import sys, time
from tests import captures
from tensorboard_plugin_convlens.storage.writing.writer import Writer
writer = Writer(sys.argv[1], run="train", kind="training")
captures.write_step(writer, 0)
with writer.pack(1, 0) as pack:
    pack.add_maps(captures.maps(1, 0), input_index=0)
with writer.pack(1, 1) as pack:
    pack.add_maps(captures.maps(1, 1), input_index=1)
    pack._file.flush()
    print(writer.session, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writing(tmp_path):
    """Another process that has a step, a pack of the next, and another unfinished."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    session = process.stdout.readline().strip()
    yield process, tmp_path / "train" / names.DIRECTORY, session
    process.kill()
    process.wait()
    process.stdout.close()


def left(directory, session):
    """Files of a session that no step needs."""
    files = os.listdir(directory)
    return sorted(one for one in files if "000000000000001" in one or session in one[:40])


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_the_next_writer_removes_what_a_killed_one_left(writing, tmp_path):
    process, directory, session = writing
    kill(process)
    assert any(name.endswith(".tmp") for name in left(directory, session))
    assert any(name.startswith("pack-000000000000001") for name in left(directory, session))

    writer = Writer(tmp_path, run="train", kind="training")

    assert [name for name in left(directory, session) if "session" not in name] == []
    assert not (directory / names.session_file_name(session)).exists()
    assert Reader(tmp_path).steps("train") == (0,)
    assert Reader(tmp_path).feature_maps("train", 0, "conv1").shape == (6, 20, 20)
    captures.write_step(writer, 1)
    assert Reader(tmp_path).steps("train") == (0, 1)


def test_nothing_of_a_living_writer_is_removed_however_old_it_is(writing, tmp_path):
    _, directory, session = writing
    before = left(directory, session)
    assert len(before) >= 3
    for name in before:
        os.utime(directory / name, (1, 1))

    Writer(tmp_path, run="train", kind="training")

    assert left(directory, session) == before


def test_what_another_machine_left_is_removed_after_a_day(writing, tmp_path):
    process, directory, session = writing
    kill(process)
    (directory / names.session_file_name(session)).write_text('{"host": "elsewhere"}')
    before = left(directory, session)

    Writer(tmp_path, run="train")
    assert left(directory, session) == before
    for name in os.listdir(directory):
        os.utime(directory / name, (time.time() - DAY - 60,) * 2)
    Writer(tmp_path, run="train")

    assert left(directory, session) == []


def test_what_earlier_releases_left_is_removed_after_a_day(tmp_path):
    writer = captures.write_run(tmp_path, steps=(0,))
    directory, old = writer.directory, "t1700000000000-aaaaaaaa"
    (pack,) = directory.glob("pack-*i000000.clpk")
    litter = [
        f"pack-000000000000005-{old}-i000000.clpk",
        f".pack-000000000000005-{old[:19]}.abcd_123.tmp",
        ".graph-0123456789.0123abcd.tmp",
    ]
    for name in litter:
        shutil.copy(pack, directory / name)

    assert find_litter(directory, time.time()) == []
    found = find_litter(directory, time.time() + DAY + 60)

    assert {one.name for one in found} == set(litter)
    assert sum(one.size for one in found) == 3 * pack.stat().st_size


def test_a_pack_that_a_later_step_refers_to_stays(tmp_path):
    writer = captures.write_run(tmp_path, steps=(0,))
    directory, session = writer.directory, writer.session
    (manifest,) = directory.glob("step-*")
    capture = Reader(tmp_path).capture("train", 0)
    manifest.unlink()
    packs = {sheet.pack for layer in capture.layers for sheet in layer.sheets}
    later = Writer(tmp_path, run="train", kind="training")
    later.commit(replace(capture, step=3, session=later.session))
    tomorrow = time.time() + 2 * DAY
    del writer

    assert find_litter(directory, tomorrow) == []
    damaged = directory / names.manifest_name(StepKey(3, later.session))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1])
    assert find_litter(directory, tomorrow) == []
    damaged.unlink()
    assert {one.name for one in find_litter(directory, tomorrow)} == packs
    assert session not in str(find_litter(directory, time.time()))


def test_files_that_convlens_does_not_name_so_are_left_alone(tmp_path):
    directory = captures.write_run(tmp_path, steps=(0,)).directory
    for name in ("notes.tmp", ".hidden", "pack-1.clpk", "session-mine.lock", ".a.tmp"):
        (directory / name).write_text("mine")
    (directory / ".step-000000000000001-x.01234567.tmp").symlink_to("/etc/hostname")

    assert find_litter(directory, time.time() + 365 * DAY) == []
