"""The places of layers in manifests, to read one layer without the others.

A manifest is indexed and its checksum compared once. While the file and its times stay the
same, only the requested bytes are read from then on: those of one layer of a hundred steps are
a tenth of all, while a checksum needs all.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import FormatError, TooLargeError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.capture_message import capture_from_message
from tensorboard_plugin_convlens.storage.format.fields import MalformedError, read_varint
from tensorboard_plugin_convlens.storage.format.sealed import check_version
from tensorboard_plugin_convlens.storage.ordinary_file import Identity
from tensorboard_plugin_convlens.storage.reading.sealed_file import SealedFile

LARGEST_MANIFEST = 128 * 2**20
_LAYERS = 7  # The field of Manifest.
_LAYER = b"\x08"  # Tag of LayerCapture.layer, which writers put first.
# One of 2,048 filters at 12 input images takes 1.3 MB.
_LARGEST_LAYER = 8 * 2**20
_MOST_LAYERS = 10_000
_LARGEST_INDEX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Outline:
    """A manifest that was read once, without the contents of its layers.

    Attributes:
      identity: Identity of the file.
      capture: The parts for lists and tables: step, time, session, fingerprints; no others.
      layers: `int64 [layer, 3]`: index in the model graph, begin and end in the file.
      head: Begin and end of each part that is not a layer.
    """

    identity: Identity
    capture: Capture
    layers: NDArray[np.int64]
    head: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Its approximate memory, in bytes."""
        sentences = len(self.capture.remark) + len(self.capture.changes_unknown)
        return 700 + self.layers.nbytes + 120 * len(self.head) + sentences

    def places(self, layers: Container[int] | None) -> list[tuple[int, int, int]]:
        """`layers` as tuples, of those with the given indices, or of all."""
        every = self.layers.tolist()
        return [(i, begin, end) for i, begin, end in every if layers is None or i in layers]


def read_outline(file: SealedFile, key: StepKey) -> Outline:
    """Reads a manifest, and checks it.

    Raises:
      FormatError: It is damaged, or has a later version or another step.
      TooLargeError: It contains more than may be read.
    """
    file.check()
    layers, head = _places(file)
    if len(set(layers[:, 0].tolist())) != len(layers):
        raise FormatError(f"The {file.what} is damaged: it has a layer twice.")
    outline = Outline(file.identity, _NOTHING, layers, head)
    capture = capture_from_message(read_head(file, outline, key))
    light = replace(capture, predictions=(), skipped=(), asked=None, model="", arrays="")
    return replace(outline, capture=light)


_NOTHING = Capture(0, 0.0, "", "", "", ())


def read_head(file: SealedFile, outline: Outline, key: StepKey) -> pb.Manifest:
    """Everything in a manifest except its layers. Raises as `read_outline`."""
    content = b"".join(file.read(begin, end) for begin, end in outline.head)
    message = file.parse(content, pb.Manifest())
    check_version(message.format_version, file.what)
    if (message.step, message.session) != (key.step, key.session):
        raise FormatError(
            f"The {file.what} is damaged: it claims to be of step {message.step}."
        )
    return message


def read_layers(
    file: SealedFile, outline: Outline, layers: Container[int] | None
) -> Iterator[tuple[int, bytes]]:
    """Index and stored bytes of each of `layers` (None: all) that the manifest has."""
    for index, begin, end in outline.places(layers):
        yield index, file.read(begin, end)


def _places(file: SealedFile) -> tuple[NDArray[np.int64], tuple[tuple[int, int], ...]]:
    """`Outline.layers` and `Outline.head`."""
    layers: list[tuple[int, int, int]] = []
    head: list[tuple[int, int]] = []
    head_size = 0
    for field in file.fields():
        if field.number == _LAYERS:
            layers.append((_index(file, field.start, field.end), field.start, field.end))
            too_large = field.end - field.start > _LARGEST_LAYER
        else:
            head_size += field.end - field.begin
            joined = head and head[-1][1] == field.begin
            head.append((head.pop()[0] if joined else field.begin, field.end))
            too_large = head_size > _LARGEST_LAYER
        if too_large or len(layers) > _MOST_LAYERS:
            raise TooLargeError(
                f"The {file.what} is too large: over {_MOST_LAYERS:,} layers, or over "
                f"{_LARGEST_LAYER:,} bytes about one of them."
            )
    return np.asarray(layers, np.int64).reshape(-1, 3), tuple(head)


def _index(file: SealedFile, begin: int, end: int) -> int:
    """The index of a layer in the model graph, from the bytes of a LayerCapture.

    Writers put it first, or leave it out if it is 0.
    """
    first = file.read(begin, min(begin + 11, end))
    if not first.startswith(_LAYER):
        return 0
    try:
        index, _ = read_varint(first, 1)
    except MalformedError as error:
        raise FormatError(f"The {file.what} is damaged: {error}.") from error
    if index > _LARGEST_INDEX:
        raise FormatError(f"The {file.what} is damaged: it has a layer {index}.")
    return index
