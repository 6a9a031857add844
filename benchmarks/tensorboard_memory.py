"""Measures how much memory TensorBoard takes for a log directory, and prints a table.

python -m benchmarks.tensorboard_memory [--logdir LOGS]

Compares a real TensorBoard on a run without captures (its first event file costs
TensorBoard some memory, whatever is in it), on `--logdir`, and on a generated log directory
of 1 GB, for both loaders, before and after every layer of every step was fetched.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from tensorboard_plugin_convlens.core.pictures.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImage,
    Layer,
    LayerCapture,
    ModelGraph,
)
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

ROUTE = "data/plugin/convlens"
FILTERS, SIDE, LAYERS = 256, 112, 6
GIGABYTE = 10**9


def main() -> None:
    """Prints resident memory in MB: the server's process and its data server's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logdir", type=Path, help="another log directory to measure")
    chosen = parser.parse_args().logdir
    with tempfile.TemporaryDirectory() as scratch:
        bare, large = Path(scratch, "bare"), Path(scratch, "large")
        Writer(bare, run="run")
        write_log(large, GIGABYTE)
        directories = {"bare": bare, "1 GB": large} | ({"given": chosen} if chosen else {})
        for load_fast in (True, False):
            for name, directory in directories.items():
                for when, size in measure(directory, load_fast):
                    print(f"load_fast={load_fast!s:5}  {name:6}  {when:14}  {size:7.1f} MB")


def measure(log_dir: Path, load_fast: bool) -> Iterator[tuple[str, float]]:
    """Resident memory after the start and after everything was fetched once."""
    with running_tensorboard(log_dir, load_fast=load_fast) as server:
        time.sleep(8)  # Several reloads, one a second.
        server.get(f"{ROUTE}/runs")
        yield "after start", resident(server)
        fetch_everything(server)
        yield "after fetching", resident(server)


def resident(server: TensorBoardProcess) -> float:
    """Megabytes of the process and its children."""
    process = psutil.Process(server.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(True))) / 1e6


def fetch_everything(server: TensorBoardProcess) -> None:
    """Every layer and every sheet of every step, as somebody who looks at all of it."""
    for run in json.loads(server.get(f"{ROUTE}/runs")[1])["runs"]:
        for step in run["steps"]:
            query = {"run": run["run"], "step": step["step"], "session": step["session"]}
            for layer in fetch(server, "step", query)["layers"]:
                place = query | {"layer": layer["layer"], "input": 0}
                for sheet in fetch(server, "layer", place)["sheets"]:
                    asked = urllib.parse.urlencode(query | {"sha256": sheet["sha256"]})
                    server.get(f"{ROUTE}/sheet?{asked}")


def fetch(server: TensorBoardProcess, route: str, query: dict[str, object]) -> dict[str, list]:  # type: ignore[type-arg]  # Any JSON.
    """A JSON answer."""
    answer: dict[str, list] = json.loads(  # type: ignore[type-arg]
        server.get(f"{ROUTE}/{route}?{urllib.parse.urlencode(query)}")[1]
    )
    return answer


def write_log(log_dir: Path, size: int) -> None:
    """Steps of noise, which does not compress, until the packs are of `size` bytes."""
    random = np.random.default_rng(0)
    layers = tuple(
        Layer(f"conv{index}", 0, "Conv2D", index, (), (SIDE, SIDE, FILTERS), FILTERS, True)
        for index in range(LAYERS)
    )
    graph = ModelGraph("noise", layers, "0" * 64)
    images = build_input_images([InputImage("noise", (np.zeros((8, 8, 3), np.uint8),))])
    writer = Writer(log_dir, run="noise")
    writer.write_graph(graph)
    writer.write_inputs(images)
    step = written = 0
    while written < size:
        with writer.pack(step, 0) as pack:
            sheets = [
                pack.add_maps(
                    random.standard_normal((FILTERS, SIDE, SIDE), np.float32), input_index=0
                )
                for _ in layers
            ]
        found = tuple(LayerCapture(index, (sheet,)) for index, sheet in enumerate(sheets))
        writer.commit(
            Capture(
                step, time.time(), writer.session, graph.fingerprint, images.fingerprint, found
            )
        )
        written += sum(sheet.length for sheet in sheets)
        step += 1


if __name__ == "__main__":
    main()
