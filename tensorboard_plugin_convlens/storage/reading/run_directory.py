"""Reads the captures of one run from its plugin directory.

Nothing here is trusted without a check: names, sizes, list lengths and hashes. Large data stays
on disk: of a manifest, only the places of its layers and the parts for lists are kept.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Container, Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import (
    ConvLensError,
    FormatError,
    NotCapturedError,
    TooLargeError,
    UnreadableError,
)
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    InputsOutline,
    LayerCapture,
    ModelGraph,
    Sheet,
    SheetPlace,
    StepKey,
)
from tensorboard_plugin_convlens.storage.filesystem import read_file
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.capture_message import capture_from_message
from tensorboard_plugin_convlens.storage.format.graph_message import graph_from_message
from tensorboard_plugin_convlens.storage.format.inputs_message import inputs_from_message
from tensorboard_plugin_convlens.storage.format.layer_message import (
    layer_from_bytes,
    numbers_from_bytes,
)
from tensorboard_plugin_convlens.storage.format.pack import HEADER, check_header
from tensorboard_plugin_convlens.storage.format.sealed import unseal
from tensorboard_plugin_convlens.storage.ordinary_file import (
    Identity,
    OrdinaryFile,
    identity_of,
    ordinary_file,
)
from tensorboard_plugin_convlens.storage.reading.ablation_files import read_ablations
from tensorboard_plugin_convlens.storage.reading.inputs_index import read_inputs, read_picture
from tensorboard_plugin_convlens.storage.reading.manifest_index import (
    LARGEST_MANIFEST,
    Outline,
    read_head,
    read_layers,
    read_outline,
)
from tensorboard_plugin_convlens.storage.reading.sealed_file import SealedFile, open_sealed
from tensorboard_plugin_convlens.storage.reading.status_file import read_problems
from tensorboard_plugin_convlens.storage.reading.stored_sheet import (
    StoredSheet,
    check_whole,
    read_stored,
)
from tensorboard_plugin_convlens.storage.reading.superseded import (
    current_steps,
    describe_hidden,
    hidden_trainings,
)
from tensorboard_plugin_convlens.storage.reading.tile import decode_tile, segment_place

# A graph of 2,000 layers takes 4 MB.
_LARGEST_GRAPH = 8 * 2**20
_LARGEST_INPUTS = 128 * 2**20
_MOST_STATUS_FILES = 100
# Clocks of file systems are this coarse at worst: a change after a look may leave no trace.
_SECONDS_TO_SETTLE = 2.0
# Room for 15,000 steps of ten layers, or for 3,000 of a network of 155 convolutions.
_OUTLINES: Kept[str, Outline] = Kept(16 * 2**20)
_DAMAGED: Kept[str, tuple[Identity, str]] = Kept(2**20)


class RunDirectory:
    """The captures of one run. Every method reads again: a training run may be writing."""

    def __init__(self, run_directory: Path) -> None:
        """Takes the run's own directory, which need not hold captures."""
        self._run_directory = run_directory
        self._directory = run_directory / names.DIRECTORY
        self._place = os.path.join(run_directory, names.DIRECTORY, "")
        self._inside: tuple[int, int, int] | None = None
        self._damages = 0

    def exists(self) -> bool:
        """Whether the run has a plugin directory, inside its own directory."""
        return self._status() is not None

    def version(self) -> Hashable | None:
        """A version that changes whenever a file is added, replaced, removed or found damaged.

        None if it is unknown: there is no directory, or it changed just now.
        """
        found = self._status()
        if found is None or abs(time.time() - found.st_mtime) < _SECONDS_TO_SETTLE:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, self._damages

    def steps(self) -> tuple[StepKey, ...]:
        """The steps that count, ascending; superseded ones are left out.

        If several sessions wrote a step, the latest counts. A training session that
        began at step `s` abandons the steps `>= s` of earlier training sessions, as
        TensorBoard's own loader does.
        """
        return current_steps(self._keys())

    def _keys(self) -> list[StepKey]:
        """Every step in the directory, superseded or not."""
        return [key for name in self._names() if (key := names.parse_manifest_name(name))]

    def step_version(self, key: StepKey) -> int:
        """The version of the manifest of a step. Raises `NotCapturedError` if there is none."""
        name = names.manifest_name(key)
        try:
            return hash(identity_of(os.stat(self._place + name, follow_symlinks=False)))
        except OSError:
            raise NotCapturedError(
                f"The file {name!r} is gone from the log directory."
            ) from None

    def outline(self, key: StepKey) -> Capture:
        """Step, time, session and fingerprints of a step. Raises as `capture`."""
        with self._manifest(key) as (_, outline):
            return outline.capture

    def head(self, key: StepKey) -> Capture:
        """The manifest of a step without its layers. Raises as `capture`."""
        with self._manifest(key) as (file, outline):
            return capture_from_message(read_head(file, outline, key))

    def layers(
        self, key: StepKey, layers: Container[int] | None = None
    ) -> Iterator[LayerCapture]:
        """Layers of a step, one after the other. Raises as `capture`.

        Args:
          key: Which step.
          layers: Indices in the model graph of those to read; all by default.
        """
        with self._manifest(key) as (file, outline):
            packs = tuple(read_head(file, outline, key).packs)
            for index, content in read_layers(file, outline, layers):
                yield layer_from_bytes(index, content, packs)

    def numbers(self, key: StepKey, layers: Container[int] | None) -> Capture:
        """The statistics of some layers of a step, or of all for None. Raises as `capture`."""
        with self._manifest(key) as (file, outline):
            found = [numbers_from_bytes(*one) for one in read_layers(file, outline, layers)]
        return replace(outline.capture, layers=tuple(found))

    def capture(self, key: StepKey) -> Capture:
        """The manifest of a step.

        Raises:
          NotCapturedError: There is none.
          FormatError: It is damaged.
          TooLargeError: It is larger than any manifest that ConvLens writes.
        """
        return replace(self.head(key), layers=tuple(self.layers(key)))

    def graph(self, fingerprint: str) -> ModelGraph:
        """A model graph. Raises as `capture`."""
        content = self._read(names.graph_name(fingerprint), _LARGEST_GRAPH)
        return graph_from_message(unseal(content, pb.ModelGraph(), "model graph"))

    def inputs(self, fingerprint: str) -> InputImages:
        """A set of input images. Raises as `capture`."""
        content = self._read(names.inputs_name(fingerprint), _LARGEST_INPUTS)
        return inputs_from_message(unseal(content, pb.InputImages(), "set of input images"))

    def inputs_outline(self, fingerprint: str) -> InputsOutline:
        """A set of input images without their pixels. Raises as `capture`."""
        with self._open_inputs(fingerprint) as file:
            return read_inputs(file)

    def picture(self, fingerprint: str, index: int, source: int) -> bytes:
        """An input picture as PNG. Raises as `capture`."""
        with self._open_inputs(fingerprint) as file:
            return read_picture(file, index, source)

    def ablations(self) -> tuple[Ablation, ...]:
        """Tests of verdicts, the latest first; `problems` lists damaged ones."""
        found, _ = read_ablations(self._place, self._names())
        return found

    def stored(self, place: SheetPlace) -> StoredSheet:
        """The stored bytes of a sheet: a gzip member.

        Raises:
          FormatError: Their SHA-256 does not match the manifest, or the pack is cut short.
        """
        self._check_exists()
        return read_stored(self._place + place.pack, place)

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel, `uint8 [planes, height, width]`.

        Reads the segment that contains it, and compares its checksum. If a sheet has no
        checksums of segments, reads the whole sheet and compares its SHA-256.

        Raises:
          FormatError: The segment is damaged or cut short.
        """
        (levels,) = self.tiles(sheet, (channel,))
        return levels

    def tiles(self, sheet: Sheet, channels: Iterable[int]) -> Iterator[bytes]:
        """The levels of several channels; as `tile`, with the pack opened once."""
        with self._pack(sheet) as pack:
            if sheet.checksums is None:
                check_whole(pack, sheet.place)
            for channel in channels:
                start, end = segment_place(sheet, channel)
                yield decode_tile(sheet, channel, pack.read(sheet.offset + start, end - start))

    def problems(self) -> tuple[str, ...]:
        """The problems that writer sessions report, as sentences, the latest session first."""
        found = self._names()
        statuses = sorted(filter(names.is_status_name, found), reverse=True)
        sentences: list[str] = []
        for name in statuses[:_MOST_STATUS_FILES]:
            sentences += read_problems(self._place + name)
        if len(statuses) > _MOST_STATUS_FILES:
            left_out = len(statuses) - _MOST_STATUS_FILES
            sentences.append(f"{left_out} older status files are left out.")
        sentences += read_ablations(self._place, found)[1]
        hidden = self.hidden()
        sentences += [describe_hidden(hidden)] if hidden else []
        return tuple(dict.fromkeys(sentences))

    def hidden(self) -> tuple[str, ...]:
        """Trainings of which no step is shown, although they may have begun later."""
        return hidden_trainings(self._keys(), self._began_after)

    def _began_after(self, key: StepKey) -> str:
        try:
            return self.outline(key).after
        except ConvLensError:
            return ""

    @contextmanager
    def _manifest(self, key: StepKey) -> Iterator[tuple[SealedFile, Outline]]:
        """A manifest, open for reading, and its outline.

        A fault in it is remembered until the file changes.
        """
        self._check_exists()
        path = self._place + names.manifest_name(key)
        with open_sealed(path, f"manifest of step {key.step}", LARGEST_MANIFEST) as file:
            damaged = _DAMAGED.find(path)
            if damaged is not None and damaged[0] == file.identity:
                raise FormatError(damaged[1])
            try:
                outline = _OUTLINES.find(path)
                if outline is None or outline.identity != file.identity:
                    outline = read_outline(file, key)
                    _OUTLINES.keep(path, outline, outline.size)
                yield file, outline
            except UnreadableError:
                raise
            except (FormatError, TooLargeError) as error:
                file.check_unchanged()
                _DAMAGED.keep(path, (file.identity, str(error)), len(str(error)))
                self._damages += 1
                raise
            file.check_unchanged()

    def _status(self) -> os.stat_result | None:
        """The status of the plugin directory, if it is a directory inside the run's own."""
        try:
            found = os.stat(self._place)
            if not stat.S_ISDIR(found.st_mode):
                return None
            # A moved directory keeps its inode number; a new one may get that of a removed one.
            identity = found.st_dev, found.st_ino, found.st_ctime_ns
            if self._inside != identity:
                root = Path(os.path.realpath(self._run_directory))
                if root not in Path(os.path.realpath(self._place)).parents:
                    return None
                self._inside = identity
        except (OSError, ValueError):
            return None
        return found

    def _check_exists(self) -> None:
        if not self.exists():
            raise NotCapturedError("The run has no ConvLens captures.")

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._place) if self.exists() else []
        except OSError:
            return []

    def _read(self, name: str, limit: int) -> bytes:
        self._check_exists()
        return read_file(self._place + name, limit=limit)

    def _open_inputs(self, fingerprint: str) -> AbstractContextManager[SealedFile]:
        self._check_exists()
        path = self._place + names.inputs_name(fingerprint)
        return open_sealed(path, "set of input images", _LARGEST_INPUTS)

    @contextmanager
    def _pack(self, sheet: Sheet) -> Iterator[OrdinaryFile]:
        """The pack of a sheet, open, with its header checked."""
        self._check_exists()
        with ordinary_file(self._place + sheet.pack) as pack:
            check_header(pack.read(0, len(HEADER)))
            yield pack
