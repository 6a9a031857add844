"""What ranks and flags the filters of a layer."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.steps import FlagCounts
from tensorboard_plugin_convlens.server.wire.words import FlagKind


class LayerFilters(TypedDict):
    """Some filters of a layer, by its key."""

    layer: str
    channels: list[int]


class Thresholds(TypedDict):
    """Thresholds of flags, each from 0 to 1 (see `core/filters/flags.py`)."""

    nearSilent: float
    saturated: float
    profile: float
    kernel: float


class Flag(TypedDict):
    """What is conspicuous about a filter, with the numbers that it rests on.

    `other` is the filter that a duplicate resembles. `evidence` has, by flag: silent `inputs`;
    nearSilent `inputs`, `apoz`; saturated `inputs`, `saturation`; duplicate `profile`,
    `kernel`; notFinite, by statistic, at how many inputs it is not finite.
    """

    channel: int
    kind: FlagKind
    other: int | None
    evidence: dict[str, float]


class Flags(TypedDict):
    """Answer of /flags: those of one layer at a step, by channel, over all captured inputs."""

    run: str
    step: int
    layer: int
    thresholds: Thresholds
    flags: list[Flag]
    counts: FlagCounts


class Spread(TypedDict):
    """How the values of a criterion are distributed over a layer's filters.

    `quartiles` are minimum, lower quartile, median, upper quartile, maximum; `variation` is
    the standard deviation over the magnitude of the mean, `smallest` the minimum magnitude
    over the maximum.
    """

    criterion: str
    defined: int
    quartiles: list[float | None]
    variation: float | None
    smallest: float | None


class Agreement(TypedDict):
    """Answer of /agreement: Spearman's rank correlation of the criteria of a layer.

    `ablation` is one of them if a test of verdicts removed the filters one by one; `random`
    has the requested seed. Rows and columns of `correlations`, and `spreads` and
    `values`, are in the order of `criteria`. `values` are over all captured inputs, one per
    filter. `null`: fewer than three filters for which both are defined, or the same value for
    all of them.
    """

    run: str
    step: int
    layer: int
    criteria: list[str]
    correlations: list[list[float | None]]
    spreads: list[Spread]
    values: list[list[float | None]]
