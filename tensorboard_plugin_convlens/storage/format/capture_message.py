"""Converts `Capture` records to protobuf messages, the manifests, and back.

Messages from files are checked: list lengths, ranges, names, finite numbers. An inconsistent
message is a `FormatError`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import (
    Asked,
    Capture,
    Prediction,
    Skipped,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.layer_message import (
    layer_from_message,
    layer_to_message,
)
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION, is_session
from tensorboard_plugin_convlens.storage.format.sealed import (
    checked_fingerprint,
    checked_sha256,
    checked_time,
)
from tensorboard_plugin_convlens.storage.format.sheet_message import (
    method_from_message,
    method_to_message,
    target_from_message,
    target_to_message,
)

# Every table over all steps repeats it for each of them.
_LONGEST_SENTENCE = 1_000


def capture_to_message(capture: Capture) -> pb.Manifest:
    """The message of a capture: the manifest."""
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
        layers=[layer_to_message(layer, packs) for layer in capture.layers],
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
        changes_since=capture.changes_since,
        changes_unknown=capture.changes_unknown[:_LONGEST_SENTENCE],
    )


def capture_from_message(message: pb.Manifest) -> Capture:
    """The inverse of `capture_to_message`.

    Raises:
      FormatError: A list does not have one entry per channel, or a name or place is impossible.
    """
    packs = tuple(message.packs)
    return Capture(
        step=message.step,
        wall_time=checked_time(message.wall_time),
        session=message.session,
        graph=checked_fingerprint(message.graph_fingerprint),
        inputs=checked_fingerprint(message.inputs_fingerprint),
        layers=tuple(layer_from_message(layer, packs) for layer in message.layers),
        predictions=_predictions_by_input(message.predictions),
        skipped=tuple(Skipped(one.what, one.reason) for one in message.skipped),
        iterations=message.iterations if message.HasField("iterations") else None,
        seconds=checked_time(message.seconds),
        model=checked_sha256(message.model_sha256),
        arrays=checked_sha256(message.arrays_sha256),
        asked=_asked_from_message(message.asked) if message.HasField("asked") else None,
        after=_checked_after(message.after),
        remark=message.remark,
        changes_since=message.changes_since if message.HasField("changes_since") else None,
        changes_unknown=_checked_sentence(message.changes_unknown),
    )


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


def _checked_sentence(text: str) -> str:
    if len(text) > _LONGEST_SENTENCE:
        raise FormatError(
            f"The manifest is damaged: it has a sentence of {len(text):,} characters, expected "
            f"at most {_LONGEST_SENTENCE:,}."
        )
    return text


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
