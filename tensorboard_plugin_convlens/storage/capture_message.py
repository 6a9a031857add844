"""`Capture` records to protobuf messages, the manifests, and back.

What comes back from a file is checked: list lengths, ranges, names. A message that does
not hold together is a `FormatError`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import (
    Capture,
    Guidance,
    LayerCapture,
    Prediction,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.names import FORMAT_VERSION
from tensorboard_plugin_convlens.storage.sealed import checked_fingerprint
from tensorboard_plugin_convlens.storage.sheet_message import (
    sheet_from_message,
    sheet_to_message,
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
    )


def statistic_to_message(statistic: Statistic) -> pb.Statistic:
    """One statistic as it is stored."""
    return pb.Statistic(
        name=statistic.name, input=statistic.input, values=statistic.values.tolist()
    )


def statistic_from_message(message: pb.Statistic) -> Statistic:
    """The inverse of `statistic_to_message`."""
    return Statistic(message.name, message.input, np.asarray(message.values, np.float32))


def _layer_capture_to_message(layer: LayerCapture, packs: tuple[str, ...]) -> pb.LayerCapture:
    message = pb.LayerCapture(
        layer=layer.layer,
        sheets=[sheet_to_message(sheet, packs.index(sheet.pack)) for sheet in layer.sheets],
        statistics=[statistic_to_message(statistic) for statistic in layer.statistics],
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
    )


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
