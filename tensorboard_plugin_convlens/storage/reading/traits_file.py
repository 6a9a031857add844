"""Reads the traits of a step, from which the next capture computes changes."""

from __future__ import annotations

from pathlib import Path

from tensorboard_plugin_convlens.core.errors import FormatError, TooLargeError
from tensorboard_plugin_convlens.core.records import LayerTraits, StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import check_version
from tensorboard_plugin_convlens.storage.format.traits_message import (
    LARGEST_TRAITS,
    traits_from_message,
)
from tensorboard_plugin_convlens.storage.reading.sealed_file import SealedFile, open_sealed

_LARGEST_FILE = LARGEST_TRAITS + 2**20
_MOST_LAYERS = 10_000
_LAYERS = 4  # The field of Traits.


def read_traits(directory: Path, key: StepKey) -> dict[int, LayerTraits]:
    """The traits of a step, by index in the model graph.

    Args:
      directory: A plugin directory.
      key: The step.

    Raises:
      NotCapturedError: There are none.
      FormatError: The file is damaged, or has a later version or another step.
      TooLargeError: It is larger than any file of traits that ConvLens writes.
    """
    path = str(directory / names.traits_name(key))
    what = f"file with the traits of step {key.step}"
    with open_sealed(path, what, _LARGEST_FILE) as file:
        file.check()
        head, places = _places(file)
        check_version(head.format_version, what)
        if (head.step, head.session) != (key.step, key.session):
            raise FormatError(f"The {what} is damaged: it claims to be of step {head.step}.")
        layers = [
            traits_from_message(file.parse(file.read(*one), pb.LayerTraits())) for one in places
        ]
        file.check_unchanged()
    return {one.layer: one for one in layers}


def _places(file: SealedFile) -> tuple[pb.Traits, list[tuple[int, int]]]:
    """The contents of a file except its layers, and the places of these."""
    places: list[tuple[int, int]] = []
    head: list[bytes] = []
    for field in file.fields():
        if field.number == _LAYERS:
            places.append((field.start, field.end))
        elif field.end - field.begin <= names.LONGEST_NAME:
            head.append(file.read(field.begin, field.end))
        if len(places) + len(head) > _MOST_LAYERS:
            raise TooLargeError(
                f"The {file.what} is too large: it has more than {_MOST_LAYERS:,} layers."
            )
    return file.parse(b"".join(head), pb.Traits()), places
