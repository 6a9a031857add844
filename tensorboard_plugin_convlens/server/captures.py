"""Looks up the captures of TensorBoard's runs for the routes.

A gigabyte of logs must not become memory of TensorBoard: single layers, where sheets lie, and
the few numbers per layer of a table are kept, each bounded by bytes, and pixels never.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.filters.flags import Thresholds
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Capture,
    Form,
    InputsOutline,
    LayerCapture,
    Method,
    ModelGraph,
    Sheet,
    SheetPlace,
    StepKey,
)
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.server.run_list import RunLists
from tensorboard_plugin_convlens.server.timeline import NetworkRow, network_row
from tensorboard_plugin_convlens.storage.reading.source import Source
from tensorboard_plugin_convlens.storage.reading.stored_sheet import StoredSheet

# In memory; a layer of 2,048 filters at four input images takes 1 MB.
_LAYERS_KEPT = 8 * 2**20
_SHEETS_KEPT = 4 * 2**20
_BYTES_PER_PLACE = 300
_NETWORK_ROWS_KEPT = 8 * 2**20
_GRAPHS_KEPT = 4
_INPUTS_KEPT = 4
AnyRow = TypeVar("AnyRow", Capture, NetworkRow)


@dataclass(frozen=True, slots=True)
class StepOf:
    """A capture of a run."""

    run: str
    key: StepKey


@dataclass(frozen=True, slots=True)
class TileOf:
    """One filter by one method, for one input image, at one step.

    `form` and `stage` are preferences, if the method was captured in several.
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

    Every method raises `NotCapturedError` with a sentence if something does not exist, and
    `FormatError` if it is damaged.
    """

    def __init__(self, list_sources: Callable[[], Mapping[str, Source]]) -> None:
        """Takes a function that lists the current runs with their sources."""
        self._list_sources = list_sources
        self._sources: Mapping[str, Source] = {}
        self._lists = RunLists()
        self._left_out = 0  # Steps, so far: an answer without one is not kept.
        self.graph = lru_cache(_GRAPHS_KEPT)(self._graph)
        self.inputs = lru_cache(_INPUTS_KEPT)(self._inputs)
        self._layers: Kept[tuple[StepOf, int, int], LayerCapture] = Kept(_LAYERS_KEPT)
        self._sheets: Kept[tuple[StepOf, str], SheetPlace] = Kept(_SHEETS_KEPT)
        self._rows: Kept[tuple[StepOf, int, Thresholds], NetworkRow] = Kept(_NETWORK_ROWS_KEPT)

    def runs(self) -> Iterator[wire.Run]:
        """All runs, sorted, each with its steps and its problems."""
        for run, source in sorted(self._sources.items()):
            if _is_utf8(run):
                yield self._lists.of(run, source)
            else:
                yield _unnamed(run)

    def versions(self) -> Hashable | None:
        """A version that changes whenever the answer of `runs` does; None if it is unknown."""
        self._sources = self._list_sources()
        found = tuple((run, source.version()) for run, source in sorted(self._sources.items()))
        if any(version is None for _, version in found):
            return None
        return found, self._lists.left_out

    def version(self, run: str) -> Hashable | None:
        """A version that changes whenever a run may have changed; None if it is unknown."""
        version = self._source(run).version()
        return None if version is None else (version, self._left_out)

    def outline(self, step: StepOf) -> Capture:
        """Step, time, session and fingerprints of a capture."""
        return self._source(step.run).outline(step.key)

    def head(self, step: StepOf) -> Capture:
        """Everything of a capture except its layers."""
        return self._source(step.run).head(step.key)

    def layers(self, step: StepOf) -> Iterable[LayerCapture]:
        """The layers of a capture, one after the other."""
        return self._source(step.run).layers(step.key)

    def layer(self, step: StepOf, layer: int) -> LayerCapture:
        """What was captured of a layer, by its index in the model graph."""
        source = self._source(step.run)
        version = source.step_version(step.key)
        found = self._layers.find((step, version, layer))
        if found is None:
            found = next(iter(source.layers(step.key, (layer,))), None)
            if found is None:
                raise NotCapturedError(
                    f"Layer {layer} was not captured at step {step.key.step}."
                )
            self._layers.keep((step, version, layer), found, _size_of(found))
            self._note_sheets(step, found)
        return found

    def weights(self, step: StepOf, layer: int) -> str:
        """SHA-256 of the weights of a layer, or "" if it was not captured."""
        try:
            return self.layer(step, layer).weights
        except NotCapturedError:
            return ""

    def layer_key(self, step: StepOf, layer: int) -> str:
        """The key of a captured layer in its model graph."""
        return self.graph(step.run, self.outline(step).graph).layer(layer).key

    def check_input(self, step: StepOf, index: int) -> None:
        """Raises `NotCapturedError` unless the capture has an input image `index`."""
        count = len(self.inputs(step.run, self.outline(step).inputs).inputs)
        if index >= count:
            raise NotCapturedError(
                f"There is no input image {index} at step {step.key.step}; "
                f"there are {count}, counted from 0."
            )

    def stored(self, step: StepOf, sha256: str) -> StoredSheet:
        """A sheet of a capture as it is stored, by the hash of its stored bytes."""
        source = self._source(step.run)
        known = self._sheets.find((step, sha256))
        if known is not None:
            try:
                return source.stored(known)
            except ConvLensError:
                # If the step was written again, the sheet may be elsewhere by now.
                self._sheets.forget((step, sha256))
        return source.stored(self._find_sheet(source, step, sha256))

    def _find_sheet(self, source: Source, step: StepOf, sha256: str) -> SheetPlace:
        """Searches the layers of a step, because a browser may have kept the hash."""
        for layer in source.layers(step.key):
            if any(sheet.sha256 == sha256 for sheet in layer.sheets):
                self._note_sheets(step, layer)
                return next(one.place for one in layer.sheets if one.sha256 == sha256)
        raise NotCapturedError(f"Step {step.key.step} has no sheet {sha256[:12]}….")

    def _note_sheets(self, step: StepOf, layer: LayerCapture) -> None:
        for sheet in layer.sheets:
            self._sheets.keep((step, sheet.sha256), sheet.place, _BYTES_PER_PLACE)

    def picture(self, run: str, fingerprint: str, index: int, source: int) -> bytes:
        """An input picture, as PNG."""
        return self._source(run).picture(fingerprint, index, source)

    def tile_sheet(self, tile: TileOf) -> Sheet | None:
        """The sheet that contains a tile, or None if it was not captured."""
        try:
            every = self.layer(tile.step, tile.layer).sheets
        except NotCapturedError:
            self.outline(tile.step)  # Raises where there is no such step at all.
            return None
        sheets = [
            sheet
            for sheet in every
            if sheet.method == tile.method
            if sheet.input in (tile.input, None) and tile.channel < sheet.channels
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

    def numbers(self, run: str, layer: int) -> Iterator[Capture]:
        """The statistics of a layer at every step, ascending.

        Damaged steps are left out: `runs` says which they are.
        """
        source = self._source(run)
        return self._each_step(run, lambda one: source.numbers(one.key, (layer,)))

    def rows(self, run: str, graph: str, layer: int) -> Iterator[Capture]:
        """Yields `numbers` of one model graph. Raises at the end if there is no step."""
        rows = self.numbers(run, layer)
        return _of_graph(run, graph, ((row.graph, row) for row in rows))

    def heads(self, run: str) -> Iterator[Capture]:
        """Every step of a run without its layers, ascending; damaged ones are left out."""
        source = self._source(run)
        return self._each_step(run, lambda one: source.head(one.key))

    def network_rows(
        self, run: str, graph: str, thresholds: Thresholds
    ) -> Iterator[NetworkRow]:
        """The rows of a table of all layers, for every step of a model graph. As `rows`."""
        rows = self._each_step(run, lambda one: self._network_row(one, thresholds))
        return _of_graph(run, graph, ((row.outline.graph, row) for row in rows))

    def _each_step(self, run: str, read: Callable[[StepOf], AnyRow]) -> Iterator[AnyRow]:
        for key in self._source(run).steps():
            try:
                yield read(StepOf(run, key))
            except ConvLensError:
                self._left_out += 1

    def ablations(self, run: str) -> tuple[Ablation, ...]:
        """Tests of verdicts of a run, the latest first."""
        return self._source(run).ablations()

    def _source(self, run: str) -> Source:
        if run not in self._sources:
            self._sources = self._list_sources()
        if run not in self._sources:
            raise NotCapturedError(f"There is no run {run[:200]!r} with ConvLens captures.")
        return self._sources[run]

    def _graph(self, run: str, fingerprint: str) -> ModelGraph:
        return self._source(run).graph(fingerprint)

    def _inputs(self, run: str, fingerprint: str) -> InputsOutline:
        return self._source(run).inputs_outline(fingerprint)

    def _network_row(self, step: StepOf, thresholds: Thresholds) -> NetworkRow:
        source = self._source(step.run)
        place = step, source.step_version(step.key), thresholds
        found = self._rows.find(place)
        if found is None:
            found = network_row(source.numbers(step.key, None), thresholds)
            self._rows.keep(place, found, found.size)
        return found


def _of_graph(run: str, graph: str, rows: Iterable[tuple[str, AnyRow]]) -> Iterator[AnyRow]:
    """The rows of `(fingerprint, row)` of one model graph; having none is an error."""
    is_empty = True
    for fingerprint, row in rows:
        if fingerprint == graph:
            is_empty = False
            yield row
    if is_empty:
        raise NotCapturedError(f"Run {run[:200]!r} has no steps with this model graph.")


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _unnamed(run: str) -> wire.Run:
    """A run whose name cannot be sent to a browser or requested by one."""
    name = run.encode(errors="replace").decode()
    problem = (
        f"The name of the run {name!r} is not valid UTF-8, so its captures cannot be shown. "
        "Rename its directory."
    )
    return {"run": name, "steps": [], "problems": [problem]}


def _size_of(layer: LayerCapture) -> int:
    """The approximate memory of a layer, in bytes."""
    statistics = sum(200 + one.values.nbytes for one in layer.statistics)
    # Per channel three arrays of four bytes, and up to five tuples of whole numbers.
    sheets = sum(
        1000 + (12 if sheet.placement is None else 162) * sheet.channels
        for sheet in layer.sheets
    )
    return statistics + sheets
