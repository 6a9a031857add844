"""The previous captured step: what of it still holds, and how far the filters moved since.

Kept in memory of it: an activation profile per filter, at most 1 KiB each, and one float
copy of the kernels, which is less than what an optimizer keeps. Where a session begins
there is neither; then the latest earlier step in the run's directory says, by its hashes,
which layers are unchanged, and their change is 0. That of all others is not defined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.filters.change import (
    ACTIVATION_CHANGE,
    KERNEL_CHANGE,
    activation_profile,
    change,
)
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    FloatArray,
    LayerCapture,
    Method,
    Statistic,
    StepKey,
)
from tensorboard_plugin_convlens.engine.content_hashes import Hashes
from tensorboard_plugin_convlens.storage.filesystem import list_directory
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.recording import Origin, Recording
from tensorboard_plugin_convlens.storage.writing.writer import Writer


@dataclass(frozen=True, slots=True)
class Traits:
    """What is remembered of the filters at a captured step, by layer.

    Attributes:
      profiles: Activation profiles, `float32 [channel, input * cell]`.
      kernels: `float32 [channel, plane, height, width]`.
    """

    profiles: dict[int, FloatArray] = field(default_factory=dict)
    kernels: dict[int, FloatArray] = field(default_factory=dict)

    def add_maps(self, layer: int, maps: FloatArray, inputs: int) -> None:
        """Appends the maps of a layer at the next of `inputs` images to its profiles."""
        part = activation_profile(maps, inputs)
        before = self.profiles.get(layer)
        whole = part if before is None else np.concatenate([before, part], axis=1)
        self.profiles[layer] = whole


@dataclass(frozen=True, slots=True)
class Stored:
    """A layer as an earlier step stored it."""

    step: int
    layer: LayerCapture


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The previous captured step, as far as it is known.

    Attributes:
      layers: What was stored of each layer, by index in the model graph.
      traits: Of its filters; empty where a session begins.
    """

    layers: Mapping[int, Stored] = field(default_factory=dict)
    traits: Traits = field(default_factory=Traits)

    def origin(self, writer: Writer, layer: int, hashes: Hashes) -> Origin:
        """Since when a layer is unchanged, and what need not be stored again."""
        stored = self.layers.get(layer)
        if stored is None:
            return Origin(layer, hashes.weights, hashes.lineage)
        before = stored.layer
        same_weights = bool(hashes.weights) and hashes.weights == before.weights
        same = bool(hashes.lineage) and hashes.lineage == before.lineage
        sheets = before.sheets if same else ()
        if same_weights and not same:
            sheets = tuple(sheet for sheet in before.sheets if sheet.method == "kernel")
        return Origin(
            layer,
            hashes.weights,
            hashes.lineage,
            _since(before.weights_unchanged_since, stored.step) if same_weights else None,
            _since(before.unchanged_since, stored.step) if same else None,
            tuple(sheet for sheet in sheets if writer.holds(sheet)),
        )

    def specificity(self, layer: int, index: int) -> list[Statistic]:
        """How specific the guided gradients of an unchanged layer are, if that is known."""
        return [
            one
            for one in self.layers[layer].layer.statistics
            if (one.name, one.input) == ("specificity", index)
        ]

    def fpgm(self, origin: Origin) -> FloatArray | None:
        """The FPGM distances of a layer whose weights are unchanged, if they are known."""
        if origin.weights_unchanged_since is None:
            return None
        statistics = self.layers[origin.layer].layer.statistics
        return next((one.values for one in statistics if one.name == "fpgm"), None)

    def changes(self, origin: Origin, traits: Traits, filters: int) -> tuple[Statistic, ...]:
        """How far the filters of a layer moved since, as `core.filters.change` has it."""
        layer = origin.layer
        weights_before, before = self.traits.kernels.get(layer), self.traits.profiles.get(layer)
        kernels, profiles = traits.kernels.get(layer), traits.profiles.get(layer)
        if weights_before is None and origin.weights_unchanged_since is not None:
            weights_before = kernels
        if before is None and origin.unchanged_since is not None:
            before = profiles
        return (
            Statistic(KERNEL_CHANGE, -1, _changes(weights_before, kernels, filters)),
            Statistic(ACTIVATION_CHANGE, -1, _changes(before, profiles, filters)),
        )


@dataclass(frozen=True, slots=True)
class Course:
    """What one capture knows of the step before, and gathers for the step after."""

    before: Predecessor
    origins: dict[int, Origin]
    traits: Traits = field(default_factory=Traits)

    def has(
        self, layer: int, method: Method, index: int, stage: ActivationStage | None = None
    ) -> bool:
        """Whether pictures are stored already: those of an unchanged layer."""
        return any(
            (sheet.method, sheet.input) == (method, index) and stage in (None, sheet.stage)
            for sheet in self.origins[layer].sheets
        )


def of_recording(recording: Recording, traits: Traits) -> Predecessor:
    """The predecessor of the next capture of a session; its recording has ended.

    None where it could not be written: a change since a step that nobody can see says nothing.
    """
    if recording.capture is None:
        return Predecessor()
    layers = recording.capture.layers
    return Predecessor({layer.layer: Stored(recording.step, layer) for layer in layers}, traits)


def of_directory(writer: Writer, step: int) -> Predecessor:
    """The latest step before `step` that the run's directory holds of earlier sessions.

    Raises:
      StorageError: The directory cannot be read.
    """
    keys = map(names.parse_manifest_name, list_directory(writer.directory))
    if not any(key is not None and key.step < step for key in keys):
        return Predecessor()
    run = RunDirectory(writer.run_directory)
    earlier = [key for key in run.steps() if key.step < step]
    return of_step(run, earlier[-1]) if earlier else Predecessor()


def of_step(run: RunDirectory, key: StepKey) -> Predecessor:
    """A stored step. A damaged one is as none: nothing is said to be unchanged."""
    try:
        layers = run.capture(key).layers
    except ConvLensError:
        return Predecessor()
    return Predecessor({layer.layer: Stored(key.step, layer) for layer in layers})


def _since(earlier: int | None, step: int) -> int:
    return step if earlier is None else earlier


def _changes(before: FloatArray | None, now: FloatArray | None, filters: int) -> FloatArray:
    if before is None or now is None or before.shape != now.shape:
        return np.full(filters, np.nan, np.float32)
    return change(before, now)
