"""The runs and their steps."""

from __future__ import annotations

from typing import TypedDict


class StepSummary(TypedDict):
    """One captured step of a run."""

    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str


class Run(TypedDict):
    """One run with captures; `steps` ascend. `problems` are sentences to show."""

    run: str
    steps: list[StepSummary]
    problems: list[str]


class Runs(TypedDict):
    """Answer of /runs."""

    runs: list[Run]
    version: str
