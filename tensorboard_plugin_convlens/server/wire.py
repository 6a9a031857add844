"""The JSON contract between the server and the tab.

`frontend/src/wire.ts` is generated from this file (`make generate`) and a test fails
when it is stale. Keys are spelled as they ship. Every key is required; what is absent
is `null`. Numbers that are not finite are `null`.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Method = Literal["activation", "guided", "gradient", "kernel"]
Form = Literal["values", "magnitude"]
ActivationStage = Literal["before", "after", "none"]
MapStage = Literal["", "before", "after", "none"]
ColorOrder = Literal["rgb", "bgr"]
Target = Literal["", "max", "sum"]
Verdict = Literal["useful", "useless", "unsure"]
OperationKind = Literal["mark", "undo", "import"]


class StepSummary(TypedDict):
    """One captured step of a run."""

    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str


class Run(TypedDict):
    """One run that holds captures; `steps` ascend. `problems` are sentences to show."""

    run: str
    steps: list[StepSummary]
    problems: list[str]


class Runs(TypedDict):
    """Answer of /runs."""

    runs: list[Run]
    version: str


class ReceptiveField(TypedDict):
    """Input region of a unit; per axis (height, width), in input pixels."""

    size: list[int]
    stride: list[int]
    start: list[int]


class Layer(TypedDict):
    """One node of the model graph. `key` is the path, with `#1` for a second call."""

    index: int
    key: str
    path: str
    call: int
    className: str
    depth: int
    inbound: list[int]
    outputShape: list[int | None]
    channels: int | None
    isConvolution: bool
    kernelSize: list[int]
    strides: list[int]
    dilation: list[int]
    padding: str
    groups: int
    dataFormat: str
    activationFunction: str
    activationStage: ActivationStage
    parameters: int
    receptiveField: ReceptiveField | None
    config: str


class ModelGraph(TypedDict):
    """Answer of /graph: layers in order of computation, edges in `inbound`."""

    fingerprint: str
    name: str
    layers: list[Layer]


class Picture(TypedDict):
    """Size in pixels of the picture of one input tensor; its PNG is at /picture."""

    height: int
    width: int


class InputImage(TypedDict):
    """One captured input: a picture per input tensor of the model (nearly always one)."""

    index: int
    label: str
    pictures: list[Picture]
    classIndex: int | None


class Inputs(TypedDict):
    """Answer of /inputs. `classNames` is empty where they are not known.

    `colorOrder` is that of the input's channels as the model takes them, and so of the planes
    of gradients and of kernels that read the input; pictures are RGB always.
    """

    fingerprint: str
    inputs: list[InputImage]
    classNames: list[str]
    colorOrder: ColorOrder


class Skipped(TypedDict):
    """What was asked for and not captured, and why."""

    what: str
    reason: str


class ClassProbability(TypedDict):
    """One class of a prediction."""

    classIndex: int
    name: str
    probability: float


class Prediction(TypedDict):
    """The most probable classes, descending, and what is left out of them.

    `classes` holds 50 at most; `omitted` says how many more there are and
    `omittedProbability` their sum.
    """

    input: int
    output: str
    classes: list[ClassProbability]
    omitted: int
    omittedProbability: float


FlagKind = Literal["silent", "nearSilent", "saturated", "duplicate", "notFinite"]


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
    all that the layer's pictures depend on is the same, so that they are that step's;
    `weightsUnchangedSince`: likewise of the layer's own weights alone. `weights` names them
    (SHA-256), `null` where it is not known.
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
    """Answer of /step: one capture without pictures."""

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


class Placement(TypedDict):
    """Where the crop of each channel lies in the input, and its target unit.

    `height` and `width` are what one plane covers, in input pixels: the plane itself may
    be smaller (a reduced magnitude). All lists have one entry per channel. `source` is
    the index of the picture in `InputImage.pictures` that the crop lies in. `cropped` is false
    where the planes cover the whole input: nothing is left out then; outside of a crop the
    gradient is zero.
    """

    source: int
    cropped: bool
    height: int
    width: int
    top: list[int]
    left: list[int]
    unitRow: list[int]
    unitColumn: list[int]


class Sheet(TypedDict):
    """One sheet; its planes are at /sheet: `uint8 [channels, planes, height, width]`.

    Level 0 is "not finite". Signed: value = (level - 128) / 127 * scale. Unsigned:
    value = (level - 1) / 254 * scale. `scale`, `nan`, `infinite`: one per channel.
    `stage` says where feature maps stand: a layer may have a sheet "before" and one "after"
    the activation function that a later layer applies. "": no maps, or not noted.
    """

    method: Method
    form: Form
    sha256: str
    byteLength: int
    channels: int
    planes: int
    height: int
    width: int
    signed: bool
    scale: list[float]
    nan: list[int]
    infinite: list[int]
    target: Target
    stage: MapStage
    placement: Placement | None


class Statistic(TypedDict):
    """One number per filter; `perInput` tells whether it is of the asked input image."""

    name: str
    perInput: bool
    values: list[float | None]


class Guidance(TypedDict):
    """Guided `guided` of `rectifiers`; activation functions without a gate by name."""

    guided: int
    rectifiers: int
    ungated: list[str]


class LayerCapture(TypedDict):
    """Answer of /layer: one layer, at one step, for one input image."""

    run: str
    step: int
    layer: int
    input: int
    sheets: list[Sheet]
    statistics: list[Statistic]
    guidance: Guidance | None


class Tile(TypedDict):
    """One filter of a sheet: the fields of `Sheet` for its channel alone.

    The lists of `placement` have one entry.
    """

    method: Method
    form: Form
    planes: int
    height: int
    width: int
    signed: bool
    scale: float
    stage: MapStage
    placement: Placement | None


class Tiles(TypedDict):
    """Head of the answer of /tiles: one entry per asked tile, in their order.

    `null`: not captured. A failure: it could not be read, and why. After the head the levels
    of every `Tile` follow in the same order, each `uint8 [planes, height, width]`.
    """

    tiles: list[Tile | Failure | None]


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


class TimelineStatistic(TypedDict):
    """A statistic that can be asked of /timeline; `perInput` as in `Statistic`."""

    name: str
    perInput: bool


class TimelineStep(TypedDict):
    """One row of a timeline; the last two are those of `LayerSummary`."""

    step: int
    wallTime: float
    session: str
    graph: str
    inputs: str
    unchangedSince: int | None
    weightsUnchangedSince: int | None


class Timeline(TypedDict):
    """Answer of /timeline: one statistic of every filter of a layer over all steps.

    Steps ascend; those of another model graph are left out. `statistics` are those that
    were captured, at any step. Two matrices, row by row, a row per step with a number per
    filter, little-endian and in base64: `values` float32, NaN where not defined or not
    captured; `states` uint8: 0 not known, 1 responding, 2 silent (zero at every
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

    Mean and median are over the filters for which the change is defined; `null` where
    there is none. `silent` is `null` where it is not known.
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
    steps: list[StepSummary]
    layers: list[LayerTimeline]


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


class LayerFilters(TypedDict):
    """Some filters of a layer, by its key."""

    layer: str
    channels: list[int]


class Thresholds(TypedDict):
    """Where flags begin; each from 0 to 1 (`core/flags.py` says of what)."""

    nearSilent: float
    saturated: float
    profile: float
    kernel: float


class Flag(TypedDict):
    """What is conspicuous about a filter, with the numbers that it rests on.

    `other` is the filter that a duplicate is like. `evidence` has, by flag: silent `inputs`;
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

    `quartiles` are least, lower quartile, median, upper quartile, largest; `variation` is
    the standard deviation over the magnitude of the mean, `smallest` the least magnitude
    over the largest.
    """

    criterion: str
    defined: int
    quartiles: list[float | None]
    variation: float | None
    smallest: float | None


class Agreement(TypedDict):
    """Answer of /agreement: Spearman's rank correlation of the criteria of a layer.

    Rows and columns of `correlations`, and `spreads` and `values`, are in the order of
    `criteria`. `values` are over all captured inputs, one per filter. `null`: fewer than
    three filters for which both are defined, or the same value for all of them.
    """

    run: str
    step: int
    layer: int
    criteria: list[str]
    correlations: list[list[float | None]]
    spreads: list[Spread]
    values: list[list[float | None]]


class AblationChoice(TypedDict):
    """Filters that were removed together; `trials` holds a value per metric each.

    `name` is "marked", "random" (several trials, `filters` are those of the first), or the
    criterion that chose them. `fill` is what stood in place of a removed channel.
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


class Mark(TypedDict):
    """What is said about a filter, by whom, when, and what they looked at.

    `stars` is 1 to 5, or 0 for none. A mark that says nothing was removed. `step`, `graph`
    and `weights` are of the capture that the mark was made on; where `weights` differs from
    `LayerSummary.weights`, the layer's weights have changed since. `sequence` is that of the
    last change, `operation` what it was part of.
    """

    run: str
    path: str
    call: int
    channel: int
    verdict: Verdict | None
    stars: int
    tags: list[str]
    note: str
    author: str
    wallTime: float
    step: int | None
    graph: str | None
    weights: str | None
    sequence: int
    operation: str


class Writing(TypedDict):
    """Whether marks can be changed; if not, `reason` is a sentence to show."""

    allowed: bool
    reason: str


class Marks(TypedDict):
    """Answer of /marks, /mark and /undo: the marks of a run that changed after `since`.

    `since` is 0 where these are all of them; removed ones are then left out. Ask next time
    with this `sequence` and `store`. `author` is whom to take for the author unless people
    say otherwise; empty where that cannot be known.
    """

    run: str
    store: str
    sequence: int
    since: int
    marks: list[Mark]
    writing: Writing
    author: str


class MarkChange(TypedDict):
    """The whole new mark of one filter; without verdict, stars, tags and note it is removed."""

    path: str
    call: int
    channel: int
    verdict: Verdict | None
    stars: int
    tags: list[str]
    note: str


class MarkRequest(TypedDict):
    """Body of /mark: changes that are made, and undone, together.

    `operation` is an id of the asker's choice (a random UUID): the same request again, after
    an answer that never came, does nothing twice. `base` is the `sequence` up to which the
    asker knows the marks of the run: a filter that was changed after it is a conflict.
    `step` and `session` name the capture that the asker looked at.
    """

    operation: str
    base: int
    run: str
    step: int
    session: str
    author: str
    changes: list[MarkChange]


class UndoRequest(TypedDict):
    """Body of /undo: every filter of the operation `undoes` gets the mark it had before.

    `operation` as in `MarkRequest`; `since` says which marks the answer holds.
    """

    operation: str
    undoes: str
    run: str
    since: int
    author: str


class MarkEvent(TypedDict):
    """One change of a mark: who asked for it, when, and the mark from then on.

    `undoes` is the operation that an undo undid. `author` and `wallTime` are of the
    operation; of an undo or an import they may differ from the mark's.
    """

    kind: OperationKind
    undoes: str | None
    author: str
    wallTime: float
    mark: Mark


class MarkHistory(TypedDict):
    """Answer of /mark_history: every change of the mark of one filter, the first one first."""

    run: str
    path: str
    call: int
    channel: int
    events: list[MarkEvent]


class MarkConflict(TypedDict):
    """Body of an answer 409: somebody was quicker; `marks` are the filters' marks of now."""

    error: str
    marks: list[Mark]


class Failure(TypedDict):
    """Body of every answer that is not 2xx: a sentence for people."""

    error: str
