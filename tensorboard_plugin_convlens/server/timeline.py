"""Tables over all steps of a run: filters by steps of a layer, layers by steps.

Manifests of large networks are megabytes, so they are read without their sheets, and of them
is kept where their layers lie (`storage/manifest_index.py`) and the few numbers per layer of a
`NetworkRow` (`benchmarks/timeline.py` measures).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorboard_plugin_convlens.core.change import (
    ACTIVATION_CHANGE,
    KERNEL_CHANGE,
    lives,
    silence,
)
from tensorboard_plugin_convlens.core.flags import DEFAULTS, Thresholds
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    LayerCapture,
    Statistic,
    StepKey,
)
from tensorboard_plugin_convlens.core.stages import StatisticStage, statistics_at
from tensorboard_plugin_convlens.server import to_wire, wire
from tensorboard_plugin_convlens.server.ranking import flag_counts, thresholds_to_wire


@dataclass(frozen=True, slots=True)
class Row:
    """One step, its capture without sheets."""

    key: StepKey
    capture: Capture

    def layer(self, index: int) -> LayerCapture:
        """A layer at this step, empty where it was not captured."""
        found = (one for one in self.capture.layers if one.layer == index)
        return next(found, LayerCapture(index, ()))


def layer_timeline(
    run: str,
    steps: Iterable[Row],
    layer: int,
    input_index: int,
    statistic: str,
    stage: StatisticStage = "after",
) -> wire.Timeline:
    """One statistic of every filter of a layer over the steps, and who fell silent or revived.

    Args:
      run: Its name.
      steps: Ascending, of one model graph.
      layer: Index in the model graph.
      input_index: Whose statistics are told, where they differ between input images.
      statistic: Its name; where a step has none of it, the row is NaN.
      stage: Of the feature maps that it is taken from, where both were captured.
    """
    rows = list(steps)
    layers = [row.layer(layer) for row in rows]
    filters = max((len(one.values) for each in layers for one in each.statistics), default=0)
    known = {one.name: one.input >= 0 for each in layers for one in each.statistics}
    values = np.full((len(rows), filters), np.nan, "<f4")
    silent = []
    for place, each in enumerate(layers):
        found = _values(each.statistics, statistic, input_index, stage)
        if found is not None and len(found) == filters:
            values[place] = found
        zero = silence(each.statistics)
        silent.append(zero if zero is not None and len(zero) == filters else None)
    return {
        "run": run,
        "layer": layer,
        "input": input_index,
        "statistic": statistic,
        "statistics": [{"name": name, "perInput": known[name]} for name in known],
        "filters": filters,
        "steps": [
            {
                **to_wire.step_summary(row.key, row.capture),
                "unchangedSince": each.unchanged_since,
                "weightsUnchangedSince": each.weights_unchanged_since,
            }
            for row, each in zip(rows, layers, strict=True)
        ],
        "values": _base64(values.tobytes()),
        "states": _base64(lives(silent, filters).tobytes()),
    }


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """What a table of layers tells of one step, small enough to keep that of many steps.

    Attributes:
      graph: Fingerprint of the step's model graph.
      summary: Of the step.
      points: JSON, compressed: index of a layer → `wire.LayerPoint`.
    """

    graph: str
    summary: wire.StepSummary
    points: bytes


def network_row(row: Row, thresholds: Thresholds) -> NetworkRow:
    """How much every layer changed at a step, and how many of its filters have flags."""
    points = {one.layer: _point(one, thresholds) for one in row.capture.layers}
    packed = zlib.compress(json.dumps(points, allow_nan=False).encode(), 1)
    summary = to_wire.step_summary(row.key, row.capture)
    return NetworkRow(row.capture.graph, summary, packed)


def network_timeline(
    run: str, rows: Iterable[NetworkRow], thresholds: Thresholds = DEFAULTS
) -> wire.NetworkTimeline:
    """Every layer at every step; `rows` are of these thresholds."""
    steps: list[wire.StepSummary] = []
    points: list[dict[int, wire.LayerPoint]] = []
    for row in rows:
        steps.append(row.summary)
        unpacked = json.loads(zlib.decompress(row.points))
        points.append({int(layer): point for layer, point in unpacked.items()})
    indices = sorted({index for each in points for index in each})
    missing = _point(LayerCapture(0, ()), thresholds)
    return {
        "run": run,
        "thresholds": thresholds_to_wire(thresholds),
        "steps": steps,
        "layers": [
            {
                "layer": index,
                "points": [each.get(index, missing) for each in points],
            }
            for index in indices
        ],
    }


def _point(layer: LayerCapture, thresholds: Thresholds) -> wire.LayerPoint:
    kernel = _finite(_values(layer.statistics, KERNEL_CHANGE, -1))
    activation = _finite(_values(layer.statistics, ACTIVATION_CHANGE, -1))
    silent = silence(layer.statistics)
    return {
        "kernelChangeMean": _number(np.mean, kernel),
        "kernelChangeMedian": _number(np.median, kernel),
        "activationChangeMean": _number(np.mean, activation),
        "activationChangeMedian": _number(np.median, activation),
        "silent": None if silent is None else int(silent.sum()),
        "flags": flag_counts(layer.statistics, thresholds),
        "unchangedSince": layer.unchanged_since,
        "weightsUnchangedSince": layer.weights_unchanged_since,
    }


def _values(
    statistics: Sequence[Statistic],
    name: str,
    input_index: int,
    stage: StatisticStage = "after",
) -> FloatArray | None:
    for one in statistics_at(statistics, stage):
        if one.name == name and one.input in (input_index, -1):
            return one.values
    return None


def _finite(values: FloatArray | None) -> FloatArray:
    return np.zeros(0, np.float32) if values is None else values[np.isfinite(values)]


def _number(
    summarize: Callable[[FloatArray], np.floating[Any]], values: FloatArray
) -> float | None:
    return float(summarize(values)) if values.size else None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
