"""Two people who change the same filter at the same moment, through two TensorBoards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.marks.mark_request import request
from tests.marks.mark_server import MarkServer, write_run

ROUNDS = 25
PEOPLE = ("ann", "bob")


@pytest.fixture
def servers(address, tmp_path):
    """Two TensorBoards over one store."""
    started = [MarkServer(tmp_path, address) for _ in PEOPLE]
    yield started
    for server in started:
        server.kill()


def test_one_is_first_and_the_other_gets_the_mark_of_the_first(servers, tmp_path):
    step = write_run(tmp_path, ROUNDS)
    together = threading.Barrier(len(PEOPLE))
    for server in servers:
        server.wait_for_run()

    def mark(server, author, channel, base):
        note = f"said by {author}"
        body = request(step.step, step.session, channel, base=base, author=author, note=note)
        together.wait()
        return server.ask("POST", "mark", body)

    notes = []
    with ThreadPoolExecutor(len(PEOPLE)) as people:
        for channel in range(ROUNDS):
            base = servers[0].marks()["sequence"]
            asked = [
                people.submit(mark, server, author, channel, base)
                for server, author in zip(servers, PEOPLE, strict=True)
            ]
            answers = [one.result() for one in asked]
            assert sorted(status for status, _ in answers) == [200, 409], answers
            first = next(i for i, (status, _) in enumerate(answers) if status == 200)
            refused = answers[1 - first][1]
            assert f"was changed in the meantime, by {PEOPLE[first]}" in refused["error"]
            (current,) = refused["marks"]
            notes.append(f"said by {PEOPLE[first]}")
            assert (current["channel"], current["note"]) == (channel, notes[-1])

    for server in servers:
        told = server.marks()
        assert told["sequence"] == ROUNDS
        assert [one["note"] for one in told["marks"]] == notes
