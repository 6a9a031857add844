"""`Capture` records to protobuf messages, the manifests, and back.

What comes back from a file is checked: list lengths, ranges, names. A message that does
not hold together is a `FormatError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from google.protobuf.message import DecodeError

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import (
    Asked,
    Capture,
    Guidance,
    LayerCapture,
    Prediction,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.manifest_index import read_varint
from tensorboard_plugin_convlens.storage.names import FORMAT_VERSION, is_session
from tensorboard_plugin_convlens.storage.sealed import checked_fingerprint
from tensorboard_plugin_convlens.storage.sheet_message import (
    STAGE_NAMES,
    STAGES,
    method_from_message,
    method_to_message,
    sheet_from_message,
    sheet_to_message,
    target_from_message,
    target_to_message,
)


def capture_to_message(capture: Capture) -> pb.Manifest:
    """A capture as it is stored: the manifest."""
    packs = tuple(
        dict.fromkeys(sheet.pack for layer in capture.layers for sheet in layer.sheets)
    )
    return pb.Manifest(
        format_version=FORMAT_VERSION,
        step=capture.step,
        wall_time=capture.wall_time,
        session=capture.session,
        graph_fingerprint=capture.graph,
        inputs_fingerprint=capture.inputs,
        layers=[_layer_capture_to_message(layer, packs) for layer in capture.layers],
        predictions=[
            pb.Prediction(input=index, output=one.output, probabilities=one.probabilities)
            for index, predictions in enumerate(capture.predictions)
            for one in predictions
        ],
        skipped=[pb.Skipped(what=one.what, reason=one.reason) for one in capture.skipped],
        iterations=capture.iterations,
        seconds=capture.seconds,
        packs=packs,
        model_sha256=bytes.fromhex(capture.model),
        arrays_sha256=bytes.fromhex(capture.arrays),
        asked=None if capture.asked is None else _asked_to_message(capture.asked),
        after=capture.after,
        remark=capture.remark,
    )


def capture_from_message(message: pb.Manifest) -> Capture:
    """The inverse of `capture_to_message`.

    Raises:
      FormatError: A list has not one entry per channel, or a name or place is impossible.
    """
    packs = tuple(message.packs)
    return Capture(
        step=message.step,
        wall_time=message.wall_time,
        session=message.session,
        graph=checked_fingerprint(message.graph_fingerprint),
        inputs=checked_fingerprint(message.inputs_fingerprint),
        layers=tuple(_layer_capture_from_message(layer, packs) for layer in message.layers),
        predictions=_predictions_by_input(message.predictions),
        skipped=tuple(Skipped(one.what, one.reason) for one in message.skipped),
        iterations=message.iterations if message.HasField("iterations") else None,
        seconds=message.seconds,
        model=_checked_sha256(message.model_sha256),
        arrays=_checked_sha256(message.arrays_sha256),
        asked=_asked_from_message(message.asked) if message.HasField("asked") else None,
        after=_checked_after(message.after),
        remark=message.remark,
    )


def statistic_to_message(statistic: Statistic) -> pb.Statistic:
    """One statistic as it is stored."""
    return pb.Statistic(
        name=statistic.name,
        input=statistic.input,
        values=statistic.values.tolist(),
        stage=STAGES[statistic.stage],
    )


def statistic_from_message(message: pb.Statistic) -> Statistic:
    """The inverse of `statistic_to_message`."""
    values = np.asarray(message.values, np.float32)
    return Statistic(message.name, message.input, values, STAGE_NAMES.get(message.stage, ""))


def _layer_capture_to_message(layer: LayerCapture, packs: tuple[str, ...]) -> pb.LayerCapture:
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


def _layer_capture_from_message(
    message: pb.LayerCapture, packs: tuple[str, ...]
) -> LayerCapture:
    guidance = message.guidance
    return LayerCapture(
        layer=message.layer,
        sheets=tuple(sheet_from_message(sheet, packs) for sheet in message.sheets),
        statistics=tuple(statistic_from_message(one) for one in message.statistics),
        guidance=Guidance(guidance.guided, guidance.rectifiers, tuple(guidance.ungated))
        if message.HasField("guidance")
        else None,
        weights=_checked_sha256(message.weights_sha256),
        lineage=_checked_sha256(message.lineage_sha256),
        weights_unchanged_since=_step_or_none(message, "weights_unchanged_since"),
        unchanged_since=_step_or_none(message, "unchanged_since"),
    )


def outline_from_message(message: pb.ManifestOutline) -> Capture:
    """A capture without its layers. Raises `FormatError` where a fingerprint is none."""
    return Capture(
        step=message.step,
        wall_time=message.wall_time,
        session=message.session,
        graph=checked_fingerprint(message.graph_fingerprint),
        inputs=checked_fingerprint(message.inputs_fingerprint),
        layers=(),
        after=_checked_after(message.after),
    )


def numbers_from_layers(layers: Iterable[bytes]) -> tuple[LayerCapture, ...]:
    """The statistics of layers, of which each is the bytes of a LayerCapture.

    Raises:
      FormatError: One is damaged.
    """
    try:
        return tuple(_numbers_from_message(pb.LayerNumbers.FromString(one)) for one in layers)
    except DecodeError as error:
        raise FormatError(f"The manifest is damaged: {error}.") from error


def index_of_layer(content: bytes) -> int:
    """The layer's index in the model graph, from the bytes of a LayerCapture.

    Writers put it first, as tag 8 and a varint; anything else is parsed.
    """
    if content[:1] == b"\x08":
        return read_varint(content, 1)[0]
    try:
        return pb.LayerNumbers.FromString(content).layer
    except DecodeError as error:
        raise FormatError(f"The manifest is damaged: {error}.") from error


def _numbers_from_message(message: pb.LayerNumbers) -> LayerCapture:
    return LayerCapture(
        layer=message.layer,
        sheets=(),
        statistics=tuple(_statistic_from_raw(one) for one in message.statistics),
        weights_unchanged_since=_step_or_none(message, "weights_unchanged_since"),
        unchanged_since=_step_or_none(message, "unchanged_since"),
    )


def _statistic_from_raw(message: pb.RawStatistic) -> Statistic:
    """As `statistic_from_message`, without a Python number for each value."""
    if len(message.values) % 4:
        raise FormatError(f"The statistic {message.name[:80]!r} is damaged: it is cut short.")
    values = np.frombuffer(message.values, "<f4").astype(np.float32, copy=False)
    return Statistic(message.name, message.input, values, STAGE_NAMES.get(message.stage, ""))


def _step_or_none(
    message: pb.LayerCapture | pb.LayerNumbers,
    name: Literal["weights_unchanged_since", "unchanged_since"],
) -> int | None:
    return getattr(message, name) if message.HasField(name) else None


def _asked_to_message(asked: Asked) -> pb.Asked:
    return pb.Asked(
        methods=[method_to_message(method) for method in asked.methods],
        target=target_to_message(asked.target),
        layers=asked.layers or (),
    )


def _asked_from_message(message: pb.Asked) -> Asked:
    return Asked(
        methods=tuple(method_from_message(method) for method in message.methods),
        target=target_from_message(message.target) or "max",
        layers=tuple(message.layers) or None,
    )


def _checked_after(session: str) -> str:
    if session and not is_session(session):
        raise FormatError(f"A session is damaged: expected its name, got {session[:80]!r}.")
    return session


def _checked_sha256(digest: bytes) -> str:
    if len(digest) not in (0, 32):
        raise FormatError(f"A SHA-256 is damaged: it has {len(digest)} bytes, expected 32.")
    return digest.hex()


def _predictions_by_input(
    messages: Iterable[pb.Prediction],
) -> tuple[tuple[Prediction, ...], ...]:
    by_input: dict[int, list[Prediction]] = {}
    for one in messages:
        probabilities = np.asarray(one.probabilities, np.float32)
        by_input.setdefault(one.input, []).append(Prediction(one.output, probabilities))
    count = max(by_input, default=-1) + 1
    if count > len(by_input) + 10_000:
        raise FormatError(
            f"The manifest is damaged: it has a prediction for input {count - 1}."
        )
    return tuple(tuple(by_input.get(index, ())) for index in range(count))
