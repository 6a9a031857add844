"""The tab as a person uses it: its controls by what they are called, its pictures by eye."""

# ruff: noqa: RUF001 (signs that the tab writes)

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import (
    ConsoleMessage,
    Dialog,
    Frame,
    FrameLocator,
    Locator,
    Page,
    Request,
    expect,
)

Rgb = tuple[int, int, int]

# Zero in light mode (vik) and in dark mode (berlin), and the ends of both.
VIK_CENTER: Rgb = (236, 229, 225)
BERLIN_CENTER: Rgb = (25, 12, 9)
CENTERS = {"light": VIK_CENTER, "dark": BERLIN_CENTER}
VIK_ENDS: tuple[Rgb, Rgb] = ((0, 18, 97), (89, 0, 8))

# The page that TensorBoard shows in its frame; a browser can open it as well.
_OWN_PAGE = "data/plugin_entry.html?name=convlens"
_FRAME = "iframe[src*='name=convlens']"
# What TensorBoard has above that frame.
HEADER_HEIGHT = 64

# What an action sets off has begun after some frames, and is over when the tab says so.
_AT_REST = """() => new Promise(done => {
  const look = frames => frames > 0
    ? requestAnimationFrame(() => look(frames - 1))
    : done(document.querySelector("[data-settled]") !== null);
  look(3);
})"""

_OWN_ADDRESS = re.compile(r"^(https?://(localhost|127\.0\.0\.1)(:\d+)?/|data:|blob:)")
_READING = re.compile(r"Filter (\d+) · row (\d+), column (\d+): (not finite|\S+)")


@dataclass
class Behavior:
    """What a page did that no page of ours may do."""

    foreign_requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Notes requests to other machines, errors, warnings, refused code, and dialogs."""
        page.on("request", self._see_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._see_console)
        page.on("dialog", self._see_dialog)

    def _see_request(self, request: Request) -> None:
        if not _OWN_ADDRESS.match(request.url):
            self.foreign_requests.append(request.url)

    def _see_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"warning", "error"}:
            return
        # TensorBoard's own scripts warn of their own. An answer that a test breaks is noted by
        # the browser, too; what the tab makes of it is what the test looks at.
        ours = "/plugin/convlens/" in message.location["url"]
        provoked = message.text.startswith("Failed to load resource")
        if (ours and not provoked) or "Content Security Policy" in message.text:
            self.errors.append(f"{message.type}: {message.text}")

    def _see_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@dataclass(frozen=True)
class Seen:
    """One point of the page: what the status line says of it, and its color."""

    x: float
    y: float
    channel: int
    row: int
    column: int
    value: str
    color: Rgb


class Tab:
    """An open ConvLens tab: a page of its own, or inside the page of TensorBoard."""

    def __init__(self, page: Page, *, inside_tensorboard: bool = False) -> None:
        self.page = page
        self.is_inside = inside_tensorboard
        self.frame: Page | FrameLocator = page.frame_locator(_FRAME) if self.is_inside else page
        self.layers = self.frame.get_by_role("region", name="Layers")
        self.filters = self.frame.get_by_role("region", name="Filters")
        self.inspector = self.frame.get_by_role("region", name="Inspector")
        self.grid = self.frame.get_by_role("listbox", name="Filters of this layer")
        self.title = self.filters.get_by_role("heading").first
        self.run = self.frame.get_by_role("combobox", name="Run")
        self.input = self.frame.get_by_role("combobox", name="Input image")
        self.search = self.frame.get_by_role("combobox", name=re.compile("^Search"))
        self.step = self.frame.get_by_role("group", name="Step")
        self.slider = self.step.get_by_role("slider")
        self.newest = self.step.get_by_role("checkbox", name="newest")
        self.hint = self.frame.get_by_role("complementary", name="About the pictures")
        self.help = self.frame.get_by_role("dialog")

    def wait_until_painted(self) -> None:
        """Returns once the filters of a layer are on screen, and the hint is put away."""
        self.grid.wait_for()
        if self.hint.is_visible():
            self.hint.get_by_role("button", name="Got it").click()
        self.wait_for_rest()

    def wait_for_step(self, step: int) -> None:
        """Waits until the step control says that this step is shown."""
        said = re.compile(rf"^step {step}, ")
        expect(self.slider).to_have_attribute("aria-valuetext", said)

    def wait_for_rest(self) -> None:
        """Returns once nothing is on its way any more and everything is drawn."""
        self.document().wait_for_function(_AT_REST)

    def document(self) -> Frame:
        """The document of the tab, to ask it about itself."""
        if not self.is_inside:
            return self.page.main_frame
        frame = self.page.locator(_FRAME).element_handle().content_frame()
        assert frame is not None
        return frame

    def resize(self, width: int, height: int) -> None:
        """Gives the tab the room that it has in a window of TensorBoard of this size."""
        header = 0 if self.is_inside else HEADER_HEIGHT
        self.page.set_viewport_size({"width": width, "height": height - header})

    def in_both_themes(self) -> Iterator[str]:
        """Shows the page in dark mode, then in light mode."""
        themes: tuple[Literal["light", "dark"], ...] = ("dark", "light")
        for theme in themes:
            self.show_theme(theme)
            yield theme

    def show_theme(self, theme: Literal["light", "dark"]) -> None:
        """Has the browser prefer a theme: the tab follows it as a page of its own."""
        self.page.emulate_media(color_scheme=theme)
        self.wait_for_rest()

    def button(self, name: str) -> Locator:
        """The button of exactly this name."""
        return self.frame.get_by_role("button", name=name, exact=True)

    def method(self, name: str) -> Locator:
        """The switch of a method."""
        return self.frame.get_by_role("group", name="Method").get_by_role(
            "button", name=name, exact=True
        )

    def inspector_tab(self, name: str) -> Locator:
        """Filter, Layer or Classes."""
        return self.inspector.get_by_role("tab", name=name)

    def node(self, name: str) -> Locator:
        """A node of the layer chain."""
        return self.layers.get_by_role(
            "button", name=re.compile(rf"^\d[\d–]*\s+{re.escape(name)}\b")
        )

    def choose_layer(self, name: str) -> None:
        """Clicks a node of the chain and waits for its filters."""
        self.node(name).click()
        expect(self.title).to_have_text(name)
        self.wait_for_rest()

    def selected_filter(self) -> int:
        """The filter that a screen reader would say is selected."""
        text = self.grid.get_by_role("option").inner_text()
        found = re.match(r"Filter (\d+)", text)
        assert found, f"The list of filters says {text!r}."
        return int(found[1])

    def state(self) -> dict[str, str]:
        """What the address bar says of the view."""
        tokens = urlsplit(self.page.url).fragment.split("&")
        pairs = (unquote(token).partition("=") for token in tokens)
        return {
            key.removeprefix("p.convlens."): value
            for key, _, value in pairs
            if key.startswith("p.convlens.")
        }

    def wait_for_state(self, **wanted: str) -> None:
        """Waits until the address bar holds these values; "" stands for a missing key."""
        keys = {f"p.convlens.{key}": value for key, value in wanted.items()}
        self.page.wait_for_function(
            """wanted => {
              const tokens = location.hash.slice(1).split("&");
              const pairs = tokens.map(token => token.split("=").map(decodeURIComponent));
              const state = Object.fromEntries(pairs);
              const agrees = ([key, value]) => (state[key] ?? "") === value;
              return Object.entries(wanted).every(agrees);
            }""",
            arg=keys,
        )

    def pixels(self, what: Locator) -> NDArray[np.uint8]:
        """What is on screen of an element, `uint8 [height, width, 3]`."""
        return decode(what.screenshot(animations="disabled"))

    def grid_line(self, y: float, *, width: int, step: int = 7) -> list[Seen]:
        """Points of the grid on a horizontal line, `y` pixels below its upper edge."""
        self.page.mouse.move(0, 0)
        self.wait_for_rest()
        shown = self.pixels(self.grid)
        box = self.grid.bounding_box()
        assert box is not None
        seen = []
        for x in range(4, min(width, int(box["width"])) - 4, step):
            self.page.mouse.move(box["x"] + x, box["y"] + y)
            if found := _READING.search(self.filters.inner_text()):
                red, green, blue = (int(value) for value in shown[int(y), x])
                channel, row, column = (int(found[at]) for at in (1, 2, 3))
                at = box["x"] + x, box["y"] + y
                seen.append(Seen(*at, channel, row, column, found[4], (red, green, blue)))
        return seen


def decode(png: bytes) -> NDArray[np.uint8]:
    """A picture as `uint8 [height, width, 3]`."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def address(url: str, state: dict[str, str], *, inside_tensorboard: bool = False) -> str:
    """A link to a view of the tab, alone or inside the TensorBoard at `url`."""
    own = "".join(
        f"&{quote('p.convlens.' + key)}={quote(value, safe='')}" for key, value in state.items()
    )
    return f"{url}{'' if inside_tensorboard else _OWN_PAGE}#convlens{own}"
