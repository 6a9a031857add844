"""Marks over HTTP, through TensorBoard's own application and both of its loaders."""

import dataclasses
import json
import shutil
import uuid
from argparse import Namespace
from typing import Any

import msgspec
import pytest
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

ROOT = "/data/plugin/convlens"
WEIGHTS = "ab" * 32


@pytest.fixture
def client(serve, tmp_path):
    writer = Writer(tmp_path, run="train", kind="training")
    for step in (0, 5):
        capture = captures.write_step(writer, step)
        known = tuple(dataclasses.replace(one, weights=WEIGHTS) for one in capture.layers)
        writer.commit(dataclasses.replace(capture, layers=known))
    return serve(tmp_path)


def checked(answer, shape):
    body = json.loads(answer.text)
    assert msgspec.to_builtins(msgspec.convert(body, shape)) == body
    return body


def marks(client, **query):
    answer = client.get(f"{ROOT}/marks", query_string={"run": "train"} | query)
    assert answer.status_code == 200, answer.text
    return checked(answer, wire.Marks)


def post(client, route, body):
    return client.post(f"{ROOT}{route}", json=body, headers={"X-ConvLens": "1"})


def writing(**context):
    """What `/marks` says of making marks, without TensorBoard around the plugin."""
    plugin = ConvLensPlugin(base_plugin.TBContext(**context))
    apps: dict[str, Any] = plugin.get_plugin_apps()
    client = werkzeug_test.Client(apps["/marks"], wrappers.Response)
    answer = client.get("/marks?run=train", headers={"Host": "localhost"})
    return answer.get_json()["writing"]


def session(client):
    (run,) = json.loads(client.get(f"{ROOT}/runs").text)["runs"]
    return run["steps"][1]["session"]


def change(channel, path="conv1", **said):
    empty: dict[str, object] = {"verdict": None, "stars": 0, "tags": [], "note": ""}
    return {"path": path, "call": 0, "channel": channel, **empty, **said}


def request(client, *changes, base=0, author="ann", **other):
    return {
        "operation": uuid.uuid4().hex,
        "base": base,
        "run": "train",
        "step": 5,
        "session": session(client),
        "author": author,
        "changes": list(changes),
    } | other


def undo(undoes, since=0, author="ann"):
    return {
        "operation": uuid.uuid4().hex,
        "undoes": undoes,
        "run": "train",
        "since": since,
        "author": author,
    }


def verdicts(body):
    return {(one["path"], one["channel"]): one["verdict"] for one in body["marks"]}


def test_a_mark_says_what_it_was_made_on(client):
    assert marks(client)["marks"] == []
    said = {"verdict": "useless", "stars": 2, "tags": ["b", "a"], "note": "flat <b>"}

    answer = checked(post(client, "/mark", request(client, change(3, **said))), wire.Marks)

    (mark,) = answer["marks"]
    assert {name: mark[name] for name in said} == said | {"tags": ["a", "b"]}
    assert (mark["author"], mark["step"], mark["weights"]) == ("ann", 5, WEIGHTS)
    assert mark["graph"] == captures.graph().fingerprint
    assert marks(client)["marks"] == [mark]
    layer = json.loads(
        client.get(
            f"{ROOT}/step", query_string={"run": "train", "step": 5, "session": session(client)}
        ).text
    )["layers"][0]
    assert layer["weights"] == mark["weights"]


def test_asking_again_with_the_same_id_does_nothing_twice(client):
    body = request(client, change(1, verdict="useful"))
    first, second = (json.loads(post(client, "/mark", body).text) for _ in range(2))
    assert first == second
    assert first["sequence"] == 1


def test_an_id_of_another_operation_is_409(client):
    body = request(client, change(1, verdict="useful"))
    post(client, "/mark", body)
    answer = post(client, "/mark", body | {"changes": [change(2, verdict="useful")]})
    assert answer.status_code == 409
    assert "was used for another operation" in json.loads(answer.text)["error"]


def test_a_client_that_did_not_see_the_latest_mark_gets_it(client):
    post(client, "/mark", request(client, change(1, verdict="useful")))

    answer = post(
        client,
        "/mark",
        request(client, change(2, verdict="unsure"), change(1, stars=4), author="bob"),
    )

    assert answer.status_code == 409
    conflict = checked(answer, wire.MarkConflict)
    assert "was changed in the meantime, by ann" in conflict["error"]
    assert [(one["channel"], one["verdict"]) for one in conflict["marks"]] == [(1, "useful")]
    assert verdicts(marks(client)) == {("conv1", 1): "useful"}
    seen = request(client, change(1, stars=4), base=1, author="bob")
    assert post(client, "/mark", seen).status_code == 200


def test_a_second_browser_sees_what_the_first_one_did(client):
    post(client, "/mark", request(client, change(1, verdict="useful")))
    known = marks(client)
    asked = {"since": known["sequence"], "store": known["store"]}
    assert marks(client, **asked)["marks"] == []
    post(client, "/mark", request(client, change(1), change(2, verdict="unsure"), base=1))

    news = marks(client, **asked)

    assert news["since"] == 1
    assert verdicts(news) == {("conv1", 1): None, ("conv1", 2): "unsure"}
    assert verdicts(marks(client)) == {("conv1", 2): "unsure"}


def test_after_a_database_is_removed_everything_is_sent_again(client, tmp_path):
    for channel in range(3):
        body = request(client, change(channel, verdict="useful"), base=channel)
        assert post(client, "/mark", body).status_code == 200
    known = marks(client)
    shutil.rmtree(tmp_path / ".convlens")
    body = request(client, change(4, verdict="unsure"))
    assert post(client, "/mark", body).status_code == 200

    news = marks(client, since=known["sequence"], store=known["store"])
    same_length = marks(client, since=1, store=known["store"])

    assert news["since"] == same_length["since"] == 0
    assert verdicts(news) == verdicts(same_length) == {("conv1", 4): "unsure"}


def test_many_marks_are_undone_at_once_and_redone(client):
    post(client, "/mark", request(client, change(0, verdict="useful", note="before")))
    selection = request(client, *(change(c, verdict="useless") for c in range(6)), base=1)
    assert post(client, "/mark", selection).status_code == 200

    back = undo(selection["operation"], since=7)
    answer = json.loads(post(client, "/undo", back).text)
    assert answer["sequence"] == 13
    assert len(answer["marks"]) == 6
    assert verdicts(marks(client)) == {("conv1", 0): "useful"}
    assert marks(client)["marks"][0]["note"] == "before"

    again = post(client, "/undo", undo(back["operation"], author="bob"))
    assert again.status_code == 200
    assert set(verdicts(marks(client)).values()) == {"useless"}
    assert {one["author"] for one in marks(client)["marks"]} == {"ann"}


def test_later_marks_are_not_undone(client):
    first = request(client, change(0, verdict="useful"), change(1, verdict="useful"))
    post(client, "/mark", first)
    post(client, "/mark", request(client, change(1, verdict="unsure"), base=2, author="bob"))

    answer = post(client, "/undo", undo(first["operation"]))

    assert answer.status_code == 409
    assert [one["channel"] for one in json.loads(answer.text)["marks"]] == [1]
    assert verdicts(marks(client)) == {("conv1", 0): "useful", ("conv1", 1): "unsure"}


def test_an_unknown_operation_cannot_be_undone(client):
    answer = post(client, "/undo", undo("f" * 32))
    assert answer.status_code == 404
    assert "There is no operation" in json.loads(answer.text)["error"]


def test_history_has_every_change_of_a_mark(client):
    first = request(client, change(2, verdict="useful"))
    post(client, "/mark", first)
    post(client, "/undo", undo(first["operation"], author="bob"))
    query = {"run": "train", "path": "conv1", "call": 0, "channel": 2}

    answer = client.get(f"{ROOT}/mark_history", query_string=query)

    events = checked(answer, wire.MarkHistory)["events"]
    assert [(one["kind"], one["author"], one["undoes"]) for one in events] == [
        ("mark", "ann", None),
        ("undo", "bob", first["operation"]),
    ]
    assert [one["mark"]["verdict"] for one in events] == ["useful", None]


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"run": "nobody"}, 404, "There is no run 'nobody'"),
        ({"run": "../train"}, 404, "There is no run"),
        ({"step": 3}, 404, "is gone from the log directory"),
        ({"session": "../../etc"}, 400, "session is malformed"),
        ({"step": -1}, 404, "is gone"),
        ({"base": -1}, 400, "The base must be a whole number"),
        ({"base": "0"}, 400, "Expected `int`"),
        ({"base": True}, 400, "Expected `int`"),
        ({"operation": "x"}, 400, "The id of an operation must be"),
        ({"operation": "../../../../x"}, 400, "The id of an operation must be"),
        ({"author": "x" * 101}, 400, "The name of an author"),
        ({"author": None}, 400, "Expected `str`"),
        ({"extra": 1}, 400, "keys that the route does not know"),
        ({"changes": []}, 400, "between 1 and 10000 marks"),
        ({"changes": [change(1), change(1)]}, 400, "only once"),
        ({"changes": [change(1) | {"x": 1}]}, 400, "keys that the route does not know"),
        ({"changes": [change(6, verdict="useful")]}, 404, "There is no filter 6 of conv1"),
        ({"changes": [change(0, path="conv9")]}, 404, "There is no filter 0 of conv9"),
        ({"changes": [change(0, path="../conv1")]}, 404, "There is no filter"),
        ({"changes": [change(-1)]}, 400, "The channel must be"),
        ({"changes": [change(1, verdict="dead")]}, 400, "Invalid enum value"),
        ({"changes": [change(1, stars=6)]}, 400, "Stars must be"),
        ({"changes": [change(1, stars=1.5)]}, 400, "Expected `int"),
        ({"changes": [change(1, tags=["a,b"])]}, 400, "A tag has no commas"),
        ({"changes": [change(1, tags=["x" * 51])]}, 400, "A tag must be 1 to 50"),
        ({"changes": [change(1, tags=[str(n) for n in range(21)])]}, 400, "at most 20 tags"),
        ({"changes": [change(1, note="x" * 4001)]}, 400, "A note must be"),
        ({"changes": [change(1, note="a\0b")]}, 400, "A note holds a NUL"),
    ],
)
def test_problems_are_reported_and_nothing_is_written(
    client, tmp_path, changed, status, sentence
):
    answer = post(client, "/mark", request(client, change(1, verdict="useful")) | changed)

    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert not (tmp_path / ".convlens").exists()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (Namespace(convlens_readonly=True), "--convlens_readonly"),
        (Namespace(bind_all=True), "--convlens_allow_writes"),
        (Namespace(host="0.0.0.0"), "--convlens_allow_writes"),
        (Namespace(host="mybox"), "--convlens_allow_writes"),
    ],
    ids=str,
)
def test_a_read_only_store_is_reported_before_anybody_marks(tmp_path, flags, sentence):
    told = writing(logdir=str(tmp_path), flags=flags)
    assert sentence in told["reason"]
    assert not told["allowed"]
    allowing = Namespace(**vars(flags) | {"convlens_allow_writes": True})
    allowed = writing(logdir=str(tmp_path), flags=allowing)["allowed"]
    assert allowed == (sentence != "--convlens_readonly")


def test_without_a_local_log_directory_it_says_where_marks_can_be_kept(tmp_path):
    for logdir in ("", "gs://bucket/logs"):
        told = writing(logdir=logdir)
        assert not told["allowed"]
        assert "--convlens_db postgresql+psycopg://" in told["reason"]


def test_the_password_of_a_database_is_not_among_the_flags_that_tensorboard_shows(tmp_path):
    flags = Namespace(convlens_db="postgresql+psycopg://ann:secret@db/marks")
    ConvLensPlugin(base_plugin.TBContext(logdir=str(tmp_path), flags=flags))
    assert flags.convlens_db == "postgresql+psycopg://db/marks"
