"""One browser, one log directory, one TensorBoard per loader; a page for every test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tensorboard_plugin_convlens.cli.demo_digits import train_on_digits
from tests.e2e import logs, planted, trainings
from tests.e2e.tab import Behavior, Tab, address
from tests.patience import SECONDS_FOR_THE_TAB
from tests.tensorboard_process import TensorBoardProcess, running_tensorboard

EPOCHS = 8
LAPTOP = (1440, 900)

# Colors as they are in the pages, and nothing that asks the network by itself.
_BROWSER_ARGUMENTS = [
    "--force-color-profile=srgb",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]

_FOCUS = "() => document.hasFocus() ? document.activeElement?.outerHTML.slice(0, 200) : null"


class OpenTab(Protocol):
    """Opens the ConvLens tab: alone, or inside the page of TensorBoard."""

    def __call__(
        self,
        *,
        run: str = logs.DIGITS,
        size: tuple[int, int] = LAPTOP,
        dark: bool = False,
        server: TensorBoardProcess | None = None,
        state: dict[str, str] | None = None,
        inside_tensorboard: bool = False,
    ) -> Tab: ...


def pytest_exception_interact(node: pytest.Item, report: pytest.TestReport) -> None:
    """Prints what the pages show where a test fails: Playwright does not look into frames."""
    browser = getattr(node, "funcargs", {}).get("browser")
    for context in browser.contexts if browser else ():
        for frame in (frame for page in context.pages for frame in page.frames):
            # A page that has gone, or shows nothing, must not hide why the test failed.
            with contextlib.suppress(PlaywrightError):
                shown = frame.locator("body").aria_snapshot(timeout=2_000)
                focus = frame.evaluate(_FOCUS)
                report.sections.append((f"{frame.url} (focus: {focus})", shown))


@pytest.fixture(scope="session")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real training of eight epochs, beside made-up runs."""
    directory = tmp_path_factory.mktemp("logs")
    logs.write_values(directory)
    logs.write_wide(directory)
    logs.write_hostile(directory)
    logs.write_deep(directory)
    logs.write_damaged(directory)
    train_on_digits(str(directory), epochs=EPOCHS)
    return directory


@pytest.fixture(scope="session")
def tensorboard(log_dir: Path) -> Iterator[TensorBoardProcess]:
    """TensorBoard as it is started by default: with its Rust loader."""
    with running_tensorboard(log_dir) as process:
        yield process


@pytest.fixture(scope="session")
def compared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trainings that are like and unlike each other."""
    directory = tmp_path_factory.mktemp("trainings")
    trainings.write_trainings(directory)
    return directory


@pytest.fixture(scope="session")
def compared_tensorboard(compared_dir: Path) -> Iterator[TensorBoardProcess]:
    """TensorBoard on trainings to compare."""
    with running_tensorboard(compared_dir, with_tensorflow=False) as process:
        yield process


@pytest.fixture(scope="session")
def tensorboard_python_loader(log_dir: Path) -> Iterator[TensorBoardProcess]:
    """TensorBoard with its Python loader."""
    with running_tensorboard(log_dir, load_fast=False) as process:
        yield process


@pytest.fixture(scope="session")
def planted_training(tmp_path_factory: pytest.TempPathFactory) -> planted.Planted:
    """Three epochs on digits, with silent filters and a copy."""
    return planted.train(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def planted_tensorboard(planted_training: planted.Planted) -> Iterator[TensorBoardProcess]:
    """TensorBoard on that training; what is marked there stays."""
    with running_tensorboard(planted_training.log_dir, with_tensorflow=False) as process:
        yield process


@pytest.fixture(params=["tensorboard", "tensorboard_python_loader"])
def each_loader(request: pytest.FixtureRequest) -> TensorBoardProcess:
    """TensorBoard, once with each loader."""
    process = request.getfixturevalue(request.param)
    assert isinstance(process, TensorBoardProcess)
    return process


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """Chromium without a window."""
    # Chromium's sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        expect.set_options(timeout=1000 * SECONDS_FOR_THE_TAB)
        yield playwright.chromium.launch(
            executable_path=chromium, args=[*_BROWSER_ARGUMENTS, *sandbox]
        )


@pytest.fixture(scope="session")
def axe(repository: Path) -> str:
    """The source of axe-core."""
    return (repository / "frontend/node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture
def behavior() -> Iterator[Behavior]:
    """What the pages of a test do; they must behave."""
    seen = Behavior()
    yield seen
    assert seen == Behavior(), f"A page did what it must not: {seen}"


@pytest.fixture
def new_context(
    browser: Browser, behavior: Behavior, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Windows of the browser with a profile each, which forgets everything."""
    contexts: list[BrowserContext] = []
    traces: Path | None = request.config.getoption("--tracing")

    def open_context(*, pixel_ratio: float = 1) -> BrowserContext:
        context = browser.new_context(device_scale_factor=pixel_ratio)
        context.set_default_timeout(1000 * SECONDS_FOR_THE_TAB)
        context.on("page", behavior.watch)
        if traces:
            context.tracing.start(screenshots=True, snapshots=True)
        contexts.append(context)
        return context

    yield open_context
    for number, context in enumerate(contexts):
        if traces:
            context.tracing.stop(path=traces / f"{request.node.name}-{number}.zip")
        context.close()


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window that stays open, for pages of all tests.

    A page with a window of its own costs twice as much: Chromium draws its own controls, too.
    """
    context = browser.new_context()
    context.set_default_timeout(1000 * SECONDS_FOR_THE_TAB)
    # Its last page would take the window along.
    context.new_page()
    yield context
    context.close()


@pytest.fixture
def shared_window(window: BrowserContext, behavior: Behavior) -> Iterator[BrowserContext]:
    """The window that stays open; the pages and the permissions of the test do not stay."""
    before = set(window.pages)
    window.on("page", behavior.watch)
    yield window
    for page in window.pages:
        if page not in before:
            page.close()
    window.remove_listener("page", behavior.watch)
    window.clear_permissions()


@pytest.fixture
def open_tab(
    new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest
) -> OpenTab:
    """Opens the tab as if for the first time, on TensorBoard's Rust loader by default.

    It opens as a page of its own, which takes less time, in the room that it has inside a
    window of TensorBoard of this size. Tests of what lies between the two open it inside
    TensorBoard. The second tab of a test is another person's: it has its own profile.
    """
    traced = request.config.getoption("--tracing")
    contexts = [] if traced else [request.getfixturevalue("shared_window")]

    def open_page(
        *,
        run: str = logs.DIGITS,
        size: tuple[int, int] = LAPTOP,
        dark: bool = False,
        server: TensorBoardProcess | None = None,
        state: dict[str, str] | None = None,
        inside_tensorboard: bool = False,
    ) -> Tab:
        server = server or request.getfixturevalue("tensorboard")
        page = (contexts.pop() if contexts else new_context()).new_page()
        _forget(page, server.url)
        page.emulate_media(color_scheme="dark" if dark else "light")
        tab = Tab(page, inside_tensorboard=inside_tensorboard)
        tab.resize(*size)
        wanted = {"run": run, **(state or {})}
        link = address(server.url, wanted, inside_tensorboard=inside_tensorboard)
        page.goto(link, wait_until="commit")
        return tab

    return open_page


def _forget(page: Page, url: str) -> None:
    """Removes what the browser has kept of a server: settings of its pages, and files."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.send("Network.clearBrowserCache")
    session.detach()
