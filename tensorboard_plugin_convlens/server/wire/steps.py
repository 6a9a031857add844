"""One captured step: its predictions, and its layers in brief."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.words import Method


class Skipped(TypedDict):
    """What was requested but not captured, and why."""

    what: str
    reason: str


class ClassProbability(TypedDict):
    """One class of a prediction."""

    classIndex: int
    name: str
    probability: float


class Prediction(TypedDict):
    """The most probable classes, descending, and how many are left out.

    `classes` has at most 50; `omitted` says how many more there are and
    `omittedProbability` their sum.
    """

    input: int
    output: str
    classes: list[ClassProbability]
    omitted: int
    omittedProbability: float


class FlagCounts(TypedDict):
    """How many filters of a layer have each flag, at the default thresholds of /flags.

    `null` in its place: no statistics were captured.
    """

    silent: int
    nearSilent: int
    saturated: int
    duplicate: int
    notFinite: int


class LayerSummary(TypedDict):
    """What was captured of one layer at a step: enough for the layer chain.

    `silent` counts filters whose feature map is zero for every captured input, `weak` those
    whose strongest response is below 1 % of the layer's strongest; both are counted after the
    activation function where such maps were captured. `unchangedSince`: the step since which
    nothing changed that the layer's pictures depend on, so that they are that step's;
    `weightsUnchangedSince`: the same for the layer's own weights alone. `weights` is their
    SHA-256, or `null` if it is unknown.
    """

    layer: int
    weights: str | None
    methods: list[Method]
    filters: int
    silent: int
    weak: int
    flags: FlagCounts | None
    guided: int | None
    rectifiers: int | None
    unchangedSince: int | None
    weightsUnchangedSince: int | None


class Step(TypedDict):
    """Answer of /step: one capture without pictures.

    `remark` is empty, except at a step that a training left after its last update: there it
    describes the model.
    """

    run: str
    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str
    iterations: int | None
    seconds: float
    layers: list[LayerSummary]
    predictions: list[Prediction]
    skipped: list[Skipped]
    remark: str
