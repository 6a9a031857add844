"""Whatever lies in a log directory, every route answers, and other runs are not affected."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tests import hostile
from tests.server.asking import ROOT
from tests.server.conftest import python_provider
from tests.server.sweep import Question, questions

# 200, or a sentence: not there, damaged, too large.
EXPECTED = {200, 404, 410, 413}
EXAMPLES = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Served(NamedTuple):
    """A log directory, what it was at first, and a server over it."""

    directory: Path
    pristine: Path
    client: Any
    questions: list[Question]
    innocent: dict[str, Any]
    routes: set[str]

    def __repr__(self) -> str:
        return "served"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all examples: what it keeps of one must not show in the next."""
    log_dir, pristine = (tmp_path_factory.mktemp(name) for name in ("logs", "pristine"))
    directory = hostile.write_log(log_dir)
    shutil.copytree(directory, pristine, dirs_exist_ok=True)
    with python_provider(log_dir) as provider:
        plugin = ConvLensPlugin(
            base_plugin.TBContext(logdir=str(log_dir), data_provider=provider)
        )
        wsgi = application.TensorBoardWSGI([plugin], path_prefix="", data_provider=provider)
        client = werkzeug_test.Client(wsgi, wrappers.Response)
        asked = questions(client, "train")
        routes = {route for route, (_, access) in plugin.routes().items() if access == "read"}
        (innocent,) = runs(client, "innocent")
        yield Served(directory, pristine, client, asked, innocent, routes)


def runs(client: Any, name: str) -> list[dict[str, Any]]:
    body = strict_json(client.get(f"{ROOT}/runs").data)
    return [one for one in body["runs"] if one["run"] == name]


def strict_json(content: bytes) -> Any:
    """Reads JSON as a browser does: NaN and Infinity are errors."""

    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON.")

    return json.loads(content.decode(), parse_constant=refuse)


@contextmanager
def damaged(served: Served) -> Iterator[Path]:
    """The plugin directory, to be damaged; afterwards all is as it was."""
    try:
        yield served.directory
    finally:
        hostile.restore(served.pristine, served.directory)


def check(served: Served) -> None:
    """Asks everything: each answer is one, and the other run is as it was."""
    for route, query in served.questions:
        answer = served.client.get(f"{ROOT}{route}", query_string=query)
        assert answer.status_code in EXPECTED, (route, query, answer.data[:300])
        assert hostile.SECRET not in answer.data
        if answer.mimetype == "application/json":
            body = strict_json(answer.data)
            assert answer.status_code == 200 or body["error"].endswith("."), (route, body)
    (innocent,) = runs(served.client, "innocent")
    assert innocent == served.innocent


def test_every_route_is_asked(served):
    assert {route for route, _ in served.questions} == served.routes
    check(served)


@pytest.mark.parametrize("kind", hostile.SEALED)
@EXAMPLES
@given(data=st.data())
def test_no_field_of_a_sealed_file_takes_a_route_away(served, kind, data):
    content = data.draw(hostile.sealed_files(served.pristine, kind))
    with damaged(served) as directory:
        hostile.of_kind(directory, kind).write_bytes(content)
        check(served)


@pytest.mark.parametrize("kind", [*hostile.SEALED, "pack-"])
@EXAMPLES
@given(content=hostile.sealed_bytes())
def test_no_bytes_take_a_route_away(served, kind, content):
    with damaged(served) as directory:
        hostile.of_kind(directory, kind).write_bytes(content)
        check(served)


@EXAMPLES
@given(content=hostile.status_files())
def test_no_status_file_takes_a_route_away(served, content):
    with damaged(served) as directory:
        hostile.of_kind(directory, "status-").write_bytes(content)
        check(served)


@pytest.mark.parametrize("kind", hostile.KINDS)
@pytest.mark.parametrize("what", hostile.NO_FILES)
def test_entries_that_are_not_files_are_left_out(served, kind, what):
    with damaged(served) as directory:
        hostile.put_no_file(hostile.of_kind(directory, kind), what)
        check(served)
        if kind == "step-":
            (train,) = runs(served.client, "train")
            assert [one["step"] for one in train["steps"]] == [0]
            assert train["problems"][-1].startswith("Step 1 is left out: ")


@pytest.mark.parametrize("what", ["file", "loop", "elsewhere", "moved"])
def test_a_path_that_is_not_a_plugin_directory_is_left_out(served, tmp_path, what):
    with damaged(served) as directory:
        elsewhere = tmp_path / "elsewhere"
        check(served)  # The server knows the directory as one inside.
        if what == "moved":  # It keeps its inode number.
            directory.rename(elsewhere)
        else:
            shutil.copytree(served.pristine, elsewhere)
            shutil.rmtree(directory)
        if what == "file":
            directory.write_bytes(b"")
        else:
            directory.symlink_to(directory.name if what == "loop" else elsewhere)
        try:
            check(served)
            (train,) = runs(served.client, "train")
            assert train["steps"] == []
        finally:
            directory.unlink()
            directory.mkdir()
