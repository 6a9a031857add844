"""The captures of TensorBoard's runs, as the routes ask for them.

Small on purpose: a few manifests, graphs and sets of input images are kept, pixels never.
A gigabyte of logs must not become memory of TensorBoard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from tensorboard_plugin_convlens.core.ablation import Ablation
from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.flags import Thresholds
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Capture,
    Form,
    InputImages,
    LayerCapture,
    Method,
    ModelGraph,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.server import to_wire, wire
from tensorboard_plugin_convlens.server.timeline import NetworkRow, Row, network_row
from tensorboard_plugin_convlens.storage.source import Source

_MANIFESTS_KEPT = 8
_GRAPHS_KEPT = 4
_INPUTS_KEPT = 4
_SUMMARIES_KEPT = 20_000
_NETWORK_ROWS_KEPT = 500  # About 40 bytes per layer each.
AnyRow = TypeVar("AnyRow", Row, NetworkRow)


@dataclass(frozen=True, slots=True)
class StepOf:
    """A capture of a run."""

    run: str
    key: StepKey


@dataclass(frozen=True, slots=True)
class TileOf:
    """One filter by one method, for one input image, at one step.

    `form` and `stage` are what is wanted, where the method was captured in several.
    """

    step: StepOf
    layer: int
    channel: int
    input: int
    method: Method
    form: Form
    stage: ActivationStage


class Captures:
    """Looks up captures by run, step, layer and input image.

    Every method raises `NotCapturedError` with a sentence for what is not there, and
    `FormatError` for what is damaged.
    """

    def __init__(self, list_sources: Callable[[], Mapping[str, Source]]) -> None:
        """Takes a function that lists the runs of the moment with their sources."""
        self._list_sources = list_sources
        self._sources: Mapping[str, Source] = {}
        self.capture = lru_cache(_MANIFESTS_KEPT)(self._capture)
        self.graph = lru_cache(_GRAPHS_KEPT)(self._graph)
        self.inputs = lru_cache(_INPUTS_KEPT)(self._inputs)
        self._network_row = lru_cache(_NETWORK_ROWS_KEPT)(self._read_network_row)
        self._summary = lru_cache(_SUMMARIES_KEPT)(self._read_summary)

    def runs(self) -> list[wire.Run]:
        """All runs, sorted, each with its steps and with what is wrong with it."""
        self._sources = self._list_sources()
        return [self._list_run(run) for run in sorted(self._sources)]

    def layer(self, step: StepOf, layer: int) -> LayerCapture:
        """What was captured of a layer, by its index in the model graph."""
        for record in self.capture(step).layers:
            if record.layer == layer:
                return record
        raise NotCapturedError(f"Layer {layer} was not captured at step {step.key.step}.")

    def check_input(self, step: StepOf, index: int) -> None:
        """Raises `NotCapturedError` unless the capture has an input image `index`."""
        count = len(self.inputs(step.run, self.capture(step).inputs).inputs)
        if index >= count:
            raise NotCapturedError(
                f"There is no input image {index} at step {step.key.step}; "
                f"there are {count}, counted from 0."
            )

    def sheet(self, step: StepOf, sha256: str) -> Sheet:
        """A sheet of a capture, by the hash of its stored bytes."""
        for layer in self.capture(step).layers:
            for sheet in layer.sheets:
                if sheet.sha256 == sha256:
                    return sheet
        raise NotCapturedError(f"Step {step.key.step} has no sheet {sha256[:12]}….")

    def stored(self, step: StepOf, sheet: Sheet) -> bytes:
        """The stored bytes of a sheet."""
        return self._source(step.run).stored(sheet)

    def tile_sheet(self, tile: TileOf) -> Sheet | None:
        """The sheet that holds a tile, or None where it was not captured."""
        sheets = [
            sheet
            for layer in self.capture(tile.step).layers
            if layer.layer == tile.layer
            for sheet in layer.sheets
            if sheet.method == tile.method
            if sheet.input in (tile.input, -1) and tile.channel < sheet.channels
        ]
        # The first of the best: of sheets that say no stage, the layer's own output is first.
        return max(
            sheets,
            key=lambda one: (one.form == tile.form, one.stage == tile.stage),
            default=None,
        )

    def tile(self, tile: TileOf, sheet: Sheet) -> bytes:
        """The levels of a tile, from the sheet that holds it."""
        return self._source(tile.step.run).tile(sheet, tile.channel)

    def all_of(self, run: str) -> Iterator[tuple[StepOf, Capture]]:
        """Every capture of a run, by ascending step.

        Damaged ones are left out: `runs` says which they are.
        """
        for key in self._source(run).steps():
            step = StepOf(run, key)
            try:
                yield step, self.capture(step)
            except ConvLensError:
                continue

    def rows(self, run: str, graph: str, layer: int) -> Iterator[Row]:
        """The statistics of a layer at every step of a model graph, ascending.

        Damaged steps are left out: `runs` says which they are. That there is no step is told
        at the end.
        """
        source = self._source(run)
        rows = self._each_step(run, lambda one: Row(one.key, source.numbers(one.key, (layer,))))
        return _of_graph(run, graph, ((row.capture.graph, row) for row in rows))

    def network_rows(
        self, run: str, graph: str, thresholds: Thresholds
    ) -> Iterator[NetworkRow]:
        """What a table of all layers tells of every step of a model graph. As `rows`."""
        rows = self._each_step(run, lambda one: self._network_row(one, thresholds))
        return _of_graph(run, graph, ((row.graph, row) for row in rows))

    def _each_step(self, run: str, read: Callable[[StepOf], AnyRow]) -> Iterator[AnyRow]:
        for key in self._source(run).steps():
            try:
                yield read(StepOf(run, key))
            except ConvLensError:
                continue

    def ablations(self, run: str) -> tuple[Ablation, ...]:
        """Tests of verdicts of a run, the latest first."""
        return self._source(run).ablations()

    def _source(self, run: str) -> Source:
        if run not in self._sources:
            self._sources = self._list_sources()
        if run not in self._sources:
            raise NotCapturedError(f"There is no run {run[:200]!r} with ConvLens captures.")
        return self._sources[run]

    def _capture(self, step: StepOf) -> Capture:
        return self._source(step.run).capture(step.key)

    def _graph(self, run: str, fingerprint: str) -> ModelGraph:
        return self._source(run).graph(fingerprint)

    def _inputs(self, run: str, fingerprint: str) -> InputImages:
        return self._source(run).inputs(fingerprint)

    def _read_network_row(self, step: StepOf, thresholds: Thresholds) -> NetworkRow:
        every = self._source(step.run).numbers(step.key, range(sys.maxsize))
        return network_row(Row(step.key, every), thresholds)

    def _read_summary(self, step: StepOf) -> wire.StepSummary:
        return to_wire.step_summary(step.key, self._source(step.run).numbers(step.key, ()))

    def _list_run(self, run: str) -> wire.Run:
        source = self._sources[run]
        steps, problems = [], list(source.problems())
        for key in source.steps():
            try:
                steps.append(self._summary(StepOf(run, key)))
            except ConvLensError as error:
                problems.append(f"Step {key.step} is left out: {error}")
        return {"run": run, "steps": steps, "problems": problems}


def _of_graph(run: str, graph: str, rows: Iterable[tuple[str, AnyRow]]) -> Iterator[AnyRow]:
    """Those of `(fingerprint, row)` that are of a model graph; none at all is an error."""
    is_empty = True
    for fingerprint, row in rows:
        if fingerprint == graph:
            is_empty = False
            yield row
    if is_empty:
        raise NotCapturedError(f"Run {run[:200]!r} has no steps of such a model graph.")
