"""Measures the tab in headless Chromium, through TensorBoard's own server.

python -m benchmarks.browser

Writes the section "Tab" of `RESULTS.md`. The budgets are those of ARCHITECTURE.md.
"""

# ruff: noqa: RUF001 (signs of a table for people)

from __future__ import annotations

import os
import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from playwright.sync_api import Frame, Page, sync_playwright

from benchmarks.results import table, write_section
from tensorboard_plugin_convlens import capture
from tests import captures
from tests.e2e import logs
from tests.e2e.tab import Tab, address
from tests.first_picture import STATIC, files_before_first_picture, gzipped_size
from tests.tensorboard_process import running_tensorboard
from tools.install_browser import find_browser

# Filters and side of their maps, as in VGG16, VGG16 and ResNet152.
LAYERS = ((64, 112), (512, 28), (2048, 14))
RUN = "layers"
NETWORKS = {
    "InceptionV3": keras.applications.InceptionV3,
    "ResNet152": keras.applications.ResNet152,
}
REPEATS = 7

# Notes each painting of the grid. A paint is complete one frame after it was drawn.
_WATCH = """() => {
  window.frames = 0;
  const count = () => { window.frames++; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  const paint = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...all) {
    paint.apply(this, all);
    if (this.canvas.closest("[role=listbox]")) window.onpaint?.();
  };
  window.measure = (event, target, text) => new Promise((resolve) => {
    target.addEventListener(event, () => {
      const [start, frame] = [performance.now(), window.frames];
      window.onpaint = () => {
        if (!document.querySelector(".filters").textContent.includes(text)) return;
        window.onpaint = null;
        const passed = window.frames - frame;
        requestAnimationFrame(() => resolve([performance.now() - start, passed]));
      };
    }, { capture: true, once: true });
  });
}"""

_SCROLL = """([selector, seconds, by]) => new Promise((resolve) => {
  const box = document.querySelector(selector);
  const times = [];
  const move = (now) => {
    times.push(now);
    const end = box.scrollHeight - box.clientHeight;
    if (box.scrollTop + by > end || box.scrollTop + by < 0) by = -by;
    box.scrollTop += by;
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(move);
    else resolve([times, box.scrollHeight - box.clientHeight]);
  };
  requestAnimationFrame(move);
})"""


def main() -> None:
    """Measures everything and writes the section."""
    with tempfile.TemporaryDirectory() as scratch:
        log_dir = Path(scratch)
        write_layers(log_dir)
        write_networks(log_dir)
        with running_tensorboard(log_dir) as server, open_page() as page:
            rows = [*paint_rows(page, server.url), *scroll_rows(page, server.url)]
    rows += size_rows()
    text = table(("what", "measured", "budget"), rows)
    write_section("Tab", f"{text}\n\nTimes are medians of {REPEATS}, with the largest.")
    print(text)


def write_layers(log_dir: Path) -> None:
    """Two steps of layers of real shapes; the maps are rectified smooth noise."""
    model = logs.chain([f"conv{count}" for count, _ in LAYERS], channels=1, side=1)
    layers = [model.layers[0]]
    for layer, (count, side) in zip(model.layers[1:], LAYERS, strict=True):
        layers.append(replace(layer, channels=count, output_shape=(side, side, count)))
    graph = logs.as_graph(RUN, layers)
    for step in (0, 1):
        random = np.random.default_rng(step)
        maps = {}
        for place, (count, side) in enumerate(LAYERS, start=1):
            coarse = random.normal(size=(count, -(-side // 4), -(-side // 4)))
            smooth = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, :side, :side]
            noise = random.normal(scale=0.2, size=smooth.shape)
            maps[place] = np.maximum(smooth + noise, 0).astype(np.float32)
        logs.write(log_dir, RUN, logs.Pictures(graph, captures.images(), maps), steps=(step,))


def write_networks(log_dir: Path) -> None:
    """Real networks with random weights; few layers are captured, all are in the chain."""
    images = np.random.default_rng(0).uniform(size=(2, 96, 96, 3)).astype(np.float32)
    for name, build in NETWORKS.items():
        model = build(weights=None, include_top=False, input_shape=(96, 96, 3))
        layers = [one.name for one in model.layers if isinstance(one, keras.layers.Conv2D)]
        chosen = layers[:: len(layers) // 5]
        capture(model, images, log_dir, run=name, layers=chosen, methods=("activation",))


@contextmanager
def open_page() -> Iterator[Page]:
    """A page of headless Chromium, as large as a laptop's."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=sandbox)
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def open_tab(page: Page, url: str, **state: str) -> tuple[Tab, Frame]:
    """The tab, painted, from an empty cache; and its document."""
    page.goto("about:blank")
    page.goto(address(url, state, inside_tensorboard=True))
    tab = Tab(page, inside_tensorboard=True)
    tab.wait_until_painted()
    page.wait_for_load_state("networkidle")
    frame = tab.document()
    frame.evaluate(_WATCH)
    return tab, frame


def paint_rows(page: Page, url: str) -> Iterator[tuple[str, str, str]]:
    """First paint, switches, and requests, for each layer."""
    asked: list[str] = []
    cache = page.context.new_cdp_session(page)
    cache.send("Network.enable")
    cache.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("request", lambda request: asked.append(request.url))
    for place, (count, side) in enumerate(LAYERS):
        first, requests = [], []
        other = f"conv{LAYERS[place - 1][0]}"
        for _ in range(REPEATS):
            tab, frame = open_tab(page, url, run=RUN, layer=other)
            asked.clear()
            first.append(click_node(tab, frame, f"conv{count}", f"{count:,} filters")[0])
            page.wait_for_load_state("networkidle")
            requests.append(sum("/convlens/" in one for one in asked))
        what = f"{count:,} filters of {side} × {side}"
        budget = "150 ms" if count == max(one for one, _ in LAYERS) else ""
        yield f"{what}: painted after the click", spread(first, "ms"), budget
        yield f"{what}: requests", str(max(requests)), "4"
        for name, key in (("scale", "n"), ("cached step", "[")):
            yield f"{what}: another {name}", switch(tab, frame, key), "1 frame"
        yield f"{what}: another color palette", switch_palette(page, frame), "1 frame"


def click_node(tab: Tab, frame: Frame, name: str, text: str) -> tuple[float, int]:
    """Milliseconds and frames from a click on a layer until its filters are on screen."""
    frame.evaluate(
        "text => { window.result = window.measure('pointerdown', window, text); }", text
    )
    tab.node(name).click()
    time, frames = frame.evaluate("() => window.result")
    return time, frames


def switch(tab: Tab, frame: Frame, key: str) -> str:
    """What it takes to paint the grid anew after a key; both steps were shown before."""
    back = {"n": "n", "[": "]"}[key]
    times = []
    tab.grid.focus()
    for pressed in (key, back) * (1 + REPEATS // 2 + 1):
        frame.evaluate("() => { window.result = window.measure('keydown', window, ''); }")
        tab.page.keyboard.press(pressed)
        times.append(tuple(frame.evaluate("() => window.result")))
        tab.page.wait_for_timeout(250)
    return as_frames(times[2:])


def switch_palette(page: Page, frame: Frame) -> str:
    """What it takes to paint the grid in other colors: TensorBoard's switch of the theme."""
    times = []
    for _ in range(REPEATS):
        frame.evaluate("() => { window.result = window.measure('theme', window, ''); }")
        frame.evaluate(
            """() => {
              window.dispatchEvent(new Event("theme"));
              parent.document.body.classList.toggle("dark-mode");
            }"""
        )
        times.append(tuple(frame.evaluate("() => window.result")))
        page.wait_for_timeout(100)
    return as_frames(times)


def scroll_rows(page: Page, url: str) -> Iterator[tuple[str, str, str]]:
    """Frames per second while scrolling the grid and the layer chain."""
    _, frame = open_tab(page, url, run=RUN, layer=f"conv{LAYERS[-1][0]}")
    # How much of it is this machine's: the same page at the same time, at rest.
    yield "at rest, for comparison", frame_rate(frame, "[role=listbox]", by=0), ""
    yield f"scrolling {LAYERS[-1][0]:,} filters", frame_rate(frame, "[role=listbox]"), "60 fps"
    for name in NETWORKS:
        tab, frame = open_tab(page, url, run=name)
        blocks = tab.layers.get_by_role("button", name="Blocks")
        # In large networks they start folded; unfolded there is more to draw.
        if blocks.get_attribute("aria-pressed") == "true":
            blocks.click()
        counts = re.search(r"of (\d+) captured", tab.layers.inner_text())
        assert counts, "The layers do not say how many they are."
        what = f"scrolling the chain of {name}, {counts[1]} layers"
        yield what, frame_rate(frame, ".layers .scroller"), "60 fps"


def frame_rate(frame: Frame, selector: str, *, by: int = 24) -> str:
    """Frames per second, and the time that 95 % of the frames stay below."""
    times, room = frame.evaluate(_SCROLL, [selector, 3, by])
    assert room > 100, f"There is nothing to scroll in {selector}."
    gaps = np.diff(times)
    return (
        f"{1000 / gaps.mean():.0f} fps, 95 % of frames within {np.quantile(gaps, 0.95):.0f} ms"
    )


def size_rows() -> Iterator[tuple[str, str, str]]:
    """What is loaded before the first picture, and what may be loaded later."""
    first = sum(gzipped_size(file) for file in files_before_first_picture())
    later = sum(gzipped_size(file) for file in STATIC.rglob("*.js")) - first
    yield "before the first picture, gzipped", f"{first / 1000:.1f} kB", "80 KB"
    yield "loaded when asked for, gzipped", f"{later / 1000:.1f} kB", ""


def as_frames(times: list[tuple[float, int]]) -> str:
    """The frame it came with, at the latest, and the milliseconds."""
    frames = max(frames for _, frames in times)
    return f"{frames} frame{'s' * (frames != 1)}, {spread([time for time, _ in times], 'ms')}"


def spread(values: list[float], unit: str) -> str:
    """Median and largest."""
    return f"{statistics.median(values):.0f} {unit} (largest {max(values):.0f})"


if __name__ == "__main__":
    main()
