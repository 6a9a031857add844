"""A read-only log directory: marks are read, and a sentence tells why none can be made."""

from __future__ import annotations

import contextlib

import pytest

from tensorboard_plugin_convlens.marks.address import find_store
from tests.marks.mark_request import request
from tests.marks.mark_server import MarkServer, write_run


@contextlib.contextmanager
def read_only(directory):
    """Nobody may write below a directory, save root."""
    everything = [directory, *directory.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)


@contextlib.contextmanager
def served(log_dir, **options):
    server = MarkServer(log_dir, find_store(log_dir), **options)
    try:
        server.wait_for_run()
        yield server
    finally:
        server.kill()


def mark(server, step, channel, base):
    body = request(step.step, step.session, channel, base=base, author="ann", note="seen")
    return server.ask("POST", "mark", body)


# A killed server leaves a write-ahead log, in which its latest marks are.
@pytest.mark.parametrize("marks", [0, 3], ids=["no marks yet", "marks of a killed server"])
def test_marks_are_read_and_writing_is_refused_with_the_reason(tmp_path, marks):
    log_dir = tmp_path / "logs"
    step = write_run(log_dir, 6)
    if marks:
        with served(log_dir) as server:
            for channel in range(marks):
                assert mark(server, step, channel, base=channel)[0] == 200
    with read_only(log_dir), served(log_dir, roots_rights=False) as server:
        told = server.marks()
        assert [one["channel"] for one in told["marks"]] == list(range(marks))
        assert not told["writing"]["allowed"]
        status, answer = mark(server, step, 5, base=marks)
        assert (status, answer["error"]) == (503, told["writing"]["reason"])
    assert "is read-only for the user that TensorBoard runs as" in answer["error"]
    assert "--convlens_db postgresql+psycopg://" in answer["error"]
    with served(log_dir) as server:
        assert mark(server, step, 5, base=marks)[0] == 200
