import gzip
import io
import json

import msgspec
import numpy as np
import pytest
from PIL import Image

from tensorboard_plugin_convlens.core.quantize import dequantize
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.storage import names
from tests import captures

ROOT = "/data/plugin/convlens"


@pytest.fixture
def client(serve, tmp_path):
    captures.write_run(tmp_path, "train", steps=(0, 1, 2))
    captures.write_run(tmp_path, "other", steps=(7,))
    return serve(tmp_path)


def get(client, route, **query):
    """The JSON answer, checked against its TypedDict down to the last key."""
    answer = client.get(f"{ROOT}{route}", query_string=query)
    assert answer.status_code == 200, answer.text
    body = json.loads(answer.text)
    shape = {
        "/runs": wire.Runs,
        "/graph": wire.ModelGraph,
        "/inputs": wire.Inputs,
        "/step": wire.Step,
        "/layer": wire.LayerCapture,
        "/history": wire.History,
        "/predictions": wire.PredictionHistory,
        "/ablations": wire.Ablations,
    }[route]
    assert msgspec.to_builtins(msgspec.convert(body, shape)) == body
    assert set(body) == set(shape.__annotations__)
    return body


def first_step(client, run="train"):
    runs = {one["run"]: one for one in get(client, "/runs")["runs"]}
    step = runs[run]["steps"][0]
    return {"run": run, "step": step["step"], "session": step["session"]}, step


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


def test_step_tells_what_was_captured_and_what_was_left_out(client):
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


def read_tiles(client, **query):
    """The entries of /tiles, checked against their TypedDict, and the levels of each."""
    answer = client.get(f"{ROOT}/tiles", query_string=query)
    assert answer.status_code == 200, answer.text
    start = 4 + int.from_bytes(answer.data[:4], "little")
    head = json.loads(answer.data[4:start])
    # One by one: msgspec does not choose between two TypedDicts.
    entries = msgspec.convert(head["tiles"], list[wire.Tile | None])
    assert {"tiles": msgspec.to_builtins(entries)} == head
    levels = []
    for entry in head["tiles"]:
        shape = tuple(entry[key] for key in ("planes", "height", "width")) if entry else (0,)
        end = start + int(np.prod(shape))
        levels.append(np.frombuffer(answer.data[start:end], np.uint8).reshape(shape))
        start = end
    assert start == len(answer.data)
    return head["tiles"], levels


def test_tiles_are_one_filter_at_several_steps_for_several_inputs_and_methods(client):
    steps = {one["run"]: one for one in get(client, "/runs")["runs"]}["train"]["steps"]
    asked = [(0, 0, "activation"), (2, 1, "activation"), (2, 0, "guided")]
    texts = [
        f"{step}.{steps[step]['session']}.{index}.{method}.magnitude.after"
        for step, index, method in asked
    ]

    entries, levels = read_tiles(client, run="train", layer=1, channel=3, tile=texts)

    assert [(one["method"], one["form"]) for one in entries] == [
        ("activation", "values"),
        ("activation", "values"),
        ("guided", "magnitude"),
    ]
    for (step, index, _), entry, planes in zip(asked[:2], entries, levels, strict=False):
        scale = np.asarray([entry["scale"]], np.float32)
        values = dequantize(planes, scale, signed=entry["signed"])[0]
        expected = captures.maps(step, index, 1)[3]
        assert np.abs(values - expected).max() <= entry["scale"] / 508 * 1.001
    assert entries[0]["placement"] is None
    query = {"run": "train", "step": 2, "session": steps[2]["session"]}
    layer = get(client, "/layer", **query, layer=1, input=0)
    sheet = next(one for one in layer["sheets"] if one["form"] == "magnitude")
    place, whole = entries[2]["placement"], sheet["placement"]
    assert place["top"] == whole["top"][3:4]
    assert place["unitColumn"] == whole["unitColumn"][3:4]
    assert place["height"] == whole["height"]


def test_tiles_that_were_not_captured_are_null_and_those_beside_them_are_there(client):
    query, _ = first_step(client)
    here = f"0.{query['session']}"
    texts = [
        f"{here}.0.kernel.values.after",
        f"{here}.77.guided.values.after",
        f"{here}.0.guided.values.after",
    ]

    entries, levels = read_tiles(client, run="train", layer=1, channel=0, tile=texts)

    assert entries[:2] == [None, None]
    assert levels[2].size > 0
    entries, _ = read_tiles(client, run="train", layer=1, channel=999, tile=texts[2:])
    assert entries == [None]


def test_a_tile_that_is_damaged_says_so_and_the_others_are_there(client, tmp_path):
    query, _ = first_step(client)
    (pack,) = (tmp_path / "train" / names.DIRECTORY).glob("pack-*0000-*i000000.clpk")
    pack.unlink()
    texts = [f"0.{query['session']}.{index}.activation.values.after" for index in (0, 1)]

    answer = client.get(
        f"{ROOT}/tiles", query_string={"run": "train", "layer": 1, "channel": 0, "tile": texts}
    )

    head = json.loads(answer.data[4 : 4 + int.from_bytes(answer.data[:4], "little")])
    assert "gone" in head["tiles"][0]["error"]
    assert head["tiles"][1]["form"] == "values"
    assert "no-cache" in answer.headers["Cache-Control"]


def test_history_follows_one_filter_over_all_steps(client):
    history = get(client, "/history", run="train", layer=1, channel=3, input=0)

    assert [point["step"] for point in history["points"]] == [0, 1, 2]
    assert [point["statistics"]["mean"] for point in history["points"]] == [3, 4, 5]


def test_predictions_follow_one_input_image_over_all_steps(client):
    history = get(client, "/predictions", run="train", input=1)

    assert [point["step"] for point in history["points"]] == [0, 1, 2]
    assert history["points"][0]["predictions"][0]["input"] == 1


@pytest.mark.parametrize(
    ("route", "changed", "sentence"),
    [
        ("/step", {"run": "nobody"}, "There is no run 'nobody'"),
        ("/step", {"run": "../train"}, "There is no run"),
        ("/step", {"step": "99"}, "is gone from the log directory"),
        ("/step", {"session": "t1700000000000-aaaaaaaa"}, "is gone from the log directory"),
        ("/layer", {"layer": "77"}, "Layer 77 was not captured"),
        ("/layer", {"input": "77"}, "There is no input image 77"),
        ("/sheet", {"sha256": "0" * 64}, "has no sheet"),
        ("/graph", {"fingerprint": "0" * 64}, "is gone from the log directory"),
        ("/picture", {"index": "9"}, "There is no picture 0 of an input image 9"),
        ("/static/nothing.js", {}, "has no file 'nothing.js'"),
    ],
)
def test_what_is_not_there_is_404_with_a_sentence(client, route, changed, sentence):
    answer = client.get(f"{ROOT}{route}", query_string=complete_query(client) | changed)

    assert answer.status_code == 404
    assert sentence in json.loads(answer.text)["error"]


@pytest.mark.parametrize(
    ("route", "changed", "sentence"),
    [
        ("/step", {"step": "-1"}, "step must be a whole number from 0; got '-1'"),
        ("/step", {"step": "1e3"}, "step must be a whole number"),
        ("/step", {"step": "9" * 40}, "step must be a whole number"),
        ("/step", {"session": "x"}, "session is malformed"),
        ("/step", {"session": "../../etc"}, "session is malformed"),
        ("/graph", {"fingerprint": "../graph"}, "fingerprint must be 64 lower-case"),
        ("/sheet", {"sha256": "A" * 64}, "sha256 must be 64 lower-case"),
        ("/layer", {"layer": "one"}, "layer must be a whole number"),
        (
            "/tiles",
            {"tile": "0.events.0.guided"},
            "tile must be STEP.SESSION.INPUT.METHOD.FORM.STAGE",
        ),
        ("/tiles", {"tile": "0.events.0.saliency.values.after"}, "with the methods activation"),
        ("/tiles", {"tile": "0.events.0.guided.../...after"}, "tile must be STEP"),
        ("/tiles", {"tile": "0.t1.0.guided.values.after"}, "session is malformed"),
        ("/tiles", {"tile": []}, "tile must be given 1 to 64 times; it was given 0 times"),
        ("/tiles", {"tile": ["0.events.0.guided.values.after"] * 65}, "it was given 65 times"),
        ("/step", {"run": "a\0b"}, "run is no name of a run"),
        ("/step", {"run": ["train", "other"]}, "run must be given once; it was given 2 times"),
    ],
)
def test_what_is_malformed_is_400_with_a_sentence(client, route, changed, sentence):
    answer = client.get(f"{ROOT}{route}", query_string=complete_query(client) | changed)

    assert answer.status_code == 400
    assert sentence in json.loads(answer.text)["error"]


def complete_query(client):
    query, step = first_step(client)
    sheet = get(client, "/layer", **query, layer=1, input=0)["sheets"][0]
    return query | {
        "fingerprint": step["inputs"],
        "layer": "1",
        "input": "0",
        "index": "0",
        "source": "0",
        "channel": "0",
        "tile": f"{query['step']}.{query['session']}.0.activation.values.after",
        "sha256": sheet["sha256"],
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(client, method):
    for route in ("/runs", "/step", "/sheet", "/index.js", "/static/x.js"):
        answer = client.open(f"{ROOT}{route}", method=method)

        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_a_damaged_sheet_is_410_and_the_others_are_served(client, tmp_path):
    query, _ = first_step(client)
    sheets = get(client, "/layer", **query, layer=1, input=0)["sheets"]
    (pack,) = (tmp_path / "train" / names.DIRECTORY).glob("pack-*0000-*i000000.clpk")
    content = bytearray(pack.read_bytes())
    content[20] ^= 1
    pack.write_bytes(content)

    first, second = (
        client.get(f"{ROOT}/sheet", query_string=query | {"sha256": sheet["sha256"]})
        for sheet in sheets[:2]
    )

    assert first.status_code == 410
    assert "damaged" in json.loads(first.text)["error"]
    assert second.status_code == 200


def test_a_damaged_manifest_is_told_in_the_list_of_runs(serve, tmp_path):
    captures.write_run(tmp_path, "train", steps=(0, 1))
    manifest = sorted((tmp_path / "train" / names.DIRECTORY).glob("step-*"))[0]
    manifest.write_bytes(manifest.read_bytes()[:-1])
    client = serve(tmp_path)

    (run,) = get(client, "/runs")["runs"]

    assert [step["step"] for step in run["steps"]] == [1]
    assert "Step 0 is left out: The manifest of step 0 is damaged" in run["problems"][0]


def test_what_never_changes_is_cached_and_what_changes_is_not(client):
    query = complete_query(client)
    for route in ("/step", "/layer", "/sheet", "/tiles", "/inputs", "/picture"):
        cache = client.get(f"{ROOT}{route}", query_string=query).headers["Cache-Control"]
        assert cache == "private, max-age=31536000", route
    for route in ("/runs", "/history", "/predictions"):
        cache = client.get(f"{ROOT}{route}", query_string=query).headers["Cache-Control"]
        assert "no-cache" in cache, route


def test_every_answer_forbids_guessing_its_type_and_reading_it_elsewhere(client):
    for route in ("/runs", "/step", "/sheet", "/picture", "/static/x.js"):
        headers = client.get(f"{ROOT}{route}", query_string=complete_query(client)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_steps_written_while_the_server_runs_are_listed(client, tmp_path):
    writer = captures.write_run(tmp_path, "train", steps=(3,))
    captures.write_step(writer, 4)

    runs = {one["run"]: one for one in get(client, "/runs")["runs"]}

    assert [step["step"] for step in runs["train"]["steps"]] == [0, 1, 2, 3, 4]
