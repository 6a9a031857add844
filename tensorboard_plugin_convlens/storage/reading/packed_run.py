"""Reads captures inside event files, written by `summary.filter_images`.

TensorBoard's data provider returns blobs, not files. The facts that never change (name,
method, input image) are in the summary metadata, so that listing reads no blob; the
numbers of a sheet are in the first blob of its value, the stored sheet in the second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from google.protobuf.message import DecodeError
from tensorboard import context as tensorboard_context
from tensorboard.data import provider

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputOutline,
    InputsOutline,
    Layer,
    LayerCapture,
    ModelGraph,
    Sheet,
    SheetPlace,
    Statistic,
    StepKey,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.layer_message import (
    checked_statistics,
    statistic_from_message,
)
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION, PLUGIN_NAME
from tensorboard_plugin_convlens.storage.format.png import checked_png
from tensorboard_plugin_convlens.storage.format.sealed import (
    checked_time,
    serialize,
    unseal_packed_sheet,
)
from tensorboard_plugin_convlens.storage.format.sheet_message import sheet_from_message
from tensorboard_plugin_convlens.storage.reading.stored_sheet import StoredSheet, checked_sheet
from tensorboard_plugin_convlens.storage.reading.tile import decode_tile, segment_place

SESSION = "events"
# Two blobs a value; reading one through the data server takes some 45 ms, whatever its size.
_READERS = 8
_BLOBS_KEPT = 8 * 2**20
_ALL_STEPS = 2**31 - 1
_MOST_INPUTS = 10_000
_NO_IMAGE = pb.InputImage()
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Value:
    """One summary value: a tag at a step."""

    tag: str
    packed: pb.PackedTag
    wall_time: float
    header_key: str
    sheet_key: str


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The input images of a step, in stored form and without their pixels."""

    images: tuple[pb.InputImage, ...]
    outline: InputsOutline

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the stored labels and pictures."""
        return self.outline.fingerprint


class PackedRun:
    """The captures of one run of TensorBoard's data provider."""

    def __init__(
        self, data_provider: provider.DataProvider, run: str, contents: Mapping[str, bytes]
    ) -> None:
        """Takes the run's name and the plugin content of each of its blob tags."""
        self._provider = data_provider
        self._run = run
        self._tags: dict[str, pb.PackedTag] = {}
        self._unknown: list[str] = []
        for tag, content in sorted(contents.items()):
            self._add_tag(tag, content)
        self._blobs: Kept[str, bytes] = Kept(_BLOBS_KEPT)

    def steps(self) -> tuple[StepKey, ...]:
        """All steps that TensorBoard kept, ascending."""
        return tuple(StepKey(step, SESSION) for step in sorted(self._values()))

    def version(self) -> None:
        """None: TensorBoard does not tell when a value was added."""

    def step_version(self, key: StepKey) -> int:
        """Always the same: TensorBoard adds and drops steps, but replaces none."""
        return 0

    def outline(self, key: StepKey) -> Capture:
        """Step, time, session and fingerprints of a step."""
        return replace(self._capture(key), layers=())

    head = outline

    def layers(
        self, key: StepKey, layers: Container[int] | None = None
    ) -> Iterator[LayerCapture]:
        """Layers of a step; all if `layers` is None."""
        for layer in self._capture(key).layers:
            if layers is None or layer.layer in layers:
                yield layer

    def numbers(self, key: StepKey, layers: Container[int] | None) -> Capture:
        """The statistics of some layers of a step; no stored sheet is read for them."""
        found = tuple(replace(layer, sheets=()) for layer in self.layers(key, layers))
        return replace(self.outline(key), layers=found)

    def _capture(self, key: StepKey) -> Capture:
        """The sheets of a step, as one capture."""
        values = self._values().get(key.step)
        if key.session != SESSION or not values:
            raise NotCapturedError(f"Run {self._run!r} has no step {key.step}.")
        headers = _in_parallel(self._header, values)
        names = self._layer_names()
        sheets: dict[int, list[Sheet]] = {}
        statistics: dict[int, list[Statistic]] = {}
        for value, header in zip(values, headers, strict=True):
            index = names.index(value.packed.name)
            sheet = replace(sheet_from_message(header.sheet, ("",)), pack=value.sheet_key)
            sheets.setdefault(index, []).append(sheet)
            found = (statistic_from_message(one) for one in header.statistics)
            statistics.setdefault(index, []).extend(found)
        return Capture(
            step=key.step,
            wall_time=max(checked_time(value.wall_time) for value in values),
            session=SESSION,
            graph=self._graph_fingerprint(),
            inputs=_combine(headers).fingerprint,
            layers=tuple(
                LayerCapture(
                    index, tuple(sheets[index]), checked_statistics(index, statistics[index])
                )
                for index in sorted(sheets)
            ),
        )

    def graph(self, fingerprint: str) -> ModelGraph:
        """The logged names, one after the other: a summary knows no model."""
        if fingerprint != self._graph_fingerprint():
            raise NotCapturedError(f"Run {self._run!r} has no such model graph.")
        return ModelGraph(
            name=self._run,
            fingerprint=fingerprint,
            layers=tuple(
                Layer(
                    path=name,
                    call=0,
                    class_name="filter_images",
                    depth=depth,
                    inbound=(depth - 1,) if depth else (),
                    output_shape=(),
                    channels=None,
                    is_convolution=True,
                )
                for depth, name in enumerate(self._layer_names())
            ),
        )

    def inputs_outline(self, fingerprint: str) -> InputsOutline:
        """The input images that were logged with the sheets."""
        return self._inputs(fingerprint).outline

    def picture(self, fingerprint: str, index: int, source: int) -> bytes:
        """The picture of an input image."""
        images = self._inputs(fingerprint).images
        pictures = images[index].pictures if index < len(images) else ()
        if source >= len(pictures):
            raise NotCapturedError(f"There is no picture {source} of an input image {index}.")
        found = pictures[source]
        return checked_png(found.png, found.height, found.width)

    def _inputs(self, fingerprint: str) -> _Inputs:
        for values in self._values().values():
            images = _combine(_in_parallel(self._header, values))
            if images.fingerprint == fingerprint:
                return images
        raise NotCapturedError(f"Run {self._run!r} has no such input images.")

    def ablations(self) -> tuple[Ablation, ...]:
        """None: event files hold no tests of verdicts."""
        return ()

    def stored(self, place: SheetPlace) -> StoredSheet:
        """The stored bytes of a sheet."""
        return checked_sheet(self._blob(place.pack), replace(place, pack=""))

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel."""
        stored = self._blob(sheet.pack)
        if sheet.checksums is None:
            checked_sheet(stored, replace(sheet.place, pack=""))
        start, end = segment_place(sheet, channel)
        return decode_tile(sheet, channel, stored[start:end])

    def problems(self) -> tuple[str, ...]:
        """Tags that this release cannot read."""
        return tuple(self._unknown)

    def _add_tag(self, tag: str, content: bytes) -> None:
        data = pb.PluginData()
        try:
            data.ParseFromString(content)
        except DecodeError:
            data.Clear()
        if data.format_version != FORMAT_VERSION or not data.HasField("packed"):
            self._unknown.append(
                f"The tag {tag!r} has format version {data.format_version}, which this release "
                "cannot read; it is left out."
            )
            return
        self._tags[tag] = data.packed

    def _layer_names(self) -> list[str]:
        return list(dict.fromkeys(packed.name for packed in self._tags.values()))

    def _graph_fingerprint(self) -> str:
        return hashlib.sha256("\0".join(self._layer_names()).encode()).hexdigest()

    def _values(self) -> dict[int, list[_Value]]:
        """Every value by step."""
        found = self._provider.read_blob_sequences(
            tensorboard_context.RequestContext(),
            experiment_id="",
            plugin_name=PLUGIN_NAME,
            downsample=_ALL_STEPS,
            run_tag_filter=provider.RunTagFilter(runs=[self._run], tags=list(self._tags)),
        )
        values: dict[int, list[_Value]] = {}
        for tag, data in sorted(found.get(self._run, {}).items()):
            for datum in data:
                if len(datum.values) == 2:
                    header, sheet = (reference.blob_key for reference in datum.values)
                    value = _Value(tag, self._tags[tag], datum.wall_time, header, sheet)
                    values.setdefault(datum.step, []).append(value)
        return values

    def _header(self, value: _Value) -> pb.PackedSheet:
        blob = self._read_blob(value.header_key)
        return unseal_packed_sheet(blob, f"summary {value.tag!r}")

    def _blob(self, key: str) -> bytes:
        blob = self._blobs.find(key)
        if blob is None:
            blob = self._read_blob(key)
            self._blobs.keep(key, blob, len(blob))
        return blob

    def _read_blob(self, key: str) -> bytes:
        context = tensorboard_context.RequestContext()
        blob: bytes = self._provider.read_blob(context, blob_key=key)
        return blob


def _in_parallel(read: Callable[[_Value], _Result], values: list[_Value]) -> list[_Result]:
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(read, values))


def _combine(headers: list[pb.PackedSheet]) -> _Inputs:
    """The input images of a step: one per index, the first that was logged."""
    found: dict[int, pb.InputImage] = {}
    for header in headers:
        index = header.sheet.input
        if 0 <= index < _MOST_INPUTS and index not in found and header.HasField("input"):
            found[index] = header.input
    images = tuple(found.get(index, _NO_IMAGE) for index in range(max(found, default=-1) + 1))
    content = b"".join(hashlib.sha256(serialize(one)).digest() for one in images)
    outlines = tuple(
        InputOutline(one.label, tuple((each.height, each.width) for each in one.pictures))
        for one in images
    )
    return _Inputs(images, InputsOutline(outlines, (), hashlib.sha256(content).hexdigest()))
