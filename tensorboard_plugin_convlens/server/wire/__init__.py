"""The JSON contract between the server and the tab.

`frontend/src/wire/` is generated from the modules of this package (`make generate`) and a
test fails when it is stale. Keys are spelled as they ship. Every key is required; what is
absent is `null`. Numbers that are not finite are `null`.
"""

from tensorboard_plugin_convlens.server.wire.ablations import (
    Ablation,
    AblationChoice,
    Ablations,
    LayerAblation,
)
from tensorboard_plugin_convlens.server.wire.failure import Failure
from tensorboard_plugin_convlens.server.wire.graph import Layer, ModelGraph, ReceptiveField
from tensorboard_plugin_convlens.server.wire.history import (
    History,
    HistoryPoint,
    PredictionHistory,
    PredictionPoint,
)
from tensorboard_plugin_convlens.server.wire.inputs import InputImage, Inputs, Picture
from tensorboard_plugin_convlens.server.wire.layers import (
    Guidance,
    LayerCapture,
    Placement,
    Sheet,
    Statistic,
    Tile,
    Tiles,
)
from tensorboard_plugin_convlens.server.wire.marks import (
    Mark,
    MarkChange,
    MarkConflict,
    MarkEvent,
    MarkHistory,
    MarkRequest,
    Marks,
    UndoRequest,
    Writing,
)
from tensorboard_plugin_convlens.server.wire.ranking import (
    Agreement,
    Flag,
    Flags,
    LayerFilters,
    Spread,
    Thresholds,
)
from tensorboard_plugin_convlens.server.wire.runs import Run, Runs, StepSummary
from tensorboard_plugin_convlens.server.wire.steps import (
    ClassProbability,
    FlagCounts,
    LayerSummary,
    Prediction,
    Skipped,
    Step,
)
from tensorboard_plugin_convlens.server.wire.timelines import (
    ComparedStep,
    LayerPoint,
    LayerTimeline,
    NetworkTimeline,
    Timeline,
    TimelineStatistic,
    TimelineStep,
)
from tensorboard_plugin_convlens.server.wire.words import (
    ActivationStage,
    ColorOrder,
    FlagKind,
    Form,
    MapStage,
    Method,
    OperationKind,
    Target,
    Verdict,
)

__all__ = [
    "Ablation",
    "AblationChoice",
    "Ablations",
    "ActivationStage",
    "Agreement",
    "ClassProbability",
    "ColorOrder",
    "ComparedStep",
    "Failure",
    "Flag",
    "FlagCounts",
    "FlagKind",
    "Flags",
    "Form",
    "Guidance",
    "History",
    "HistoryPoint",
    "InputImage",
    "Inputs",
    "Layer",
    "LayerAblation",
    "LayerCapture",
    "LayerFilters",
    "LayerPoint",
    "LayerSummary",
    "LayerTimeline",
    "MapStage",
    "Mark",
    "MarkChange",
    "MarkConflict",
    "MarkEvent",
    "MarkHistory",
    "MarkRequest",
    "Marks",
    "Method",
    "ModelGraph",
    "NetworkTimeline",
    "OperationKind",
    "Picture",
    "Placement",
    "Prediction",
    "PredictionHistory",
    "PredictionPoint",
    "ReceptiveField",
    "Run",
    "Runs",
    "Sheet",
    "Skipped",
    "Spread",
    "Statistic",
    "Step",
    "StepSummary",
    "Target",
    "Thresholds",
    "Tile",
    "Tiles",
    "Timeline",
    "TimelineStatistic",
    "TimelineStep",
    "UndoRequest",
    "Verdict",
    "Writing",
]
