"""Reads captures that travel inside event files: `summary.filter_images`.

TensorBoard's data provider hands out blobs, not files. The facts that never change (name,
method, input image) are in the summary metadata, so that listing reads no blob; the
numbers of a sheet are in the first blob of its value, the stored sheet in the second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from google.protobuf.message import DecodeError
from tensorboard import context as tensorboard_context
from tensorboard.data import provider

from tensorboard_plugin_convlens.core.ablation import Ablation
from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError
from tensorboard_plugin_convlens.core.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImage,
    InputImages,
    Layer,
    LayerCapture,
    ModelGraph,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.capture_message import statistic_from_message
from tensorboard_plugin_convlens.storage.inputs_message import input_from_message
from tensorboard_plugin_convlens.storage.names import FORMAT_VERSION, PLUGIN_NAME
from tensorboard_plugin_convlens.storage.sealed import unseal_packed_sheet
from tensorboard_plugin_convlens.storage.sheet_message import sheet_from_message
from tensorboard_plugin_convlens.storage.tile import decode_tile, segment_place

SESSION = "events"
# Two blobs a value; reading one through the data server takes some 45 ms, whatever its size.
_READERS = 8
_BLOBS_KEPT = 4
_ALL_STEPS = 2**31 - 1
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Value:
    """One summary value: a tag at a step."""

    tag: str
    packed: pb.PackedTag
    wall_time: float
    header_key: str
    sheet_key: str


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
        self._blob = lru_cache(_BLOBS_KEPT)(self._read_blob)

    def steps(self) -> tuple[StepKey, ...]:
        """All steps that TensorBoard kept, ascending."""
        return tuple(StepKey(step, SESSION) for step in sorted(self._values()))

    def capture(self, key: StepKey) -> Capture:
        """The sheets of a step, as one capture."""
        values = self._values().get(key.step)
        if key.session != SESSION or not values:
            raise NotCapturedError(f"Run {self._run!r} has no step {key.step}.")
        headers = _in_parallel(self._header, values)
        layers = self._layer_names()
        records: dict[int, LayerCapture] = {}
        for value, header in zip(values, headers, strict=True):
            index = layers.index(value.packed.name)
            before = records.get(index, LayerCapture(index, ()))
            sheet = replace(sheet_from_message(header.sheet, ("",)), pack=value.sheet_key)
            statistics = tuple(statistic_from_message(one) for one in header.statistics)
            records[index] = LayerCapture(
                index, (*before.sheets, sheet), (*before.statistics, *statistics)
            )
        return Capture(
            step=key.step,
            wall_time=max(value.wall_time for value in values),
            session=SESSION,
            graph=self._graph_fingerprint(),
            inputs=_combine(headers).fingerprint,
            layers=tuple(records[index] for index in sorted(records)),
        )

    def numbers(self, key: StepKey, layers: Container[int]) -> Capture:
        """The statistics of some layers of a step; no stored sheet is read for them."""
        capture = self.capture(key)
        wanted = (layer for layer in capture.layers if layer.layer in layers)
        return replace(capture, layers=tuple(replace(layer, sheets=()) for layer in wanted))

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

    def inputs(self, fingerprint: str) -> InputImages:
        """The input images that were logged with the sheets."""
        for values in self._values().values():
            images = _combine(_in_parallel(self._header, values))
            if images.fingerprint == fingerprint:
                return images
        raise NotCapturedError(f"Run {self._run!r} has no such input images.")

    def ablations(self) -> tuple[Ablation, ...]:
        """None: event files hold no tests of verdicts."""
        return ()

    def stored(self, sheet: Sheet) -> bytes:
        """The stored bytes of a sheet."""
        stored = self._blob(sheet.pack)
        if hashlib.sha256(stored).hexdigest() != sheet.sha256:
            raise FormatError("A sheet in an event file is damaged: its SHA-256 is wrong.")
        return stored

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel."""
        stored = self._blob(sheet.pack) if sheet.checksums else self.stored(sheet)
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

    def _read_blob(self, key: str) -> bytes:
        context = tensorboard_context.RequestContext()
        blob: bytes = self._provider.read_blob(context, blob_key=key)
        return blob


def _in_parallel(read: Callable[[_Value], _Result], values: list[_Value]) -> list[_Result]:
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(read, values))


def _combine(headers: list[pb.PackedSheet]) -> InputImages:
    """The input images of a step: one per index, the first that was logged."""
    images: dict[int, InputImage] = {}
    for header in headers:
        index = header.sheet.input
        if index not in images and header.HasField("input"):
            images[index] = input_from_message(header.input)
    count = min(max(images, default=-1) + 1, 10_000)
    missing = InputImage("", ())
    return build_input_images([images.get(index, missing) for index in range(count)])
