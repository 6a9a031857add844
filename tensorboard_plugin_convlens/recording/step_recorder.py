"""One step of a recorder while it is captured: from forward passes to pieces of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tensorboard_plugin_convlens.core.filters.importance import Specificity
from tensorboard_plugin_convlens.core.records import (
    FloatArray,
    InputImages,
    Prediction,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.forward import Forward
from tensorboard_plugin_convlens.recording import skipped_parts
from tensorboard_plugin_convlens.recording.across_inputs import AcrossInputs
from tensorboard_plugin_convlens.recording.lane import Lane
from tensorboard_plugin_convlens.recording.options import CaptureOptions
from tensorboard_plugin_convlens.recording.pace.timetable import Timetable
from tensorboard_plugin_convlens.recording.previous_step import Course
from tensorboard_plugin_convlens.storage.format.traits_message import LARGEST_TRAITS
from tensorboard_plugin_convlens.storage.writing.recording import (
    GradientBlock,
    Kernels,
    Maps,
    Numbers,
    Recording,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import GradientKey
from tensorboard_plugin_convlens.storage.writing.traits_recording import TRAITS
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, one_image

Progress = Callable[[str, int], None]
"""Called with the key of a layer and the number of its finished filters."""


@dataclass(frozen=True)
class StepRecorder:
    """Asks the engine for everything of one step, and passes it to the lane.

    Attributes:
      recording: Writes the step.
      course: The unchanged parts since the step before.
      engine, pictures, options, lane, timetable: Those of the recorder.
      progress: Called for every layer that is done, at every input image.
    """

    recording: Recording
    course: Course
    engine: Engine
    pictures: InputImages
    options: CaptureOptions
    lane: Lane
    timetable: Timetable
    progress: Progress | None

    def record(
        self, inputs: ModelInputs
    ) -> tuple[tuple[tuple[Prediction, ...], ...], tuple[Skipped, ...]]:
        """Captures the changed parts of the step, image by image.

        Args:
          inputs: The images as the model takes them.

        Returns:
          The predictions, one tuple per input image; what was requested and left out.
        """
        predictions: list[tuple[Prediction, ...]] = []
        across = AcrossInputs([one.class_index for one in self.pictures.inputs])
        skipped = list(self.engine.skipped)
        for index in range(len(self.pictures.inputs)):
            forward = self.engine.run(one_image(inputs, index))
            predictions.append(forward.predictions)
            skipped += self._take_input(forward, index, across)
        skipped += self._take_kernels(forward)
        skipped += skipped_parts.of_class_names(self.pictures.class_names, predictions)
        self._take_numbers(across)
        skipped += self._keep_traits()
        return tuple(predictions), tuple(skipped)

    def _take_input(self, forward: Forward, index: int, across: AcrossInputs) -> list[Skipped]:
        """Captures an image: maps with their statistics, then gradients as time allows."""
        for layer in self.engine.convolutions:
            # All that is made of a layer's maps, while they are there.
            self._take_maps(forward, layer, index)
            across.add(layer, forward.responses(layer))
            statistics = _of_input(forward.statistics_of_maps(layer), index)
            self.lane.put(self.recording, Numbers(layer, statistics, None))
        self.timetable.begin_gradients(index)
        missing: list[tuple[Literal["guided", "gradient"], str]] = []
        for layer in self.engine.convolutions:
            node = self.engine.graph.layers[layer]
            missing += [
                (method, node.key) for method in self._take_methods(forward, layer, index)
            ]
            if self.progress is not None:
                self.progress(node.key, node.channels or 0)
        return list(skipped_parts.of_gradients(missing, self.pictures.inputs[index].label))

    def _take_kernels(self, forward: Forward) -> list[Skipped]:
        """Captures kernels and their norms, from any forward pass; returns layers without."""
        skipped = []
        for layer in self.engine.convolutions:
            kernels = forward.kernels(layer)
            if kernels is not None:
                self.course.traits.kernels[layer] = kernels
            norms = forward.norms(layer, kernels)
            self.lane.put(self.recording, Numbers(layer, norms, None))
            if "kernel" not in self.options.methods or self.course.has(layer, "kernel", None):
                continue
            if kernels is None:
                key = self.engine.graph.layers[layer].key
                reason = "its kernels are not of the usual form"
                skipped.append(Skipped(f"kernels of {key}", reason))
            else:
                self.lane.put(self.recording, Kernels(layer, kernels))
        return skipped

    def _take_numbers(self, across: AcrossInputs) -> None:
        """Captures how far filters moved since the step before, and numbers of all images."""
        traits = self.course.traits
        for layer, origin in self.course.origins.items():
            filters = self.engine.graph.layers[layer].channels or 0
            changes = self.course.before.changes(origin, traits, filters)
            fpgm = self.course.before.fpgm(origin)
            numbers = across.statistics(layer, traits.kernels.get(layer), fpgm=fpgm)
            self.lane.put(self.recording, Numbers(layer, (*changes, *numbers), None))

    def _keep_traits(self) -> list[Skipped]:
        """Passes on the traits for the next session; returns those that are too large."""
        traits = self.course.traits
        if traits.size > LARGEST_TRAITS:
            reason = (
                f"it would take {traits.size / 2**20:,.0f} MiB on the disk; ConvLens stores at "
                f"most {LARGEST_TRAITS // 2**20} MiB"
            )
            return [Skipped(TRAITS, reason)]
        for layer in self.course.origins:
            self.lane.put(self.recording, traits.of_layer(layer))
        return []

    def _take_maps(self, forward: Forward, layer: int, index: int) -> None:
        """The output of a layer, and the result of a later activation function."""
        maps = forward.maps(layer)
        self.course.traits.add_maps(layer, maps, len(self.pictures.inputs))
        if "activation" not in self.options.methods:
            return
        stage = self.engine.graph.layers[layer].activation_stage
        if not self.course.has(layer, "activation", index, stage):
            self.lane.put(self.recording, Maps(layer, index, maps, stage))
        if self.course.has(layer, "activation", index, "after"):
            return
        activated = forward.activated_maps(layer)
        if activated is not None:
            self.lane.put(self.recording, Maps(layer, index, activated, "after"))

    def _take_methods(
        self, forward: Forward, layer: int, index: int
    ) -> list[Literal["guided", "gradient"]]:
        """Captures the gradients of a layer at an image; returns those that did not fit."""
        statistics: list[Statistic] = []
        missing: list[Literal["guided", "gradient"]] = []
        for method in self._gradient_methods():
            if self.course.has(layer, method, index):
                if method == "guided":
                    statistics += self.course.before.specificity(layer, index)
            elif self.timetable.has_time_for(layer, method):
                key = GradientKey(method, self.options.target, index)
                with self.timetable.measured(layer, method):
                    specificity = self._take_gradients(forward, layer, key)
                if method == "guided":
                    statistics.append(Statistic("specificity", index, specificity))
            else:
                missing.append(method)
        guidance = self.engine.guidance(layer) if self._is_guided else None
        if guidance is not None:
            self.lane.put(self.recording, Numbers(layer, tuple(statistics), guidance))
        return missing

    def _take_gradients(self, forward: Forward, layer: int, key: GradientKey) -> FloatArray:
        """Captures gradients of a layer in blocks; returns the specificity of each filter."""
        specificity = Specificity()
        for block in forward.gradients(layer, method=key.method, target=key.target):
            specificity.add(block.values)
            self.lane.put(self.recording, GradientBlock(layer, key, block))
        self.lane.put(self.recording, GradientBlock(layer, key, None))
        return specificity.values()

    def _gradient_methods(self) -> Iterator[Literal["guided", "gradient"]]:
        if self._is_guided:
            yield "guided"
        if "gradient" in self.options.methods:
            yield "gradient"

    @property
    def _is_guided(self) -> bool:
        return "guided" in self.options.methods


def _of_input(statistics: tuple[Statistic, ...], index: int) -> tuple[Statistic, ...]:
    """The statistics of one forward pass, marked with their input image."""
    return tuple(one if one.input is None else replace(one, input=index) for one in statistics)
