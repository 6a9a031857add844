"""One filter, and one class, over the steps."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.steps import Prediction


class HistoryPoint(TypedDict):
    """The statistics of one filter at one step; its pictures are at /tiles."""

    step: int
    session: str
    wallTime: float
    statistics: dict[str, float | None]


class History(TypedDict):
    """Answer of /history: one filter over all steps of a run, ascending."""

    run: str
    layer: int
    channel: int
    input: int
    points: list[HistoryPoint]


class PredictionPoint(TypedDict):
    """The predictions of one step."""

    step: int
    wallTime: float
    predictions: list[Prediction]


class PredictionHistory(TypedDict):
    """Answer of /predictions: those of one input image over all steps, ascending."""

    run: str
    input: int
    points: list[PredictionPoint]
