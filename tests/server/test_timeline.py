"""The tables over all steps, through TensorBoard's own application."""

import base64
import dataclasses
import json

import msgspec
import numpy as np
import pytest

from tensorboard_plugin_convlens.core.records import Statistic
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

ROOT = "/data/plugin/convlens"
# Which filters are silent at input 0 and input 1, by step.
SILENT = {
    0: ([1, 0, 1, 0, 0, 0], [1, 0, 1, 0, 0, 0]),
    3: ([1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0]),
    7: ([1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
}


def changes(step):
    return np.array([step, 0.5, np.nan, 0.25, 1, 2], np.float32)


@pytest.fixture
def written(tmp_path):
    """Three steps of one model, one of another; layer 2 was not captured at step 7."""
    writer = Writer(tmp_path, run="train", kind="training")
    for step, silent in SILENT.items():
        capture = captures.write_step(writer, step)
        layers = []
        for layer in capture.layers:
            added = [Statistic("kernel_change", None, changes(step))]
            added += [
                Statistic("apoz", i, np.array(one, np.float32)) for i, one in enumerate(silent)
            ]
            layers.append(
                dataclasses.replace(
                    layer,
                    statistics=(*layer.statistics, *added),
                    unchanged_since=0 if layer.layer == 1 and step else None,
                    weights_unchanged_since=0 if step else None,
                )
            )
        kept = layers if step < 7 else layers[:1]
        writer.commit(dataclasses.replace(capture, layers=tuple(kept)))
    captures.write_step(writer, 9, model=captures.graph("other", 3))
    return tmp_path


@pytest.fixture
def client(serve, written):
    return serve(written)


def get(client, route, shape, **query):
    answer = client.get(f"{ROOT}{route}", query_string={"run": "train", **query})
    assert answer.status_code == 200, answer.text
    body = json.loads(answer.text)
    assert msgspec.to_builtins(msgspec.convert(body, shape)) == body
    return body


def timeline(client, **query):
    asked = {"layer": 1, "input": 0, "statistic": "kernel_change", **query}
    body = get(client, "/timeline", wire.Timeline, graph=captures.graph().fingerprint, **asked)
    shape = (len(body["steps"]), body["filters"])
    values = np.frombuffer(base64.b64decode(body["values"]), "<f4").reshape(shape)
    states = np.frombuffer(base64.b64decode(body["states"]), np.uint8).reshape(shape)
    return body, values, states


def test_timeline_has_a_row_per_step_of_the_model_and_a_column_per_filter(client):
    body, values, _ = timeline(client)

    assert [one["step"] for one in body["steps"]] == [0, 3, 7]
    assert body["filters"] == captures.FILTERS
    np.testing.assert_array_equal(values, [changes(0), changes(3), changes(7)])


def test_timeline_marks_who_fell_silent_and_who_revived(client):
    _, _, states = timeline(client)

    assert states.tolist() == [
        [2, 1, 2, 1, 1, 1],
        [2, 3, 4, 1, 1, 1],
        [2, 4, 1, 1, 1, 1],
    ]


def test_timeline_gives_any_statistic_of_the_asked_input_image(client):
    body, first, _ = timeline(client, statistic="mean")
    _, second, _ = timeline(client, statistic="mean", input=1)

    assert {"name": "mean", "perInput": True} in body["statistics"]
    assert {"name": "kernel_change", "perInput": False} in body["statistics"]
    assert first[1].tolist() == [3, 4, 5, 6, 7, 8]
    assert second.tolist() == (first + 1).tolist()


def test_a_step_without_the_layer_or_a_statistic_that_no_step_has_is_a_row_of_nan(client):
    _, values, states = timeline(client, layer=2)
    _, unknown, _ = timeline(client, statistic="nothing_of_this_name")

    assert np.isnan(values[2]).all()
    assert (states[2] == 0).all()
    assert np.isnan(unknown).all()


def test_timeline_says_since_when_a_layer_is_unchanged(client):
    body, _, _ = timeline(client)

    assert [one["unchangedSince"] for one in body["steps"]] == [None, 0, 0]
    assert [one["weightsUnchangedSince"] for one in body["steps"]] == [None, 0, 0]


def test_network_timeline_summarizes_every_layer_at_every_step(client):
    graph = captures.graph().fingerprint
    body = get(client, "/network_timeline", wire.NetworkTimeline, graph=graph)

    assert [one["step"] for one in body["steps"]] == [0, 3, 7]
    assert [one["layer"] for one in body["layers"]] == [1, 2]
    point = body["layers"][0]["points"][1]
    assert point["kernelChangeMean"] == pytest.approx((3 + 0.5 + 0.25 + 1 + 2) / 5)
    assert point["kernelChangeMedian"] == 1
    assert point["activationChangeMedian"] is None
    assert point["silent"] == 2
    assert point["unchangedSince"] == 0
    missing = body["layers"][1]["points"][2]
    assert set(missing.values()) == {None}


def test_steps_that_come_or_go_while_the_server_runs_are_seen_at_once(client, written):
    graph = captures.graph().fingerprint

    def shown():
        network = get(client, "/network_timeline", wire.NetworkTimeline, graph=graph)
        tables = (timeline(client)[0], network)
        steps = [[one["step"] for one in body["steps"]] for body in tables]
        assert len(network["layers"][0]["points"]) == len(steps[1])
        return steps

    assert shown() == [[0, 3, 7]] * 2
    (session,) = {one.name.split("-", 2)[2] for one in written.rglob("step-*.pb")}
    writer = Writer(written, run="train", session=session.removesuffix(".pb"))
    captures.write_step(writer, 8)
    assert shown() == [[0, 3, 7, 8]] * 2
    next(written.rglob("step-000000000000007-*.pb")).unlink()
    assert shown() == [[0, 3, 8]] * 2


def test_a_damaged_step_is_left_out_of_the_tables(serve, written):
    damaged = next(written.rglob("step-000000000000003-*.pb"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    body, _, _ = timeline(serve(written))

    assert [one["step"] for one in body["steps"]] == [0, 7]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"statistic": "../secret"}, 400),
        ({"statistic": "x" * 65}, 400),
        ({"graph": "0" * 63}, 400),
        ({"graph": "0" * 64}, 404),
        ({"run": "nowhere"}, 404),
        ({"layer": "-1"}, 400),
    ],
)
def test_invalid_requests_are_refused_with_a_sentence(client, change, status):
    query = {"run": "train", "graph": captures.graph().fingerprint, "layer": 1, "input": 0}
    answer = client.get(
        f"{ROOT}/timeline", query_string={**query, "statistic": "mean", **change}
    )

    assert answer.status_code == status
    assert json.loads(answer.text)["error"].endswith((".", "'"))
