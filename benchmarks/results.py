"""Writes what was measured into `RESULTS.md`, one section per benchmark.

Each benchmark replaces its own section and leaves the others alone:

>>> write_section("Engine", "VGG16 …")                                # doctest: +SKIP
"""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import psutil

from tensorboard_plugin_convlens.engine.onednn import instruction_sets, processor

RESULTS = Path(__file__).with_name("RESULTS.md")

_INTRODUCTION = """\
# Results

What the benchmarks measured, each section when its benchmark was last run. `make bench`
writes this file; nothing in it is typed by hand.
"""


def write_section(title: str, body: str, *, path: Path = RESULTS) -> None:
    """Replaces the section `## title`, or adds it at the end, with machine and date.

    Args:
      title: One line, without `#`.
      body: Markdown whose headings are of the third level or deeper.
      path: The file; it is made if it is not there.

    Raises:
      ValueError: If the title is not one line, or the body holds a heading that would end
        the section.
    """
    if title.strip() != title or not title or "\n" in title:
        raise ValueError(f"The title of a section is one line without margins; got {title!r}.")
    if any(_ends_section(line) for line in body.splitlines()):
        raise ValueError(f"A heading in the section {title!r} is not below the section's own.")
    text = path.read_text(encoding="utf-8") if path.exists() else _INTRODUCTION
    before, sections = _split(text)
    sections[title] = f"## {title}\n\n{machine()}\n\n{body.strip()}\n"
    path.write_text("\n".join([before, *sections.values()]), encoding="utf-8")


def _split(text: str) -> tuple[str, dict[str, str]]:
    """(what stands before the sections, title → section), each ending in one newline."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if _ends_section(line):
            parts.append([])
        parts[-1].append(line)
    before, *sections = ("\n".join(one).strip() + "\n" for one in parts)
    return before, {one.splitlines()[0].removeprefix("## "): one for one in sections}


def _ends_section(line: str) -> bool:
    return line.startswith("## ")


def machine() -> str:
    """One line: what was measured on, when, and how busy it was; names no host."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC · {processor()}, "
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB · {_kernels()} · "
        f"{platform.system()}, Python {platform.python_version()} · "
        f"load in the last quarter of an hour {psutil.getloadavg()[2]:.1f}"
    )


def _kernels() -> str:
    """What convolutions are computed with; a figure without it says little."""
    from tensorboard_plugin_convlens.tracing import internals  # Imports TensorFlow.

    sets = ", ".join(instruction_sets()) or platform.machine()
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    limited = f", ONEDNN_MAX_CPU_ISA={limit}" if limit else ""
    return f"oneDNN {'on' if internals.uses_onednn() else 'off'} ({sets}{limited})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
