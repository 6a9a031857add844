"""Bits of event files that flip: what is shown is what was logged, or nothing."""

from __future__ import annotations

import json

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tensorboard_plugin_convlens import summary
from tests.server.asking import ROOT

MAPS = np.random.default_rng(1).normal(size=(1, 4, 5, 2)).astype(np.float32)
EVERY = 5


def write_runs(log_dir):
    """A run as it was logged, and copies of it, each with a flipped bit in another byte."""
    logged = summary.filter_images_pb("conv1", MAPS)
    writer = EventFileWriter(str(log_dir / "right"))
    event = event_pb2.Event(step=4, wall_time=1.0)
    event.summary.CopyFrom(logged)
    writer.add_event(event)
    writer.close()
    (path,) = (log_dir / "right").iterdir()
    content = path.read_bytes()
    for blob in logged.value[0].tensor.string_val:
        start = content.index(blob)
        for place in range(start, start + len(blob), EVERY):
            bad = bytearray(content)
            bad[place] ^= 1 << place % 8
            copy = log_dir / f"flip{place:06d}" / path.name
            copy.parent.mkdir()
            copy.write_bytes(bad)


def shown(client, run, step):
    """What the routes tell of a run's only picture; a fault is None."""
    query = {"run": run, "step": step["step"], "session": step["session"]}
    layer = client.get(f"{ROOT}/layer", query_string=query | {"layer": 0, "input": 0})
    tile = f"{step['step']}.{step['session']}.0.activation.values.after"
    tiles = client.get(
        f"{ROOT}/tiles",
        query_string={"run": run, "layer": 0, "channel": 1, "tile": tile},
    )
    known = json.loads(layer.text) if layer.status_code == 200 else None
    pixels = tiles.data if tiles.status_code == 200 and b'"error"' not in tiles.data else None
    return {"layer": known and known | {"run": ""}, "tile": pixels}


def test_a_flipped_bit_of_a_packed_summary_never_changes_what_is_shown(serve, tmp_path):
    write_runs(tmp_path)
    client = serve(tmp_path)
    runs = {one["run"]: one for one in json.loads(client.get(f"{ROOT}/runs").text)["runs"]}
    right = shown(client, "right", runs["right"]["steps"][0])
    assert None not in right.values()

    for name, run in runs.items():
        for step in run["steps"]:
            for what, found in shown(client, name, step).items():
                assert found in (None, right[what]), f"{name} shows another {what}"
