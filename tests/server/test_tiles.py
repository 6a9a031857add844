"""Single filters at several steps, input images and methods, in one answer."""

import json
import tracemalloc

import msgspec
import numpy as np

from tensorboard_plugin_convlens.core.pictures.quantize import dequantize
from tensorboard_plugin_convlens.core.records import Capture, LayerCapture
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.server.asking import ROOT, first_step, get


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


def large_capture(log_dir):
    """A run with the maps of two filters, 16 MiB of levels each."""
    writer = Writer(log_dir, run="train")
    model, images = captures.graph(), captures.images()
    writer.write_graph(model)
    writer.write_inputs(images)
    with writer.pack(0, 0) as pack:
        sheet = pack.add_maps(np.zeros((2, 4096, 4096), np.float32), input_index=0)
    writer.commit(
        Capture(
            step=0,
            wall_time=1.0,
            session=writer.session,
            graph=model.fingerprint,
            inputs=images.fingerprint,
            layers=(LayerCapture(1, (sheet,)),),
        )
    )
    return f"0.{writer.session}.0.activation.values.after"


def test_tiles_that_are_too_large_together_are_refused_with_a_sentence(serve, tmp_path):
    tile = large_capture(tmp_path)
    client = serve(tmp_path)
    query = {"run": "train", "layer": 1, "channel": 1}

    _, levels = read_tiles(client, **query, tile=[tile])
    assert [one.shape for one in levels] == [(1, 4096, 4096)]
    tracemalloc.start()
    answer = client.get(f"{ROOT}/tiles", query_string=query | {"tile": [tile] * 2})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status_code == 413
    assert "The uncompressed pictures have 33554432 bytes together" in answer.json["error"]
    assert peak < 2 * 2**20
    assert "no-cache" in answer.headers["Cache-Control"]


def test_a_tile_whose_bits_flipped_is_never_shown(serve, tmp_path):
    writer = captures.write_run(tmp_path, steps=(0,))
    (path,) = writer.directory.glob("pack-*i000000.clpk")
    whole = path.read_bytes()
    client = serve(tmp_path)
    query = {"run": "train", "layer": 1, "channel": 3}
    tiles = [
        f"0.{writer.session}.0.{method}.values.after" for method in ("activation", "guided")
    ]
    right = client.get(f"{ROOT}/tiles", query_string=query | {"tile": tiles})
    assert b'"error"' not in right.data
    failures = 0
    for place in range(0, len(whole), 97):
        bad = bytearray(whole)
        bad[place] ^= 16
        path.write_bytes(bad)
        answer = client.get(f"{ROOT}/tiles", query_string=query | {"tile": tiles})
        if answer.data != right.data:
            assert b"is damaged" in answer.data
            assert "no-cache" in answer.headers["Cache-Control"]
            failures += 1
    assert failures > 5
