"""Records to protobuf messages and back: the manifest, the model graph, the inputs.

`*_to_message` and `*_from_message` are inverses. What comes back from a file is checked:
list lengths, ranges, names. A message that does not hold together is a `FormatError`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import TypeVar, cast

import numpy as np
from google.protobuf.message import DecodeError, Message
from PIL import Image

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Capture,
    Guidance,
    InputImage,
    InputImages,
    Layer,
    LayerCapture,
    ModelGraph,
    Prediction,
    ReceptiveField,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.names import FORMAT_VERSION, is_fingerprint
from tensorboard_plugin_convlens.storage.sheet_message import sheet_from_message, sheet_to_message

AnyMessage = TypeVar("AnyMessage", pb.Manifest, pb.ModelGraph, pb.InputImages)

_STAGES: dict[ActivationStage, pb.ActivationStage] = {
    "before": pb.BEFORE,
    "after": pb.AFTER,
    "none": pb.NONE,
}
_STAGE_NAMES = {value: name for name, value in _STAGES.items()}
_DIGEST_LENGTH = 32
# A picture is decoded from an untrusted file: 25 million pixels are 75 MB.
_LARGEST_PICTURE = 25_000_000


def seal(message: Message) -> bytes:
    """A top-level message as a file: its bytes, then their SHA-256 (32 bytes).

    Protocol buffers have no checksum and no end: a file cut between two fields would read
    as a smaller, wrong message.
    """
    content = serialize(message)
    return content + hashlib.sha256(content).digest()


def unseal(file: bytes, message: AnyMessage, what: str) -> AnyMessage:
    """The inverse of `seal`, for a message of format 1.

    Raises:
      FormatError: The file is damaged or cut short, or of a later version.
    """
    content, digest = file[:-_DIGEST_LENGTH], file[-_DIGEST_LENGTH:]
    if hashlib.sha256(content).digest() != digest:
        raise FormatError(f"The {what} is damaged: its SHA-256 is not that of its bytes.")
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise FormatError(f"The {what} is damaged: {error}.") from error
    if message.format_version != FORMAT_VERSION:
        raise FormatError(
            f"The {what} has format version {message.format_version}; this release reads "
            f"{FORMAT_VERSION}. Install a newer tensorboard-plugin-convlens."
        )
    return message


def serialize(message: Message) -> bytes:
    """The bytes of a message, the same for equal messages."""
    return cast(bytes, message.SerializeToString(deterministic=True))


def graph_to_message(graph: ModelGraph) -> pb.ModelGraph:
    """A model graph as it is stored."""
    return pb.ModelGraph(
        format_version=FORMAT_VERSION,
        name=graph.name,
        fingerprint=graph.fingerprint,
        layers=[_layer_to_message(layer) for layer in graph.layers],
    )


def graph_from_message(message: pb.ModelGraph) -> ModelGraph:
    """The inverse of `graph_to_message`.

    Raises:
      FormatError: An edge leads to a layer that is not before its own.
    """
    layers = tuple(_layer_from_message(layer) for layer in message.layers)
    for index, layer in enumerate(layers):
        if any(source >= index for source in layer.inbound):
            raise FormatError(
                f"The model graph is damaged: layer {layer.key!r} reads a later layer."
            )
    return ModelGraph(message.name, layers, _fingerprint(message.fingerprint))


def inputs_to_message(images: InputImages) -> pb.InputImages:
    """The input images as they are stored: PNG pictures."""
    return pb.InputImages(
        format_version=FORMAT_VERSION,
        fingerprint=images.fingerprint,
        class_names=images.class_names,
        inputs=[input_to_message(image) for image in images.inputs],
    )


def inputs_from_message(message: pb.InputImages) -> InputImages:
    """The inverse of `inputs_to_message`. Raises `FormatError` for a damaged picture."""
    return InputImages(
        inputs=tuple(input_from_message(image) for image in message.inputs),
        class_names=tuple(message.class_names),
        fingerprint=_fingerprint(message.fingerprint),
    )


def input_to_message(image: InputImage) -> pb.InputImage:
    """One input image with its pictures as PNG."""
    return pb.InputImage(
        label=image.label,
        class_index=image.class_index,
        pictures=[
            pb.Picture(height=picture.shape[0], width=picture.shape[1], png=_to_png(picture))
            for picture in image.pictures
        ],
    )


def input_from_message(message: pb.InputImage) -> InputImage:
    """The inverse of `input_to_message`. Raises `FormatError` for a damaged picture."""
    return InputImage(
        label=message.label,
        pictures=tuple(_from_png(picture) for picture in message.pictures),
        class_index=message.class_index if message.HasField("class_index") else None,
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
        graph=_fingerprint(message.graph_fingerprint),
        inputs=_fingerprint(message.inputs_fingerprint),
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
        raise FormatError(f"The manifest is damaged: it has a prediction for input {count - 1}.")
    return tuple(tuple(by_input.get(index, ())) for index in range(count))


def _layer_to_message(layer: Layer) -> pb.Layer:
    field = layer.receptive_field
    return pb.Layer(
        path=layer.path,
        call=layer.call,
        class_name=layer.class_name,
        depth=layer.depth,
        inbound=layer.inbound,
        output_shape=[-1 if size is None else size for size in layer.output_shape],
        channels=layer.channels or 0,
        is_convolution=layer.is_convolution,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation,
        padding=layer.padding,
        groups=layer.groups,
        data_format=layer.data_format,
        activation_function=layer.activation_function,
        activation_stage=_STAGES[layer.activation_stage],
        parameters=layer.parameters,
        receptive_field=None
        if field is None
        else pb.ReceptiveField(size=field.size, stride=field.stride, start=field.start),
        config=layer.config,
    )


def _layer_from_message(message: pb.Layer) -> Layer:
    return Layer(
        path=message.path,
        call=message.call,
        class_name=message.class_name,
        depth=message.depth,
        inbound=tuple(message.inbound),
        output_shape=tuple(None if size < 0 else size for size in message.output_shape),
        channels=message.channels or None,
        is_convolution=message.is_convolution,
        kernel_size=tuple(message.kernel_size),
        strides=tuple(message.strides),
        dilation=tuple(message.dilation),
        padding=message.padding,
        groups=message.groups,
        data_format=message.data_format,
        activation_function=message.activation_function,
        activation_stage=_STAGE_NAMES.get(message.activation_stage, "none"),
        parameters=message.parameters,
        receptive_field=_receptive_field(message.receptive_field)
        if message.HasField("receptive_field")
        else None,
        config=message.config,
    )


def _receptive_field(message: pb.ReceptiveField) -> ReceptiveField:
    return ReceptiveField(_pair(message.size), _pair(message.stride), _pair(message.start))


def _pair(values: Iterable[int]) -> tuple[int, int]:
    pair = tuple(values)
    if len(pair) != 2:
        raise FormatError("The model graph is damaged: a receptive field has not two axes.")
    return pair


def _fingerprint(text: str) -> str:
    if not is_fingerprint(text):
        raise FormatError(f"A fingerprint is damaged: expected 64 hex digits, got {text[:80]!r}.")
    return text


def _to_png(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture, "RGB").save(file, "PNG")
    return file.getvalue()


def _from_png(message: pb.Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        with Image.open(io.BytesIO(message.png), formats=["PNG"]) as image:
            if image.size[0] * image.size[1] > _LARGEST_PICTURE:
                raise FormatError(f"An input picture is too large to show: {image.size} pixels.")
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"An input picture is damaged: {error}.") from error

