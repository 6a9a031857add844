"""The previous captured step: what has not changed since, and how far filters moved.

There are two of them. The step before is the latest earlier one of the run, of any model:
layers with the same hashes are unchanged, and stored once. Filters are compared with the newest
earlier step with the same model graph and the same inputs, whoever wrote it. Mostly both are
the same step, of the same session.

A recorder keeps in memory of its own last step an output profile per filter, at most 1 KiB
each, and one float copy of the kernels, which is less than what an optimizer keeps. Those of
other sessions are read from the file of traits, which holds the same numbers. Where there is
no such file, the hashes tell which layers are unchanged, and their change is 0; that of all
others is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tensorboard_plugin_convlens.core.filters.change import (
    ACTIVATION_CHANGE,
    KERNEL_CHANGE,
    change,
)
from tensorboard_plugin_convlens.core.filters.profiles import profile_of_maps
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    FloatArray,
    LayerCapture,
    LayerTraits,
    Method,
    Statistic,
)
from tensorboard_plugin_convlens.engine.content_hashes import Hashes
from tensorboard_plugin_convlens.storage.writing.recording import Origin
from tensorboard_plugin_convlens.storage.writing.writer import Writer


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits of the filters at a captured step, by layer.

    Attributes:
      profiles: Output profiles, `float32 [channel, input * cell]`.
      kernels: `float32 [channel, plane, height, width]`.
    """

    profiles: dict[int, FloatArray] = field(default_factory=dict)
    kernels: dict[int, FloatArray] = field(default_factory=dict)

    def add_maps(self, layer: int, maps: FloatArray, inputs: int) -> None:
        """Appends the maps of a layer at the next of `inputs` images to its profiles."""
        part = profile_of_maps(maps, inputs)
        before = self.profiles.get(layer)
        whole = part if before is None else np.concatenate([before, part], axis=1)
        self.profiles[layer] = whole

    def of_layer(self, layer: int) -> LayerTraits:
        """The traits of one layer, as they are stored."""
        return LayerTraits(layer, self.kernels.get(layer), self.profiles[layer])

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        arrays = [*self.profiles.values(), *self.kernels.values()]
        return sum(one.nbytes for one in arrays)


@dataclass(frozen=True, slots=True)
class Stored:
    """A layer as an earlier step stored it."""

    step: int
    layer: LayerCapture


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The known parts of the previous captured step.

    Attributes:
      layers: The stored layers of the step before, by index in the model graph.
      step: The step with which filters are compared; None if there is none.
      hashes: Hashes of its layers.
      traits: The known traits of its filters.
      unknown: Why traits are unknown, as a sentence; "" if they are known.
    """

    layers: Mapping[int, Stored] = field(default_factory=dict)
    step: int | None = None
    hashes: Mapping[int, Hashes] = field(default_factory=dict)
    traits: Traits = field(default_factory=Traits)
    unknown: str = ""

    def origin(self, writer: Writer, layer: int, hashes: Hashes) -> Origin:
        """Since when a layer is unchanged, and the sheets that need not be stored again."""
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
        """The specificity of the guided gradients of an unchanged layer, if known."""
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
        """How far the filters of a layer moved since then; see `core.filters.change`."""
        kernels, profiles = traits.kernels.get(origin.layer), traits.profiles.get(origin.layer)
        kernels_before, profiles_before = self._traits_before(origin, traits)
        return (
            Statistic(KERNEL_CHANGE, None, _changes(kernels_before, kernels, filters)),
            Statistic(ACTIVATION_CHANGE, None, _changes(profiles_before, profiles, filters)),
        )

    def why_unknown(self, origins: Iterable[Origin], traits: Traits) -> str:
        """Why the change of some filters is unknown, as a sentence; "" if all are known."""
        before = [self._traits_before(one, traits) for one in origins]
        known = [
            profiles is not None and (kernels is not None or one.layer not in traits.kernels)
            for one, (kernels, profiles) in zip(origins, before, strict=True)
        ]
        if all(known):
            return ""
        return self.unknown or (
            f"Step {self.step}, the previous one, does not have all of these layers."
        )

    def _traits_before(
        self, origin: Origin, traits: Traits
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """Kernels and profiles of a layer then; with the same hashes, the present ones."""
        layer = origin.layer
        hashes = self.hashes.get(layer, Hashes("", ""))
        kernels, profiles = self.traits.kernels.get(layer), self.traits.profiles.get(layer)
        if hashes.weights and hashes.weights == origin.weights:
            kernels = traits.kernels.get(layer)
        if hashes.lineage and hashes.lineage == origin.lineage:
            profiles = traits.profiles.get(layer)
        return (
            _of_shape(kernels, traits.kernels.get(layer)),
            _of_shape(profiles, traits.profiles.get(layer)),
        )


@dataclass(frozen=True, slots=True)
class Course:
    """The data of one capture about the step before, and for the next one."""

    before: Predecessor
    origins: dict[int, Origin]
    traits: Traits = field(default_factory=Traits)

    @property
    def why_changes_unknown(self) -> str:
        """Why the change of some filters is unknown, as a sentence; "" if all are known."""
        return self.before.why_unknown(self.origins.values(), self.traits)

    def has(
        self,
        layer: int,
        method: Method,
        index: int | None,
        stage: ActivationStage | None = None,
    ) -> bool:
        """Whether pictures are already stored: those of an unchanged layer, of any stage."""
        return any(
            (sheet.method, sheet.input) == (method, index) and stage in (None, sheet.stage)
            for sheet in self.origins[layer].sheets
        )


def _since(earlier: int | None, step: int) -> int:
    return step if earlier is None else earlier


def _of_shape(before: FloatArray | None, now: FloatArray | None) -> FloatArray | None:
    is_same = before is not None and now is not None and before.shape == now.shape
    return before if is_same else None


def _changes(before: FloatArray | None, now: FloatArray | None, filters: int) -> FloatArray:
    if before is None or now is None:
        return np.full(filters, np.nan, np.float32)
    return change(before, now)
