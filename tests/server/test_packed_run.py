"""`summary.filter_images`: captures inside event files, seen through both loaders."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tensorboard_plugin_convlens import summary
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.pictures.quantize import dequantize
from tests import captures

ROOT = "/data/plugin/convlens"
STEPS = range(15)


def maps(step, name):
    random = np.random.default_rng((step, len(name)))
    return random.normal(size=(2, 8, 9, 4)).astype(np.float32)


@pytest.fixture
def client(serve, tmp_path):
    pictures = np.random.default_rng(0).random((2, 8, 9, 3))
    with tf.summary.create_file_writer(str(tmp_path / "run1")).as_default():
        for step in STEPS:
            for name in ("conv1", "stage2/conv"):
                assert summary.filter_images(
                    name, maps(step, name), step, inputs=pictures, labels=["cat", "dog"]
                )
    return serve(tmp_path)


def get(client, route, **query):
    answer = client.get(f"{ROOT}{route}", query_string=query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def test_every_step_is_there_and_the_maps_are_those_that_were_logged(client):
    (run,) = get(client, "/runs")["runs"]
    assert [step["step"] for step in run["steps"]] == list(STEPS)
    step = run["steps"][3]
    graph = get(client, "/graph", run="run1", fingerprint=step["graph"])
    assert [layer["path"] for layer in graph["layers"]] == ["conv1", "stage2/conv"]
    inputs = get(client, "/inputs", run="run1", fingerprint=step["inputs"])
    assert [one["label"] for one in inputs["inputs"]] == ["cat", "dog"]

    query = {"run": "run1", "step": 3, "session": step["session"]}
    (sheet,) = get(client, "/layer", **query, layer=1, input=1)["sheets"]
    answer = client.get(
        f"{ROOT}/sheet",
        query_string=query | {"sha256": sheet["sha256"]},
        headers={"Accept-Encoding": "gzip"},
    )

    levels = np.frombuffer(gzip.decompress(answer.data), np.uint8).reshape(4, 8, 9)
    values = dequantize(levels, np.asarray(sheet["scale"], np.float32), signed=sheet["signed"])
    expected = maps(3, "stage2/conv")[1].transpose(2, 0, 1)
    assert np.abs(values - expected).max() <= max(sheet["scale"]) / 254 * 1.001
    place = {"run": "run1", "layer": 1, "channel": 2}
    tile = f"3.{step['session']}.1.activation.values.after"
    tiles = client.get(f"{ROOT}/tiles", query_string=place | {"tile": tile})
    assert tiles.data.endswith(levels[2].tobytes())


def test_beside_a_directory_of_captures_the_summaries_are_a_run_of_their_own(serve, tmp_path):
    captures.write_run(tmp_path, "run1", steps=(0,))
    with tf.summary.create_file_writer(str(tmp_path / "run1")).as_default():
        summary.filter_images("conv1", maps(0, "conv1"), 0)
    client = serve(tmp_path)

    runs = [run["run"] for run in get(client, "/runs")["runs"]]

    assert runs == ["run1", "run1 (summaries)"]


def test_a_writer_without_tensorflow_can_log_the_same_summary(serve, tmp_path):
    writer = EventFileWriter(str(tmp_path / "run1"))
    event = event_pb2.Event(step=4, wall_time=1.0)
    event.summary.CopyFrom(summary.filter_images_pb("conv1", maps(4, "conv1")))
    writer.add_event(event)
    writer.close()

    (run,) = get(serve(tmp_path), "/runs")["runs"]

    assert [step["step"] for step in run["steps"]] == [4]


def test_without_a_default_writer_nothing_is_written_and_it_says_so():
    assert summary.filter_images("conv1", maps(0, "conv1"), 0) is False


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"maps": np.zeros((3, 3))}, r"must be \[batch, height, width, channel\]"),
        ({"labels": ["one"]}, "labels for 'conv1' must have one entry per map; got 1 for 2"),
        ({"inputs": np.zeros((3, 4, 4, 1))}, "inputs for 'conv1' must have one entry per map"),
    ],
)
def test_wrong_arguments_are_reported(arguments, sentence):
    asked = {"maps": maps(0, "conv1")} | arguments
    with pytest.raises(InputError, match=sentence):
        summary.filter_images_pb("conv1", **asked)
