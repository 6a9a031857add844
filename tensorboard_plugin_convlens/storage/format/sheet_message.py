"""Converts `Sheet` records to protobuf messages and back."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from itertools import pairwise

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Form,
    IntArray,
    Method,
    Placement,
    Sheet,
    Target,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.names import is_pack_name

_METHODS: dict[Method, pb.Method] = {
    "activation": pb.ACTIVATION,
    "guided": pb.GUIDED,
    "gradient": pb.GRADIENT,
    "kernel": pb.KERNEL,
}
_METHOD_NAMES = {value: name for name, value in _METHODS.items()}
_FORMS: dict[Form, pb.Form] = {"values": pb.VALUES, "magnitude": pb.MAGNITUDE}
_FORM_NAMES = {value: name for name, value in _FORMS.items()}
_TARGETS: dict[Target | None, pb.Target] = {
    None: pb.TARGET_UNSPECIFIED,
    "max": pb.MAX,
    "sum": pb.SUM,
}
_TARGET_NAMES = {value: name for name, value in _TARGETS.items()}
STAGES: dict[ActivationStage | None, pb.ActivationStage] = {
    None: pb.ACTIVATION_STAGE_UNSPECIFIED,
    "before": pb.BEFORE,
    "after": pb.AFTER,
    "none": pb.NONE,
}
STAGE_NAMES = {value: name for name, value in STAGES.items()}
_NO_INPUT = -1
# The most bytes of an inflated sheet: 4096 filters of 512 by 512 are 1 GiB.
LARGEST_SHEET = 2**31


def method_to_message(method: Method) -> pb.Method:
    """The stored value of a method."""
    return _METHODS[method]


def method_from_message(value: pb.Method) -> Method:
    """The inverse of `method_to_message`. Raises `FormatError` for an unknown one."""
    if value not in _METHOD_NAMES:
        raise FormatError(f"A sheet is of method {value}, which this release does not know.")
    return _METHOD_NAMES[value]


def target_to_message(target: Target) -> pb.Target:
    """The stored value of a target."""
    return _TARGETS[target]


def target_from_message(value: pb.Target) -> Target | None:
    """The inverse of `target_to_message`; None for an unknown one."""
    return _TARGET_NAMES.get(value)


def input_to_message(index: int | None) -> int:
    """The stored index of an input image; -1 if there is none."""
    return _NO_INPUT if index is None else index


def input_from_message(value: int) -> int | None:
    """The inverse of `input_to_message`."""
    return None if value == _NO_INPUT else value


def sheet_to_message(sheet: Sheet, pack: int) -> pb.Sheet:
    """The message of a sheet; `pack` is the index of its pack in the manifest."""
    message = pb.Sheet(
        method=_METHODS[sheet.method],
        form=_FORMS[sheet.form],
        input=input_to_message(sheet.input),
        channels=sheet.channels,
        planes=sheet.planes,
        height=sheet.height,
        width=sheet.width,
        signed=sheet.signed,
        scale=sheet.scale.tolist(),
        nan=sheet.nan.tolist() if sheet.nan.any() else (),
        infinite=sheet.infinite.tolist() if sheet.infinite.any() else (),
        sha256=bytes.fromhex(sheet.sha256),
        pack=pack,
        offset=sheet.offset,
        length=sheet.length,
        channels_per_segment=sheet.channels_per_segment,
        segments=sheet.segments,
        segment_crc32=sheet.checksums or (),
        target=_TARGETS[sheet.target],
        stage=STAGES[sheet.stage],
    )
    place = sheet.placement
    if place is not None:
        message.cropped = place.cropped
        message.placement.CopyFrom(
            pb.Placement(
                height=place.frame[0],
                width=place.frame[1],
                source=place.source,
                top=place.top,
                left=place.left,
                unit_row=place.unit_row,
                unit_column=place.unit_column,
            )
        )
    return message


def sheet_from_message(message: pb.Sheet, packs: tuple[str, ...]) -> Sheet:
    """The inverse of `sheet_to_message`; `packs` are those of the manifest.

    Raises:
      FormatError: A list does not have one entry per channel, a size is impossible, or the
        pack is not one of `packs` or has a name that ConvLens does not give.
    """
    _check_sheet(message, packs)
    return Sheet(
        method=method_from_message(message.method),
        form=_FORM_NAMES.get(message.form, "values"),
        input=input_from_message(message.input),
        channels=message.channels,
        planes=message.planes,
        height=message.height,
        width=message.width,
        signed=message.signed,
        scale=np.asarray(message.scale, np.float32),
        nan=_counts(message.nan, message.channels),
        infinite=_counts(message.infinite, message.channels),
        sha256=message.sha256.hex(),
        pack=packs[message.pack],
        offset=message.offset,
        length=message.length,
        channels_per_segment=message.channels_per_segment,
        segments=tuple(message.segments),
        checksums=tuple(message.segment_crc32) or None,
        placement=_placement_from_message(message),
        target=target_from_message(message.target),
        stage=STAGE_NAMES.get(message.stage),
    )


def _placement_from_message(message: pb.Sheet) -> Placement | None:
    if not message.HasField("placement"):
        return None
    place = message.placement
    return Placement(
        source=place.source,
        # Captures made before there was the field leave it to the places.
        cropped=message.cropped or any(place.top) or any(place.left),
        frame=(place.height, place.width),
        top=tuple(place.top),
        left=tuple(place.left),
        unit_row=tuple(place.unit_row),
        unit_column=tuple(place.unit_column),
    )


def _check_sheet(message: pb.Sheet, packs: tuple[str, ...]) -> None:
    """Raises `FormatError` if the fields of a sheet are inconsistent."""
    channels, place = message.channels, message.placement
    lists: dict[str, Sized] = {"scale": message.scale}
    if message.HasField("placement"):
        lists |= {"top": place.top, "left": place.left}
        lists |= {"unit_row": place.unit_row, "unit_column": place.unit_column}
    for name, values in lists.items():
        if len(values) != channels:
            raise FormatError(
                f"A sheet is damaged: expected {channels} entries in {name}, got {len(values)}."
            )
    for counts in (message.nan, message.infinite):
        if len(counts) not in (0, channels):
            raise FormatError(
                f"A sheet is damaged: {len(counts)} counts for {channels} channels."
            )
    if channels * message.planes * message.height * message.width > LARGEST_SHEET:
        raise FormatError(f"A sheet claims more than {LARGEST_SHEET} bytes of levels.")
    _check_segments(message)
    if message.pack >= len(packs) or not (
        is_pack_name(packs[message.pack]) or packs[message.pack] == ""
    ):
        raise FormatError("A sheet is damaged: its pack has no valid name.")
    if len(message.sha256) != 32:
        raise FormatError("A sheet is damaged: its SHA-256 does not have 32 bytes.")


def _check_segments(message: pb.Sheet) -> None:
    """Raises `FormatError` if segments cannot be those of the sheet."""
    per_segment, segments = message.channels_per_segment, message.segments
    if per_segment < 1 or len(segments) != -(-message.channels // per_segment):
        raise FormatError("A sheet is damaged: its segments do not cover its channels.")
    if len(message.segment_crc32) not in (0, len(segments)):
        raise FormatError(
            f"A sheet is damaged: {len(message.segment_crc32)} checksums for "
            f"{len(segments)} segments."
        )
    if any(later < earlier for earlier, later in pairwise((*segments, message.length))):
        raise FormatError("A sheet is damaged: its segments do not follow each other.")
    levels = message.channels * message.planes * message.height * message.width
    if message.length > levels + levels // 64 + 64 * len(segments) + 1024:
        # Deflate adds 5 bytes to 16,383 that it cannot compress, and some to each segment.
        raise FormatError(
            f"A sheet is damaged: it claims {message.length} stored bytes for {levels} levels."
        )


def _counts(values: Iterable[int], channels: int) -> IntArray:
    counts = np.fromiter(values, np.int64).clip(0, 2**31 - 1).astype(np.int32)
    return counts if counts.size else np.zeros(channels, np.int32)
