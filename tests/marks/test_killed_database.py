"""A PostgreSQL that is killed while people mark, and comes back."""

from __future__ import annotations

from tensorboard_plugin_convlens.marks.address import find_store
from tests.marks.mark_request import request
from tests.marks.mark_server import MarkServer, write_run
from tests.postgresql import temporary_postgresql

FILTERS = 60


def test_nothing_is_lost_and_tensorboard_goes_on_without_a_restart(tmp_path):
    step = write_run(tmp_path, FILTERS)
    with temporary_postgresql() as database:
        server = MarkServer(tmp_path, find_store(tmp_path, database.url, "logs"))
        try:
            server.wait_for_run()

            def mark(channel):
                body = request(
                    step.step, step.session, channel, base=channel, author="ann", note="seen"
                )
                return server.ask("POST", "mark", body)

            for channel in range(FILTERS):
                if channel % 20 == 10:
                    database.kill()
                    status, answer = mark(channel)
                    assert status == 503
                    assert "Check that PostgreSQL runs" in answer["error"]
                    database.start()
                assert mark(channel)[0] == 200
            told = server.marks()
            assert [one["channel"] for one in told["marks"]] == list(range(FILTERS))
            assert told["sequence"] == FILTERS
        finally:
            server.kill()
