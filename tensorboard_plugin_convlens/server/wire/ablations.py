"""Tests of verdicts."""

from __future__ import annotations

from typing import Literal, TypedDict

from tensorboard_plugin_convlens.server.wire.ranking import LayerFilters


class AblationChoice(TypedDict):
    """Filters that were removed together; `trials` holds a value per metric each.

    `name` is "marked", "random" (several trials, `filters` are those of the first), or the
    criterion that chose them. `fill` is what replaced a removed channel.
    """

    name: str
    fill: Literal["zero", "mean"]
    filters: list[LayerFilters]
    trials: list[list[float | None]]


class LayerAblation(TypedDict):
    """Every filter of a layer removed alone, its channel at zero: a value per metric each."""

    layer: str
    filters: list[list[float | None]]


class Ablation(TypedDict):
    """A test of verdicts on data; the first of `metrics` is the loss."""

    wallTime: float
    graph: str
    step: int | None
    model: str
    samples: int
    seed: int
    metrics: list[str]
    baseline: list[float | None]
    choices: list[AblationChoice]
    layers: list[LayerAblation]


class Ablations(TypedDict):
    """Answer of /ablations: the tests of verdicts of a run, the latest first."""

    run: str
    ablations: list[Ablation]
