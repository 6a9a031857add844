"""What is wrong with the layout of a document, as sentences; nothing where all is well."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Frame

_FIND_PROBLEMS = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")


def layout_problems(document: Frame) -> list[str]:
    """Finds a page that scrolls, controls and texts that are cut, and controls under others.

    Text that ends in an ellipsis by design, and what a scrolled pane hides, is no problem.
    """
    found = document.evaluate(_FIND_PROBLEMS)
    return [str(problem) for problem in found]
