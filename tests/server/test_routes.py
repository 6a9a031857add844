"""What the routes tell of captures."""

import gzip
import io

import numpy as np
from PIL import Image

from tensorboard_plugin_convlens.core.pictures.quantize import dequantize
from tests import captures
from tests.server.asking import ROOT, first_step, get


def test_runs_lists_every_step_of_every_run(client):
    runs = get(client, "/runs")["runs"]

    assert {run["run"]: [step["step"] for step in run["steps"]] for run in runs} == {
        "other": [7],
        "train": [0, 1, 2],
    }


def test_graph_has_the_layers_and_their_edges(client):
    _, step = first_step(client)

    graph = get(client, "/graph", run="train", fingerprint=step["graph"])

    assert [layer["key"] for layer in graph["layers"]] == ["image", "conv1", "conv2"]
    assert graph["layers"][2]["inbound"] == [1]
    assert graph["layers"][2]["receptiveField"] == {
        "size": [3, 3],
        "stride": [1, 1],
        "start": [-1, -1],
    }


def test_inputs_and_pictures_are_those_that_were_captured(client):
    _, step = first_step(client)
    inputs = get(client, "/inputs", run="train", fingerprint=step["inputs"])

    assert [one["label"] for one in inputs["inputs"]] == ["image 0", "image 1"]
    assert inputs["classNames"] == ["cat", "dog", "rocket"]
    answer = client.get(
        f"{ROOT}/picture",
        query_string={"run": "train", "fingerprint": step["inputs"], "index": 1, "source": 0},
    )
    assert answer.mimetype == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(answer.data)))
    assert (picture == captures.images().inputs[1].pictures[0]).all()


def test_step_lists_what_was_captured_and_what_was_left_out(client):
    query, _ = first_step(client)

    step = get(client, "/step", **query)

    assert [layer["layer"] for layer in step["layers"]] == [1, 2]
    assert step["layers"][0]["silent"] == 1
    assert step["layers"][1]["guided"] == 2
    assert step["skipped"] == [{"what": "conv9", "reason": "it has no kernel"}]
    assert step["predictions"][0]["classes"][0]["name"] == "cat"
    assert step["iterations"] == 0


def test_layer_has_the_sheets_of_the_asked_input_image_only(client):
    query, _ = first_step(client)

    layer = get(client, "/layer", **query, layer=2, input=1)

    assert [(sheet["method"], sheet["form"]) for sheet in layer["sheets"]] == [
        ("activation", "values"),
        ("guided", "values"),
        ("guided", "magnitude"),
    ]
    assert [one["placement"] and one["placement"]["cropped"] for one in layer["sheets"]] == [
        None,
        True,
        True,
    ]
    assert [one["target"] for one in layer["sheets"]] == ["", "max", "max"]
    assert layer["guidance"] == {"guided": 2, "rectifiers": 2, "ungated": []}
    mean = next(one for one in layer["statistics"] if one["name"] == "mean")
    norm = next(one for one in layer["statistics"] if one["name"] == "l1")
    assert mean["values"][0] == 1.0
    assert (mean["perInput"], norm["perInput"]) == (True, False)
    assert norm["values"][0] is None


def test_sheet_is_the_stored_gzip_and_holds_the_maps(client):
    query, _ = first_step(client)
    sheet = get(client, "/layer", **query, layer=1, input=0)["sheets"][0]

    answer = client.get(
        f"{ROOT}/sheet",
        query_string=query | {"sha256": sheet["sha256"]},
        headers={"Accept-Encoding": "gzip"},
    )

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) == sheet["byteLength"]
    levels = np.frombuffer(gzip.decompress(answer.data), np.uint8)
    shape = (sheet["channels"], sheet["planes"], sheet["height"], sheet["width"])
    scale = np.asarray(sheet["scale"], np.float32)
    values = dequantize(levels.reshape(shape), scale, signed=sheet["signed"])[:, 0]
    assert np.abs(values - captures.maps(0, 0, 1)).max() <= scale.max() / 508 * 1.001


def test_history_follows_one_filter_over_all_steps(client):
    history = get(client, "/history", run="train", layer=1, channel=3, input=0)

    assert [point["step"] for point in history["points"]] == [0, 1, 2]
    assert [point["statistics"]["mean"] for point in history["points"]] == [3, 4, 5]


def test_predictions_follow_one_input_image_over_all_steps(client):
    history = get(client, "/predictions", run="train", input=1)

    assert [point["step"] for point in history["points"]] == [0, 1, 2]
    assert history["points"][0]["predictions"][0]["input"] == 1


def test_steps_written_while_the_server_runs_are_listed(client, tmp_path):
    writer = captures.write_run(tmp_path, "train", steps=(3,))
    captures.write_step(writer, 4)

    runs = {one["run"]: one for one in get(client, "/runs")["runs"]}

    assert [step["step"] for step in runs["train"]["steps"]] == [0, 1, 2, 3, 4]
