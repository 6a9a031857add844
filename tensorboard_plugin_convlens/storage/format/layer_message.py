"""Converts `LayerCapture` records to protobuf messages and back: one layer of a manifest.

All records of layers from files are made here, and checked for consistency, so other code can
rely on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import Guidance, LayerCapture, Statistic
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.bounded_message import parse_bounded
from tensorboard_plugin_convlens.storage.format.sealed import checked_sha256
from tensorboard_plugin_convlens.storage.format.sheet_message import (
    STAGE_NAMES,
    STAGES,
    input_from_message,
    input_to_message,
    sheet_from_message,
    sheet_to_message,
)

_LONGEST_NAME = 200
_FLOAT = np.dtype("<f4")


def layer_to_message(layer: LayerCapture, packs: tuple[str, ...]) -> pb.LayerCapture:
    """The message of a layer; `packs` are those of the manifest."""
    message = pb.LayerCapture(
        layer=layer.layer,
        sheets=[sheet_to_message(sheet, packs.index(sheet.pack)) for sheet in layer.sheets],
        statistics=[statistic_to_message(statistic) for statistic in layer.statistics],
        weights_sha256=bytes.fromhex(layer.weights),
        lineage_sha256=bytes.fromhex(layer.lineage),
        weights_unchanged_since=layer.weights_unchanged_since,
        unchanged_since=layer.unchanged_since,
    )
    if layer.guidance is not None:
        message.guidance.guided = layer.guidance.guided
        message.guidance.rectifiers = layer.guidance.rectifiers
        message.guidance.ungated.extend(layer.guidance.ungated)
    return message


def layer_from_message(message: pb.LayerCapture, packs: tuple[str, ...]) -> LayerCapture:
    """The inverse of `layer_to_message`.

    Raises:
      FormatError: A list does not have one entry per channel, or a name or place is impossible.
    """
    guidance = message.guidance
    statistics = (statistic_from_message(one) for one in message.statistics)
    return LayerCapture(
        layer=message.layer,
        sheets=tuple(sheet_from_message(sheet, packs) for sheet in message.sheets),
        statistics=checked_statistics(message.layer, statistics),
        guidance=Guidance(guidance.guided, guidance.rectifiers, tuple(guidance.ungated))
        if message.HasField("guidance")
        else None,
        weights=checked_sha256(message.weights_sha256),
        lineage=checked_sha256(message.lineage_sha256),
        weights_unchanged_since=_step_or_none(message, "weights_unchanged_since"),
        unchanged_since=_step_or_none(message, "unchanged_since"),
    )


def layer_from_bytes(layer: int, content: bytes, packs: tuple[str, ...]) -> LayerCapture:
    """A layer of a manifest, from its bytes. Raises as `layer_from_message`.

    Args:
      layer: Its index in the model graph, as it was read before.
      content: The bytes of a LayerCapture.
      packs: Those of the manifest.
    """
    message = parse_bounded(content, pb.LayerCapture(), f"layer {layer} of the manifest")
    _check_index(layer, message.layer)
    return layer_from_message(message, packs)


def numbers_from_bytes(layer: int, content: bytes) -> LayerCapture:
    """The statistics of a layer of a manifest, without its sheets; see `layer_from_bytes`."""
    message = parse_bounded(content, pb.LayerNumbers(), f"layer {layer} of the manifest")
    _check_index(layer, message.layer)
    statistics = (_statistic_from_raw(one) for one in message.statistics)
    return LayerCapture(
        layer=message.layer,
        sheets=(),
        statistics=checked_statistics(layer, statistics),
        weights_unchanged_since=_step_or_none(message, "weights_unchanged_since"),
        unchanged_since=_step_or_none(message, "unchanged_since"),
    )


def statistic_to_message(statistic: Statistic) -> pb.Statistic:
    """The message of a statistic."""
    return pb.Statistic(
        name=statistic.name,
        input=input_to_message(statistic.input),
        values=statistic.values.tolist(),
        stage=STAGES[statistic.stage],
    )


def statistic_from_message(message: pb.Statistic) -> Statistic:
    """The inverse of `statistic_to_message`."""
    values = np.asarray(message.values, np.float32)
    index = input_from_message(message.input)
    return Statistic(message.name, index, values, STAGE_NAMES.get(message.stage))


def checked_statistics(layer: int, statistics: Iterable[Statistic]) -> tuple[Statistic, ...]:
    """The statistics of a layer. Raises `FormatError` unless all have the same filters."""
    found = tuple(statistics)
    for one in found:
        if len(one.values) != len(found[0].values):
            raise FormatError(
                f"The statistics of layer {layer} are damaged: {found[0].name[:80]!r} has "
                f"{len(found[0].values)} values, {one.name[:80]!r} has {len(one.values)}."
            )
        if len(one.name) > _LONGEST_NAME or (one.input or 0) < 0:
            raise FormatError(
                f"The statistics of layer {layer} are damaged: one is called "
                f"{one.name[:80]!r}, for input image {one.input}."
            )
    return found


def _statistic_from_raw(message: pb.RawStatistic) -> Statistic:
    """Reads what `statistic_from_message` does, without a Python number for each value."""
    if len(message.values) % 4:
        raise FormatError(f"The statistic {message.name[:80]!r} is damaged: it is cut short.")
    values = np.frombuffer(message.values, _FLOAT)
    index = input_from_message(message.input)
    return Statistic(message.name, index, values, STAGE_NAMES.get(message.stage))


def _check_index(expected: int, found: int) -> None:
    if found != expected:
        raise FormatError(
            f"Layer {expected} of the manifest is damaged: it claims to be layer {found}."
        )


def _step_or_none(
    message: pb.LayerCapture | pb.LayerNumbers,
    name: Literal["weights_unchanged_since", "unchanged_since"],
) -> int | None:
    return getattr(message, name) if message.HasField(name) else None
