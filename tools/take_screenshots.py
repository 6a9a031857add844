"""Takes the pictures of the tab in docs/images, light and dark, of a real TensorBoard.

python -m tools.take_screenshots [--logdir LOGS]

`LOGS` is the demo's log directory: `convlens demo --no-serve --logdir LOGS` makes it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tensorboard_plugin_convlens import Reader
from tests.tensorboard_process import running_tensorboard
from tools.install_browser import find_browser

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
LARGEST = 500_000  # bytes: the README loads several pictures.

TRAINING = "digits/train"
# What is shown, by the picture's name.
VIEWS = {
    # One filter of a trained VGG16 that looks at a cat.
    "tab": {
        "run": "vgg16",
        "layer": "block3_conv3",
        "sort": "mean",
        "filter": "170",
        "size": "72",
    },
    # A trained layer beside itself before the training.
    "compare": {"run": TRAINING, "layer": "conv3", "compare": f'[["{TRAINING}",0,0]]'},
    # How the filters of a layer settle.
    "timelines": {"run": TRAINING, "layer": "conv4", "timeline": "layer"},
}
# The size of a laptop's window; twice the pixels, so that text is crisp.
WIDTH, HEIGHT, PIXELS_PER_POINT = 1440, 900, 2
MILLISECONDS = 60_000

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


def open_tab(browser: Browser, url: str, view: str, theme: Theme) -> Page:
    """A page with the tab on a view; TensorBoard follows the browser's color scheme."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=PIXELS_PER_POINT,
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page.set_default_timeout(MILLISECONDS)
    page.on("console", _show_errors)
    state = urlencode({f"p.convlens.{key}": value for key, value in VIEWS[view].items()})
    # The hint is for people who see the tab for the first time.
    page.add_init_script("localStorage.setItem('convlens.hint', 'seen')")
    page.goto(f"{url}#convlens&{state}")
    return page


def settle(page: Page) -> None:
    """Waits until the filters are listed and no picture is on its way any more."""
    # TensorBoard keeps every plugin in a frame of its own.
    tab = page.frame_locator("iframe[src*='name=convlens']")
    tab.locator("canvas").first.wait_for()
    page.mouse.move(WIDTH - 1, HEIGHT - 1)
    page.wait_for_load_state("networkidle")
    # Canvases are painted in the next frame; small pictures follow when they come into view.
    page.wait_for_timeout(1500)


def compress(png: bytes) -> bytes:
    """The picture with 256 colors, chosen to fit it: a third of the bytes, hardly seen."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE)
        few.save(file, "PNG", optimize=True)
    return file.getvalue()


def take(browser: Browser, url: str, view: str, theme: Theme) -> Path:
    """Takes one picture; returns where it is.

    Raises:
      SystemExit: The picture is too large for the README.
    """
    page = open_tab(browser, url, view, theme)
    settle(page)
    png = compress(page.screenshot())
    page.close()
    if len(png) > LARGEST:
        name = f"{theme} picture of {view!r}"
        sys.exit(f"The {name} has {len(png)} bytes; at most {LARGEST} are wanted.")
    path = IMAGES / f"{view}-{theme}.png"
    path.write_bytes(png)
    return path


def main() -> None:
    """Takes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logdir", type=Path, default=Path("logs/demo"))
    log_dir = parser.parse_args().logdir
    executable = find_browser()
    if executable is None:
        sys.exit("There is no Chromium: run `python -m tools.install_browser`.")
    missing = {view["run"] for view in VIEWS.values()} - set(Reader(log_dir).runs())
    if missing:
        sys.exit(f"{log_dir} has no run {min(missing)!r}: make it with `convlens demo`.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    # Colors as they are in the page; Chromium's sandbox does not work for root.
    flags = ["--force-color-profile=srgb"] + ["--no-sandbox"] * (os.geteuid() == 0)
    with running_tensorboard(log_dir) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        for view, theme in product(VIEWS, THEMES):
            path = take(browser, server.url, view, theme)
            print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size} bytes")
        browser.close()


def _show_errors(message: ConsoleMessage) -> None:
    if message.type == "error":
        print(f"The page says: {message.text}", file=sys.stderr)


if __name__ == "__main__":
    main()
