"""Reads the captures of one run from its plugin directory.

Nothing here is believed without a check: names, sizes, list lengths and hashes. What is
large stays on disk; a manifest is read when its step is asked for and kept in a small
cache by whoever asks.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tensorboard_plugin_convlens.core.ablation import Ablation
from tensorboard_plugin_convlens.core.errors import (
    ConvLensError,
    FormatError,
    NotCapturedError,
)
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    ModelGraph,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage import names
from tensorboard_plugin_convlens.storage.ablation_message import ablation_from_message
from tensorboard_plugin_convlens.storage.capture_message import (
    capture_from_message,
    index_of_layer,
    numbers_from_layers,
    outline_from_message,
)
from tensorboard_plugin_convlens.storage.filesystem import read_file
from tensorboard_plugin_convlens.storage.graph_message import graph_from_message
from tensorboard_plugin_convlens.storage.inputs_message import inputs_from_message
from tensorboard_plugin_convlens.storage.manifest_index import (
    Identity,
    ManifestIndex,
    Outline,
    identity_of,
    places_of_layers,
    read_layers,
)
from tensorboard_plugin_convlens.storage.ordinary_file import OrdinaryFile, ordinary_file
from tensorboard_plugin_convlens.storage.pack import HEADER, check_header
from tensorboard_plugin_convlens.storage.sealed import sealed_content, unseal
from tensorboard_plugin_convlens.storage.superseded import (
    current_steps,
    describe_hidden,
    hidden_trainings,
)
from tensorboard_plugin_convlens.storage.tile import decode_tile, segment_place

_LARGEST_MESSAGE = 128 * 2**20
_LARGEST_STATUS = 2**20
_HASHED_AT_ONCE = 2**20
# Of about 250 steps of a network of 400 layers; 3 MB.
_OUTLINES = ManifestIndex(most_layers=100_000)
_Manifest = TypeVar("_Manifest", pb.Manifest, pb.ManifestOutline)


class RunDirectory:
    """The captures of one run. Every method reads anew: a training run may be writing."""

    def __init__(self, run_directory: Path) -> None:
        """Takes the run's own directory, which need not hold captures."""
        self._directory = run_directory / names.DIRECTORY
        self._root = Path(os.path.realpath(run_directory))

    def exists(self) -> bool:
        """Whether the run has a plugin directory, inside its own directory."""
        real = Path(os.path.realpath(self._directory))
        return self._directory.is_dir() and self._root in real.parents

    def steps(self) -> tuple[StepKey, ...]:
        """The steps that count, ascending; superseded ones are left out.

        Of several sessions that wrote a step the latest counts. A training session that
        began at step `s` abandons the steps `>= s` of earlier training sessions, as
        TensorBoard's own loader does.
        """
        return current_steps(self._keys())

    def _keys(self) -> list[StepKey]:
        """Every step that lies there, superseded or not."""
        return [key for name in self._names() if (key := names.parse_manifest_name(name))]

    def capture(self, key: StepKey) -> Capture:
        """The manifest of a step.

        Raises:
          NotCapturedError: There is none.
          FormatError: It is damaged.
        """
        content = self._read(names.manifest_name(key))
        return capture_from_message(self._checked_manifest(key, content, pb.Manifest()))

    def numbers(self, key: StepKey, layers: Container[int]) -> Capture:
        """The statistics of some layers of a step. Raises as `capture`."""
        path = self._directory / names.manifest_name(key)
        identity = identity_of(path)
        outline = _OUTLINES.find(path, identity) or self._outline(key, path, identity)
        stored = read_layers(path, outline, layers)
        if identity_of(path) != identity:
            raise FormatError(
                f"The manifest of step {key.step} was replaced while it was read. Try again."
            )
        found = [one for one in numbers_from_layers(stored) if one.layer in layers]
        return replace(outline.capture, layers=tuple(found))

    def _outline(self, key: StepKey, path: Path, identity: Identity) -> Outline:
        """Reads a manifest, checks it, and remembers where its layers are."""
        content = self._read(path.name)
        message = self._checked_manifest(key, content, pb.ManifestOutline())
        layers = places_of_layers(sealed_content(content), index_of_layer)
        outline = Outline(identity, outline_from_message(message), layers)
        _OUTLINES.keep(path, outline)
        return outline

    def graph(self, fingerprint: str) -> ModelGraph:
        """A model graph. Raises as `capture`."""
        content = self._read(names.graph_name(fingerprint))
        return graph_from_message(unseal(content, pb.ModelGraph(), "model graph"))

    def inputs(self, fingerprint: str) -> InputImages:
        """A set of input images. Raises as `capture`."""
        content = self._read(names.inputs_name(fingerprint))
        return inputs_from_message(unseal(content, pb.InputImages(), "set of input images"))

    def ablations(self) -> tuple[Ablation, ...]:
        """Tests of verdicts, the latest first; damaged ones are told by `problems`."""
        return tuple(one for one, _ in self._ablations() if one is not None)

    def stored(self, sheet: Sheet) -> bytes:
        """The stored bytes of a sheet: a gzip member.

        Raises:
          FormatError: Their SHA-256 is not the manifest's, or the pack is cut short.
        """
        with self._pack(sheet) as pack:
            stored = pack.read(sheet.offset, sheet.length)
        if hashlib.sha256(stored).hexdigest() != sheet.sha256:
            raise _damaged(sheet)
        return stored

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel, `uint8 [planes, height, width]`.

        Reads the segment that it is in, and compares its checksum; of a sheet without checksums
        of segments, it reads the whole and compares its SHA-256.

        Raises:
          FormatError: The segment is damaged or cut short.
        """
        (levels,) = self.tiles(sheet, (channel,))
        return levels

    def tiles(self, sheet: Sheet, channels: Iterable[int]) -> Iterator[bytes]:
        """The levels of several channels; as `tile`, with the pack opened once."""
        with self._pack(sheet) as pack:
            if not sheet.checksums:
                _check_whole(sheet, pack)
            for channel in channels:
                start, end = segment_place(sheet, channel)
                yield decode_tile(sheet, channel, pack.read(sheet.offset + start, end - start))

    def problems(self) -> tuple[str, ...]:
        """What writer sessions say went wrong, as sentences, the latest session first."""
        sentences: list[str] = []
        for name in sorted(filter(names.is_status_name, self._names()), reverse=True):
            try:
                status = json.loads(
                    read_file(self._directory / name, limit=_LARGEST_STATUS).decode()
                )
                sentences += [str(sentence) for sentence in status["problems"]]
            except (FormatError, NotCapturedError, ValueError, KeyError, TypeError):
                sentences.append(f"The status file {name!r} cannot be read.")
        sentences += [problem for _, problem in self._ablations() if problem]
        hidden = hidden_trainings(self._keys(), self._began_after)
        sentences += [describe_hidden(hidden)] if hidden else []
        return tuple(dict.fromkeys(sentences))

    def _began_after(self, key: StepKey) -> str:
        try:
            return self.numbers(key, ()).after
        except ConvLensError:
            return ""

    def _ablations(self) -> Iterator[tuple[Ablation | None, str]]:
        """(ablation, "") or (None, what is wrong with it) for each file."""
        for name in sorted(filter(names.is_ablation_name, self._names()), reverse=True):
            try:
                message = unseal(self._read(name), pb.Ablation(), f"ablation {name!r}")
                yield ablation_from_message(message), ""
            except (FormatError, NotCapturedError) as error:
                yield None, f"A test of verdicts is left out: {error}"

    def _checked_manifest(self, key: StepKey, content: bytes, message: _Manifest) -> _Manifest:
        what = f"manifest of step {key.step}"
        unseal(content, message, what)
        if (message.step, message.session) != (key.step, key.session):
            raise FormatError(
                f"The {what} is damaged: it says that it is of step {message.step}."
            )
        return message

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._directory) if self.exists() else []
        except OSError:
            return []

    def _read(self, name: str) -> bytes:
        if not self.exists():
            raise NotCapturedError("The run has no ConvLens captures.")
        return read_file(self._directory / name, limit=_LARGEST_MESSAGE)

    @contextmanager
    def _pack(self, sheet: Sheet) -> Iterator[OrdinaryFile]:
        """The pack of a sheet, open, once its header is checked."""
        if not self.exists():
            raise NotCapturedError("The run has no ConvLens captures.")
        with ordinary_file(self._directory / sheet.pack) as pack:
            check_header(pack.read(0, len(HEADER)))
            yield pack


def _check_whole(sheet: Sheet, pack: OrdinaryFile) -> None:
    """Compares the SHA-256 of a sheet, in memory of a megabyte. Raises `FormatError`."""
    digest = hashlib.sha256()
    end = sheet.offset + sheet.length
    for start in range(sheet.offset, end, _HASHED_AT_ONCE):
        digest.update(pack.read(start, min(_HASHED_AT_ONCE, end - start)))
    if digest.hexdigest() != sheet.sha256:
        raise _damaged(sheet)


def _damaged(sheet: Sheet) -> FormatError:
    return FormatError(
        f"A sheet in {sheet.pack!r} is damaged: its SHA-256 is not the manifest's. "
        "The other sheets are not affected."
    )
