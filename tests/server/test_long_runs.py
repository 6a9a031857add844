"""Answers over many steps: what is as it was is not read again, what is new is seen."""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import seal
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.server.asking import ROOT

_events: list[tuple[str, str]] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _events is not None and event in ("open", "os.listdir", "os.scandir"):
        _events.append((event, str(arguments[0])))


sys.addaudithook(_note)  # It cannot be removed, only told to do nothing.


@contextmanager
def touched() -> Iterator[list[tuple[str, str]]]:
    """Which files are opened and which directories listed meanwhile, in this process."""
    global _events
    found: list[tuple[str, str]] = []
    _events = found
    try:
        yield found
    finally:
        _events = None


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return captures.write_run(tmp_path, "train", steps=tuple(range(5)))


@pytest.fixture
def client(serve, tmp_path, writer):
    settle(tmp_path)
    return serve(tmp_path)


def directory(log_dir: Path) -> Path:
    return log_dir / "train" / names.DIRECTORY


def settle(log_dir: Path) -> None:
    """Makes files look as if nothing had been written for a while."""
    before = time.time() - 100
    os.utime(directory(log_dir), (before, before))


def asked(route: str) -> dict[str, object]:
    model = captures.graph().fingerprint
    queries: dict[str, dict[str, object]] = {
        "/runs": {},
        "/history": {"run": "train", "layer": 1, "channel": 2, "input": 0},
        "/predictions": {"run": "train", "input": 0},
        "/timeline": {
            "run": "train",
            "graph": model,
            "layer": 1,
            "input": 0,
            "statistic": "mean",
        },
        "/network_timeline": {"run": "train", "graph": model},
    }
    return queries[route]


def steps(client, route: str) -> list[int]:
    answer = client.get(f"{ROOT}{route}", query_string=asked(route))
    assert answer.status_code == 200, answer.data
    body = json.loads(answer.data)
    if route == "/runs":
        (body,) = body["runs"]
    return [one["step"] for one in body.get("points", body.get("steps"))]


ROUTES = pytest.mark.parametrize(
    "route", ["/runs", "/history", "/predictions", "/timeline", "/network_timeline"]
)


@ROUTES
def test_an_answer_is_not_made_again_while_its_run_is_as_it_was(client, tmp_path, route):
    first = steps(client, route)
    with touched() as found:
        assert steps(client, route) == first == [0, 1, 2, 3, 4]
    assert [path for _, path in found if str(directory(tmp_path)) in path] == []


@ROUTES
def test_a_new_step_is_seen_and_the_others_are_not_read_whole_again(
    client, tmp_path, writer, route
):
    steps(client, route)
    captures.write_step(writer, 7)
    assert steps(client, route) == [0, 1, 2, 3, 4, 7]
    settle(tmp_path)
    assert steps(client, route) == [0, 1, 2, 3, 4, 7]
    if route in ("/runs", "/network_timeline"):
        captures.write_step(writer, 9)
        with touched() as found:
            assert steps(client, route) == [0, 1, 2, 3, 4, 7, 9]
        opened = {Path(path).name for event, path in found if event == "open"}
        manifests = {name for name in opened if name.startswith("step-")}
        assert manifests == {names.manifest_name(StepKey(9, writer.session))}


@ROUTES
def test_a_step_that_was_mended_in_its_place_is_there_again(client, tmp_path, writer, route):
    path = directory(tmp_path) / names.manifest_name(StepKey(3, writer.session))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    settle(tmp_path)
    assert steps(client, route) == [0, 1, 2, 4]
    assert steps(client, route) == [0, 1, 2, 4]
    path.write_bytes(whole)
    assert steps(client, route) == [0, 1, 2, 3, 4]


def test_damage_in_a_layer_is_reported_in_the_list_of_runs(client, tmp_path, writer):
    path = directory(tmp_path) / names.manifest_name(StepKey(3, writer.session))
    message = pb.Manifest.FromString(path.read_bytes()[:-32])
    del message.layers[0].statistics[0].values[:]
    path.write_bytes(seal(message))
    assert steps(client, "/timeline") == [0, 1, 2, 4]
    assert steps(client, "/runs") == [0, 1, 2, 4]
    (run,) = json.loads(client.get(f"{ROOT}/runs").data)["runs"]
    assert "Step 3 is left out: The statistics of layer 1 are damaged" in run["problems"][-1]


def test_a_browser_gets_the_kept_bytes_and_a_script_without_gzip_the_text(client):
    url, query = f"{ROOT}/history", asked("/history")
    compressed = client.get(url, query_string=query, headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    plain = client.get(url, query_string=query)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(compressed.data) == plain.data


def test_a_reader_goes_straight_to_the_run_it_is_asked_for(tmp_path):
    for index in range(5):
        captures.write_run(tmp_path, f"deep/run{index}", steps=(0,))
    reader = Reader(tmp_path)
    with touched() as found:
        reader.guided_gradients("deep/run3", 0, "conv1")
    others = [path for _, path in found if "run" in path and "run3" not in path]
    listed = [path for event, path in found if event == "os.scandir"]
    assert others == listed == []
