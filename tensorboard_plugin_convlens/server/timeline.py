"""Tables over all steps of a run: filters by steps of a layer, layers by steps.

Manifests of large networks are megabytes, so they are read without their sheets. Only the
places of their layers (`storage/reading/manifest_index.py`) and the few numbers per layer of a
`NetworkRow` are kept (`benchmarks/timeline.py` measures).
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import TooLargeError
from tensorboard_plugin_convlens.core.filters.change import (
    ACTIVATION_CHANGE,
    KERNEL_CHANGE,
    lives,
    silence,
)
from tensorboard_plugin_convlens.core.filters.flags import (
    DEFAULTS,
    KINDS,
    Thresholds,
    known_counts,
)
from tensorboard_plugin_convlens.core.filters.stages import StatisticStage, statistics_at
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    LayerCapture,
    StepKey,
)
from tensorboard_plugin_convlens.server import to_wire, wire
from tensorboard_plugin_convlens.server.numbers import number, to_json
from tensorboard_plugin_convlens.server.ranking import flag_counts_to_wire, thresholds_to_wire

# The most cells of a table: filters or layers times steps. A filter takes 16 bytes and a layer
# 100, so one answer stays below 60 MB of memory.
_MOST_FILTER_CELLS = 4_000_000
_MOST_LAYER_CELLS = 400_000


def layer_timeline(
    run: str,
    steps: Iterable[Capture],
    layer: int,
    input_index: int,
    statistic: str,
    stage: StatisticStage = "after",
) -> Iterator[bytes]:
    """One statistic of every filter of a layer over the steps, and who fell silent or revived.

    Args:
      run: Its name.
      steps: Ascending, of one model graph, each with the statistics of that layer or none.
      layer: Index in the model graph.
      input_index: The input image whose statistics count, if they differ between images.
      statistic: Its name; the row of a step without it is NaN.
      stage: Stage of the feature maps that it describes, if both were captured.

    Returns:
      A `wire.Timeline` as JSON, in parts.

    Raises:
      TooLargeError: There are more than four million cells.
    """
    columns = _Columns(statistic, input_index, stage)
    for capture in steps:
        columns.add(capture, next(iter(capture.layers), LayerCapture(layer, ())))
    body: wire.Timeline = {
        "run": run,
        "layer": layer,
        "input": input_index,
        "statistic": statistic,
        "statistics": [
            {"name": name, "perInput": per_input} for name, per_input in columns.known.items()
        ],
        "filters": columns.filters,
        "steps": columns.steps,
        "values": _base64(columns.values()),
        "states": _base64(lives(columns.silent, columns.filters)),
    }
    yield to_json(body)


class _Columns:
    """The rows of a table of a layer, step after step."""

    def __init__(self, statistic: str, input_index: int, stage: StatisticStage) -> None:
        self._asked = statistic, input_index, stage
        self._values: list[FloatArray | None] = []
        self.silent: list[NDArray[np.bool_] | None] = []
        self.steps: list[wire.TimelineStep] = []
        self.known: dict[str, bool] = {}
        self.filters = 0

    def add(self, capture: Capture, layer: LayerCapture) -> None:
        self.steps.append(
            {
                **_compared_step(capture),
                "unchangedSince": layer.unchanged_since,
                "weightsUnchangedSince": layer.weights_unchanged_since,
            }
        )
        self.known |= {one.name: one.input is not None for one in layer.statistics}
        self.filters = max((self.filters, *(len(one.values) for one in layer.statistics)))
        check_cells(len(self.steps), self.filters, _MOST_FILTER_CELLS, "filters")
        values = _values(layer, *self._asked)
        self._values.append(None if values is None else values.copy())
        self.silent.append(silence(layer.statistics))

    def values(self) -> FloatArray:
        """`float32 [step, filter]`, NaN if a step has none, or for other filters."""
        values = np.full((len(self.steps), self.filters), np.nan, "<f4")
        for place, found in enumerate(self._values):
            if found is not None and len(found) == self.filters:
                values[place] = found
        self.silent = [
            one if one is not None and len(one) == self.filters else None for one in self.silent
        ]
        return values


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """The row of one step in a table of layers, small enough to keep many.

    Attributes:
      outline: The outline of the step.
      layers: `int32 [layer]`, indices in the model graph.
      points: `float64 [layer, number]`, compressed; NaN if there is none. The numbers are
        those of `_point`.
    """

    outline: Capture
    layers: NDArray[np.int32]
    points: bytes

    @property
    def size(self) -> int:
        """Its approximate memory, in bytes."""
        unknown = len(self.outline.changes_unknown)
        return 800 + self.layers.nbytes + len(self.points) + unknown

    def numbers(self) -> NDArray[np.float64]:
        """The points, `float64 [layer, number]`."""
        flat = np.frombuffer(zlib.decompress(self.points), np.float64)
        return flat.reshape(len(self.layers), _NUMBERS)


def network_row(capture: Capture, thresholds: Thresholds) -> NetworkRow:
    """How much every layer changed at a step, and how many of its filters have flags."""
    points = np.asarray([_point(one, thresholds) for one in capture.layers], np.float64)
    layers = np.asarray([one.layer for one in capture.layers], np.int32)
    return NetworkRow(replace(capture, layers=()), layers, zlib.compress(points.tobytes(), 1))


def network_timeline(
    run: str, rows: Iterable[NetworkRow], thresholds: Thresholds = DEFAULTS
) -> Iterator[bytes]:
    """Every layer at every step, a `wire.NetworkTimeline` as JSON, layer by layer.

    Args:
      run: Its name.
      rows: Ascending, of one model graph, and of these thresholds.
      thresholds: Thresholds of flags.

    Raises:
      TooLargeError: There are more than 400,000 cells.
    """
    kept: list[NetworkRow] = []
    indices: set[int] = set()
    for row in rows:
        kept.append(row)
        indices.update(row.layers.tolist())
        check_cells(len(kept), len(indices), _MOST_LAYER_CELLS, "layers")
    order = np.asarray(sorted(indices), np.int32)
    table = np.full((len(order), len(kept), _NUMBERS), np.nan)
    for place, row in enumerate(kept):
        table[np.searchsorted(order, row.layers), place] = row.numbers()
    summaries = [_compared_step(one.outline) for one in kept]
    head = {"run": run, "thresholds": thresholds_to_wire(thresholds), "steps": summaries}
    yield to_json(head)[:-1] + b',"layers":['
    for place, index in enumerate(order.tolist()):
        points = [_point_to_wire(numbers) for numbers in table[place].tolist()]
        yield (b"," if place else b"") + to_json({"layer": index, "points": points})
    yield b"]}"


def _compared_step(capture: Capture) -> wire.ComparedStep:
    summary = to_wire.step_summary(StepKey(capture.step, capture.session), capture)
    return {
        **summary,
        "changesSince": capture.changes_since,
        "changesUnknown": capture.changes_unknown,
    }


_NUMBERS = 12


def _point(layer: LayerCapture, thresholds: Thresholds) -> list[float]:
    """The numbers of a layer at a step, NaN if there is none; see `_point_to_wire`."""
    kernel = _finite(_of_all_inputs(layer, KERNEL_CHANGE))
    activation = _finite(_of_all_inputs(layer, ACTIVATION_CHANGE))
    counts = known_counts(layer.statistics, thresholds)
    silent = counts["silent"]
    return [
        _mean(kernel),
        _median(kernel),
        _mean(activation),
        _median(activation),
        np.nan if silent is None else silent,
        *((counts[kind] or 0) if layer.statistics else np.nan for kind in KINDS),
        np.nan if layer.unchanged_since is None else layer.unchanged_since,
        np.nan if layer.weights_unchanged_since is None else layer.weights_unchanged_since,
    ]


def _point_to_wire(numbers: list[float]) -> wire.LayerPoint:
    changes, silent, counts, since = numbers[:4], numbers[4], numbers[5:10], numbers[10:]
    flags = {kind: int(count) for kind, count in zip(KINDS, counts, strict=True) if count >= 0}
    kernel_mean, kernel_median, activation_mean, activation_median = map(number, changes)
    unchanged, weights_unchanged = map(_whole, since)
    return {
        "kernelChangeMean": kernel_mean,
        "kernelChangeMedian": kernel_median,
        "activationChangeMean": activation_mean,
        "activationChangeMedian": activation_median,
        "silent": _whole(silent),
        "flags": flag_counts_to_wire(flags) if flags else None,
        "unchangedSince": unchanged,
        "weightsUnchangedSince": weights_unchanged,
    }


def _values(
    layer: LayerCapture,
    name: str,
    input_index: int,
    stage: StatisticStage = "after",
) -> FloatArray | None:
    for one in statistics_at(layer.statistics, stage):
        if one.name == name and one.input in (input_index, None):
            return one.values
    return None


def _of_all_inputs(layer: LayerCapture, name: str) -> FloatArray | None:
    """The values of a statistic that does not depend on an input image, nor on a stage."""
    found = (one for one in layer.statistics if one.name == name and one.input is None)
    return next((one.values for one in found), None)


def check_cells(steps: int, across: int, most: int, what: str) -> None:
    """Raises `TooLargeError` if a table of `steps` rows has more than `most` cells."""
    if steps * across > most:
        raise TooLargeError(
            f"The table would have {across:,} {what} at more than {steps - 1:,} steps, but an "
            f"answer has at most {most:,} cells. Choose a run with fewer steps."
        )


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def _finite(values: FloatArray | None) -> FloatArray:
    return np.zeros(0, np.float32) if values is None else values[np.isfinite(values)]


def _mean(values: FloatArray) -> float:
    """Computes NumPy's mean in half the time."""
    with np.errstate(over="ignore"):
        return float(np.add.reduce(values) / np.float32(values.size)) if values.size else np.nan


def _median(values: FloatArray) -> float:
    """Computes NumPy's median, three times as fast for the few filters of a layer."""
    if not values.size:
        return np.nan
    ordered = np.sort(values)
    with np.errstate(over="ignore"):
        return float((ordered[(values.size - 1) // 2] + ordered[values.size // 2]) / 2)


def _base64(values: NDArray[np.generic]) -> str:
    return base64.b64encode(values.tobytes()).decode()
