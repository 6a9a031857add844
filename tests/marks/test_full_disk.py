"""A disk that is full, then freed: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tensorboard_plugin_convlens.marks.address import find_store
from tests.marks.mark_request import request
from tests.marks.mark_server import MarkServer, write_run

FILTERS = 10_000
BEFORE = 20
DISK = 8 * 2**20
# A file that may not grow is a full disk that nobody needs to be root for.
FILE = 2 * 2**20
NOTE = "x" * 4000
KINDS = ["files that may not grow"]
if sys.platform == "linux" and os.geteuid() == 0:
    KINDS.append("a file system of 8 MB")


@pytest.fixture(params=KINDS)
def full_disk(request, tmp_path):
    """A log directory, how its disk becomes full for a server, and how it is freed."""
    place = tmp_path / "logs"
    place.mkdir()
    if request.param == KINDS[0]:
        yield place, lambda server: server.limit_files(FILE), lambda s: s.limit_files(None)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "convlens", str(place)]
    subprocess.run(mount, check=True)

    def fill(server):
        free = shutil.disk_usage(place).free
        (place / "other").write_bytes(bytes(free - FILE))

    yield place, fill, lambda server: (place / "other").unlink()
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_acknowledged_marks_are_there_and_marking_works_again_without_a_restart(full_disk):
    log_dir, fill, free = full_disk
    step = write_run(log_dir, FILTERS)
    server = MarkServer(log_dir, find_store(log_dir))
    try:
        server.wait_for_run()

        def mark(channel, base):
            body = request(step.step, step.session, channel, base=base, author="ann", note=NOTE)
            return server.ask("POST", "mark", body)

        acknowledged: list[int] = []
        for channel in range(FILTERS):
            if channel == BEFORE:
                fill(server)
            status, answer = mark(channel, base=channel)
            if status != 200:
                break
            acknowledged.append(channel)
        assert (status, len(acknowledged) > BEFORE) == (507, True)
        assert answer["error"].endswith("Free some space and try again.")
        assert [one["channel"] for one in server.marks()["marks"]] == acknowledged

        free(server)
        refused = len(acknowledged)
        assert mark(refused, base=refused)[0] == 200
        assert [one["channel"] for one in server.marks()["marks"]] == [*acknowledged, refused]
    finally:
        server.kill()
    database = sqlite3.connect(log_dir / ".convlens" / "annotations.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
