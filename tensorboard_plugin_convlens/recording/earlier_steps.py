"""Finds the step that a capture is compared with, in memory or in the run's directory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice

from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.engine.content_hashes import Hashes
from tensorboard_plugin_convlens.recording.previous_step import Predecessor, Stored, Traits
from tensorboard_plugin_convlens.storage.filesystem import list_directory
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.superseded import current_steps
from tensorboard_plugin_convlens.storage.reading.traits_file import read_traits
from tensorboard_plugin_convlens.storage.writing.recording import has_failed
from tensorboard_plugin_convlens.storage.writing.writer import Writer

logger = logging.getLogger(__name__)
_UNREADABLE = "ConvLens compares nothing with step %d: %s"
# Each is a file to read. Nearly always the first one is it.
_MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class Setting:
    """The properties that two steps must share so that their filters can be compared.

    Attributes:
      graph, inputs: Fingerprints of the model graph and of the input images.
      arrays: SHA-256, hexadecimal, of the input arrays.
    """

    graph: str
    inputs: str
    arrays: str

    def has_inputs_of(self, capture: Capture) -> bool:
        """Whether a step has the same inputs; captures of the first writers lack the hash."""
        return capture.inputs == self.inputs and capture.arrays in ("", self.arrays)


@dataclass(frozen=True, slots=True)
class Own:
    """The last step of a recorder, kept in memory once it is written."""

    done: Future[Capture]
    traits: Traits


def find_predecessor(
    writer: Writer, step: int, setting: Setting, own: Own | None = None
) -> Predecessor:
    """The predecessor of a step that is about to be captured.

    Args:
      writer: The writer of the run.
      step: The step; only earlier ones count.
      setting: The properties of the new capture.
      own: The step that the recorder has in memory; the others are in the run's directory.

    Raises:
      StorageError: The directory cannot be read.
    """
    manifests = map(names.parse_manifest_name, list_directory(writer.directory))
    counting = current_steps([key for key in manifests if key is not None])
    earlier = [key for key in counting if key.step < step]
    if not earlier:
        return Predecessor(unknown="The run has no earlier step.")
    steps = _Steps(writer, own)
    before = steps.capture(earlier[-1])
    found, unknown = steps.newest(earlier, setting)
    predecessor = Predecessor(stored_layers(before), unknown=unknown)
    return predecessor if found is None else steps.compared_with(predecessor, found)


def stored_layers(capture: Capture | None) -> dict[int, Stored]:
    """The stored layers of a step, by index in the model graph; none for a damaged step."""
    if capture is None:
        return {}
    return {one.layer: Stored(capture.step, one) for one in capture.layers}


def of_step(run: RunDirectory, key: StepKey) -> Capture | None:
    """A step, or None if it is damaged; then no layer counts as unchanged."""
    try:
        return run.capture(key)
    except ConvLensError as error:
        logger.warning(_UNREADABLE, key.step, error)
        return None


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps of a run: one of them in memory, the others in its directory."""

    writer: Writer
    own: Own | None

    @property
    def run(self) -> RunDirectory:
        return RunDirectory(self.writer.run_directory)

    def capture(self, key: StepKey) -> Capture | None:
        return self._own_capture(key) or of_step(self.run, key)

    def newest(self, keys: Sequence[StepKey], setting: Setting) -> tuple[StepKey | None, str]:
        """The last of some ascending steps that can be compared with, or why there is none."""
        has_graph = False
        for key in islice(reversed(keys), _MOST_STEPS):
            try:
                head = self._own_capture(key) or self.run.head(key)
            except ConvLensError as error:
                logger.warning(_UNREADABLE, key.step, error)
                continue
            if head.graph == setting.graph:
                has_graph = True
                if setting.has_inputs_of(head):
                    return key, ""
        none = "No earlier step of the run"
        if len(keys) > _MOST_STEPS:
            none = f"None of the {_MOST_STEPS:,} steps before it"
        if has_graph:
            return None, f"{none} with this model graph has the same input images."
        return None, f"{none} has the same model graph."

    def compared_with(self, predecessor: Predecessor, key: StepKey) -> Predecessor:
        """The predecessor with the known traits of its filters."""
        capture = self.capture(key)
        layers = () if capture is None else capture.layers
        traits, unknown = self._traits(key)
        return replace(
            predecessor,
            step=key.step,
            hashes={one.layer: Hashes(one.weights, one.lineage) for one in layers},
            traits=traits,
            unknown=unknown,
        )

    def _own_capture(self, key: StepKey) -> Capture | None:
        """A step that is in memory; None for all others."""
        done = None if self.own is None else self.own.done
        if done is None or not done.done() or has_failed(done):
            return None
        own = done.result()
        return own if (own.step, own.session) == (key.step, key.session) else None

    def _traits(self, key: StepKey) -> tuple[Traits, str]:
        """The traits of a step, or why they are unknown."""
        if self.own is not None and self._own_capture(key) is not None:
            return self.own.traits, ""
        try:
            layers = read_traits(self.writer.directory, key)
        except NotCapturedError:
            return Traits(), (
                f"There are no traits of step {key.step}: ConvLens keeps those of the two "
                "newest steps only, and earlier releases kept none."
            )
        except ConvLensError as error:
            logger.warning(_UNREADABLE, key.step, error)
            return Traits(), str(error)
        kernels = {one.layer: one.kernels for one in layers.values() if one.kernels is not None}
        return Traits({one.layer: one.profiles for one in layers.values()}, kernels), ""
