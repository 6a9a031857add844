"""Measures the tables over all steps, in a real TensorBoard, and writes their section.

python -m benchmarks.timeline

The server's answers are measured, and what a person waits for in headless Chromium.

100 captured steps of 13 layers of 512 filters, four input images, all statistics of a
capture, every method: manifests of a network half as large again as VGG16.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np
from playwright.sync_api import Frame

from benchmarks.browser import open_page, open_tab, spread
from benchmarks.results import table, write_section
from benchmarks.tensorboard_memory import ROUTE, resident
from tensorboard_plugin_convlens.core.pictures.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    Gradients,
    InputImage,
    Layer,
    LayerCapture,
    ModelGraph,
    Sheet,
    Statistic,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import GradientKey, PackWriter
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.tensorboard_process import running_tensorboard

STEPS, LAYERS, FILTERS, INPUTS, SIDE = 100, 13, 512, 4, 4
PER_INPUT = ("mean", "max", "std", "apoz", "taylor", "specificity")
PER_FILTER = ("l1", "l2", "kernel_change", "activation_change")
REPETITIONS = 9

# From a key press until the matrix is on screen: one frame after its canvas was drawn.
_UNTIL_DRAWN = """() => new Promise(resolve => {
  addEventListener("keydown", () => {
    const start = performance.now();
    const look = () => {
      const canvas = document.querySelector("[role=application] canvas");
      if (canvas && canvas.height > 100)
        requestAnimationFrame(() => resolve(performance.now() - start));
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
})"""

# Moves the step control by one step in every frame, as a dragging hand would, or not at all.
_MOVE = """([by, seconds]) => new Promise(resolve => {
  const slider = document.querySelector("[aria-label=Step] input[type=range]");
  const times = [];
  const move = now => {
    times.push(now);
    if (by !== 0) {
      const last = Number(slider.max);
      if (Number(slider.value) + by > last || Number(slider.value) + by < 0) by = -by;
      slider.value = String(Number(slider.value) + by);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(move);
    else resolve(times);
  };
  requestAnimationFrame(move);
})"""


def main() -> None:
    """Writes the log directory, measures, prints and keeps the table."""
    with tempfile.TemporaryDirectory() as scratch:
        graph = write_log(Path(scratch))
        body = measure(Path(scratch), graph)
    print(body)
    write_section("Tables over all steps", body)


def measure(log_dir: Path, graph: ModelGraph) -> str:
    """A table of milliseconds and bytes, and a sentence about memory."""
    manifests = [path.stat().st_size for path in log_dir.rglob("step-*.pb")]
    query = {"run": "noise", "graph": graph.fingerprint}
    layer = query | {"layer": 5, "input": 0, "statistic": "kernel_change"}
    rows = []
    with running_tensorboard(log_dir, load_fast=True) as server:
        time.sleep(5)
        server.get(f"{ROUTE}/runs")
        before = resident(server)
        for name, route, asked in (
            (f"filters by steps, {FILTERS} by {STEPS}", "timeline", layer),
            (f"layers by steps, {LAYERS} by {STEPS}", "network_timeline", query),
        ):
            took, size = [], 0
            for _ in range(REPETITIONS):
                start = time.perf_counter()
                content = server.get(f"{ROUTE}/{route}?{urllib.parse.urlencode(asked)}")[1]
                took.append(1e3 * (time.perf_counter() - start))
                size = len(content)
            rows.append(
                [name, f"{took[0]:.0f}", f"{statistics.median(took):.0f}", f"{size / 1e3:.0f}"]
            )
        growth = resident(server) - before
        tab = measure_tab(server.url)
    head = ("table", "first, ms", f"median of {REPETITIONS}, ms", "answer, kB")
    return (
        f"{table(head, rows)}\n\n"
        f"{len(manifests)} manifests of {statistics.mean(manifests) / 1e3:.0f} kB. "
        f"TensorBoard's memory grew by {growth:.1f} MB over all of these requests.\n\n"
        f"{table(('in the tab', 'measured', 'budget'), tab)}"
    )


def measure_tab(url: str) -> list[tuple[str, str, str]]:
    """How long the matrix takes to appear, and how smoothly the step control moves."""
    with open_page() as page:
        took = []
        for _ in range(REPETITIONS):
            _, frame = open_tab(page, url, run="noise", layer="conv5", filter="3")
            frame.evaluate(f"() => {{ window.drawn = ({_UNTIL_DRAWN})(); }}")
            page.keyboard.press("t")
            took.append(float(frame.evaluate("() => window.drawn")))
        _, frame = open_tab(page, url, run="noise", layer="conv5", filter="3")
        still, moving = frame_rate(frame, by=0), frame_rate(frame, by=-1)
    return [
        (f"{FILTERS} filters by {STEPS} steps on screen after T", spread(took, "ms"), "300 ms"),
        ("at rest, for comparison", still, ""),
        ("the step control moved by one step in every frame", moving, "60 fps"),
    ]


def frame_rate(frame: Frame, *, by: int) -> str:
    """Frames per second, and the time that 95 % of the frames stay below."""
    gaps = np.diff(frame.evaluate(_MOVE, [by, 3]))
    return (
        f"{1000 / gaps.mean():.0f} fps, 95 % of frames within {np.quantile(gaps, 0.95):.0f} ms"
    )


def write_log(log_dir: Path) -> ModelGraph:
    """A run of noise."""
    random = np.random.default_rng(0)
    layers = tuple(
        Layer(f"conv{index}", 0, "Conv2D", index, (), (SIDE, SIDE, FILTERS), FILTERS, True)
        for index in range(LAYERS)
    )
    graph = ModelGraph("noise", layers, "0" * 64)
    pixels = np.zeros((8, 8, 3), np.uint8)
    images = build_input_images([InputImage(f"{index}", (pixels,)) for index in range(INPUTS)])
    writer = Writer(log_dir, run="noise")
    writer.write_graph(graph)
    writer.write_inputs(images)
    for step in range(STEPS):
        sheets: list[list[Sheet]] = [[] for _ in layers]
        for index in range(INPUTS):
            with writer.pack(step, index) as pack:
                for found in sheets:
                    found += pictures(pack, index, random)
        records = tuple(
            LayerCapture(index, tuple(found), numbers(random))
            for index, found in enumerate(sheets)
        )
        writer.commit(
            Capture(
                step,
                time.time(),
                writer.session,
                graph.fingerprint,
                images.fingerprint,
                records,
            )
        )
    return graph


def pictures(
    pack: PackWriter, index: int, random: np.random.Generator, filters: int = FILTERS
) -> list[Sheet]:
    """Small maps and guided gradients; a manifest does not know how large they are."""
    noise = random.standard_normal((filters, SIDE, SIDE, 3), np.float32)
    place = np.arange(filters, dtype=np.int32) % 200
    guided = pack.begin_gradients(GradientKey("guided", "max", index))
    guided.add(Gradients(tuple(range(filters)), noise, place, place, place, place, True))
    gradients = guided.finish()
    return [pack.add_maps(noise[..., 0].copy(), input_index=index), *gradients]


def numbers(random: np.random.Generator, filters: int = FILTERS) -> tuple[Statistic, ...]:
    """All statistics of a layer."""
    asked: list[tuple[str, int | None]] = [
        (name, index) for name in PER_INPUT for index in range(INPUTS)
    ]
    asked += [(name, None) for name in PER_FILTER]
    return tuple(
        Statistic(name, index, random.random(filters, np.float32)) for name, index in asked
    )


if __name__ == "__main__":
    main()
