"""Measures answers over many steps and many runs, in a real TensorBoard; writes their section.

python -m benchmarks.long_runs

One run of 2,000 captured steps of 10 layers of 32 filters, and 300 runs of 70 steps: trainings
of days, and a search over hyperparameters.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

from benchmarks.results import table, write_section
from benchmarks.tensorboard_memory import ROUTE, resident
from benchmarks.timeline import numbers, pictures
from tensorboard_plugin_convlens.core.pictures.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImage,
    Layer,
    LayerCapture,
    ModelGraph,
    Prediction,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.capture_message import capture_to_message
from tensorboard_plugin_convlens.storage.format.sealed import seal
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

FILTERS, INPUTS, CLASSES = 32, 4, 10
REPETITIONS = 9


def main() -> None:
    """Writes the log directories, measures, prints and keeps the table."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        one, many = Path(scratch, "one"), Path(scratch, "many")
        graph = write_run(one, "long", steps=2000, layers=10)
        for index in range(300):
            write_run(many, f"run{index:03d}", steps=70, layers=5)
        rows += measure(one, questions(graph))
        rows += measure(many, [("300 runs of 70 steps: /runs", "runs", {}, "-", "150")])
    head = ("answer", "first, ms", "goal", f"again, median of {REPETITIONS}, ms", "goal", "kB")
    body = table((*head, "memory, MB"), rows)
    print(body)
    write_section("Long and many runs", body)


def questions(graph: ModelGraph) -> list[tuple[str, str, dict[str, object], str, str]]:
    """(what is measured, route, query, goal of the first answer, goal of the others)."""
    run: dict[str, object] = {"run": "long"}
    of_filter = {"layer": 5, "channel": 3, "input": 0}
    of_layer = {"graph": graph.fingerprint, "layer": 5, "input": 0, "statistic": "mean"}
    return [
        ("2,000 steps: /runs", "runs", {}, "-", "-"),
        ("2,000 steps: /history", "history", run | of_filter, "300", "30"),
        ("2,000 steps: /predictions", "predictions", run | {"input": 0}, "300", "30"),
        ("2,000 steps: /timeline", "timeline", run | of_layer, "-", "-"),
        (
            "2,000 steps of 10 layers: /network_timeline",
            "network_timeline",
            run | {"graph": graph.fingerprint},
            "3000",
            "100",
        ),
    ]


def measure(
    log_dir: Path, asked: list[tuple[str, str, dict[str, object], str, str]]
) -> list[list[str]]:
    """A row per question, in the order in which they are asked."""
    rows = []
    with running_tensorboard(log_dir, load_fast=True) as server:
        time.sleep(8)  # Until the loader has listed all runs.
        for name, route, query, first, again in asked:
            before = resident(server)
            took, size = [], 0
            for _ in range(1 + REPETITIONS):
                start = time.perf_counter()
                size = fetch(server, route, query)
                took.append(1e3 * (time.perf_counter() - start))
            middle = statistics.median(took[1:])
            growth = resident(server) - before
            rows.append(
                [
                    *(name, f"{took[0]:.0f}", first, f"{middle:.0f}", again),
                    *(f"{size / 1e3:.0f}", f"{growth:+.1f}"),
                ]
            )
    return rows


def fetch(server: TensorBoardProcess, route: str, query: dict[str, object]) -> int:
    """Asks as a browser does, which accepts gzip; the bytes of the answer."""
    url = f"{server.url}{ROUTE}/{route}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return len(answer.read())


def write_run(log_dir: Path, run: str, *, steps: int, layers: int) -> ModelGraph:
    """A run of noise: one step by the writer, the others with its sheets and numbers."""
    random = np.random.default_rng(0)
    graph = ModelGraph(
        "noise",
        tuple(
            Layer(f"conv{index}", 0, "Conv2D", index, (), (4, 4, FILTERS), FILTERS, True)
            for index in range(layers)
        ),
        "0" * 64,
    )
    pixels = np.zeros((8, 8, 3), np.uint8)
    images = build_input_images([InputImage(f"{index}", (pixels,)) for index in range(INPUTS)])
    writer = Writer(log_dir, run=run, kind="training")
    writer.write_graph(graph)
    writer.write_inputs(images)
    sheets: list[list[Sheet]] = [[] for _ in graph.layers]
    for index in range(INPUTS):
        with writer.pack(0, index) as pack:
            for found in sheets:
                found += pictures(pack, index, random, FILTERS)
    capture = Capture(
        0,
        time.time(),
        writer.session,
        graph.fingerprint,
        images.fingerprint,
        tuple(
            LayerCapture(index, tuple(found), numbers(random, FILTERS))
            for index, found in enumerate(sheets)
        ),
        tuple((prediction(random),) for _ in range(INPUTS)),
    )
    writer.commit(capture)
    message = capture_to_message(capture)
    for message.step in range(1, steps):
        name = names.manifest_name(StepKey(message.step, writer.session))
        (log_dir / run / names.DIRECTORY / name).write_bytes(seal(message))
    return graph


def prediction(random: np.random.Generator) -> Prediction:
    """Probabilities of nothing."""
    return Prediction("classes", random.random(CLASSES, np.float32))


if __name__ == "__main__":
    main()
