"""All filters of a layer, and all layers, over the steps."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.ranking import Thresholds
from tensorboard_plugin_convlens.server.wire.steps import FlagCounts


class TimelineStatistic(TypedDict):
    """A statistic that /timeline can return; `perInput` as in `Statistic`."""

    name: str
    perInput: bool


class ComparedStep(TypedDict):
    """A step, and the step with which its filters were compared.

    `changesSince` is the newest earlier step of the run, when it was captured, with the same
    model graph and input images, or `null` if there was none. `changesUnknown` is a sentence:
    why the change of some filters is unknown; empty if it is known. Captures of earlier
    releases have neither.
    """

    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str
    changesSince: int | None
    changesUnknown: str


class TimelineStep(TypedDict):
    """One row of a timeline: a `ComparedStep`; the last two are those of `LayerSummary`."""

    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str
    changesSince: int | None
    changesUnknown: str
    unchangedSince: int | None
    weightsUnchangedSince: int | None


class Timeline(TypedDict):
    """Answer of /timeline: one statistic of every filter of a layer over all steps.

    Steps ascend; those of another model graph are left out. `statistics` are those that
    were captured, at any step. Two matrices, row by row, a row per step with a number per
    filter, little-endian and in base64: `values` float32, NaN if not defined or not
    captured; `states` uint8: 0 unknown, 1 responding, 2 silent (zero at every
    captured input), 3 fell silent (silent, and responding at the step before), 4 revived.
    """

    run: str
    layer: int
    input: int
    statistic: str
    statistics: list[TimelineStatistic]
    filters: int
    steps: list[TimelineStep]
    values: str
    states: str


class LayerPoint(TypedDict):
    """One layer at one step of a network's timeline.

    `flags` are counted at the thresholds of the answer. Mean and median are over the filters
    for which the change is defined; `null` if there is none. `silent` is `null` if it is
    unknown.
    """

    kernelChangeMean: float | None
    kernelChangeMedian: float | None
    activationChangeMean: float | None
    activationChangeMedian: float | None
    silent: int | None
    flags: FlagCounts | None
    unchangedSince: int | None
    weightsUnchangedSince: int | None


class LayerTimeline(TypedDict):
    """One layer over all steps; `points` are in the order of `NetworkTimeline.steps`."""

    layer: int
    points: list[LayerPoint]


class NetworkTimeline(TypedDict):
    """Answer of /network_timeline: every captured layer over the steps of a model graph."""

    run: str
    thresholds: Thresholds
    steps: list[ComparedStep]
    layers: list[LayerTimeline]
