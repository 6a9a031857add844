"""What every test of the repository may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tools.install_browser import find_browser

# Before TensorFlow is first imported: its notices about the processor are no test output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# TensorFlow would choose by the processor whether it uses oneDNN. The tests pass with "0", too;
# those of the engine try both (`tests/models/row_results.py`).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# No test is timed: how long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what helps to look at a browser test."""
    parser.addoption(
        "--tracing",
        type=Path,
        metavar="DIR",
        help="write what the pages of each browser test showed, for `playwright show-trace`",
    )


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The Chromium to show the tab in."""
    browser = find_browser()
    assert browser is not None, "There is no Chromium: run python -m tools.install_browser."
    return browser
