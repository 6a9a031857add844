"""Writes what the next capture needs to know about the filters of a step.

Kernels and output profiles are in float32, so that a capture in another session computes
exactly the changes that the same session would have computed. See docs/decisions/0047.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from tensorboard_plugin_convlens.core.records import LayerTraits, StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import serialize
from tensorboard_plugin_convlens.storage.format.traits_message import traits_to_message


class TraitsWriter:
    """Writes the traits of a step, layer by layer, so that they are in memory once."""

    def __init__(self, file: BinaryIO, key: StepKey) -> None:
        """Starts the traits of a step in an empty file."""
        self._file = file
        self._digest = hashlib.sha256()
        head = pb.Traits(
            format_version=names.FORMAT_VERSION, step=key.step, session=key.session
        )
        self._write(serialize(head))

    def add(self, traits: LayerTraits) -> None:
        """Appends a layer."""
        # The parts of a message, one behind the other, are the message.
        self._write(serialize(pb.Traits(layers=[traits_to_message(traits)])))

    def finish(self) -> None:
        """Seals the file."""
        self._file.write(self._digest.digest())

    def _write(self, content: bytes) -> None:
        self._digest.update(content)
        self._file.write(content)
