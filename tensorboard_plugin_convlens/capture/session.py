"""Captures a model step after step: the engine's results, layer by layer, into packs.

The whole way of a filter from the model to the sheet: `Session.capture` asks the engine
for one forward pass per input image, `_capture_input` takes the maps and the gradients of
each layer from it, a lane carries them to the `Recording`, and that writes sheets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import keras

from tensorboard_plugin_convlens.capture import left_out, predecessor
from tensorboard_plugin_convlens.capture.across_inputs import AcrossInputs
from tensorboard_plugin_convlens.capture.engine import Engine
from tensorboard_plugin_convlens.capture.forward import Forward
from tensorboard_plugin_convlens.capture.inputs import ModelInputs, one_image, to_arrays
from tensorboard_plugin_convlens.capture.lane import DirectLane, Lane
from tensorboard_plugin_convlens.capture.lineage import Hashes, hash_arrays
from tensorboard_plugin_convlens.capture.options import CaptureOptions
from tensorboard_plugin_convlens.capture.predecessor import Course, Predecessor, Traits
from tensorboard_plugin_convlens.capture.timetable import Timetable
from tensorboard_plugin_convlens.core.importance import Specificity
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    InputImages,
    Prediction,
    Sheet,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage.recording import (
    Abandon,
    End,
    GradientBlock,
    Kernels,
    Maps,
    Numbers,
    Recording,
)
from tensorboard_plugin_convlens.storage.sheet_writer import GradientKey
from tensorboard_plugin_convlens.storage.writer import Writer

Progress = Callable[[str, int], None]
"""Is called with the key of a layer and the number of its filters that are done."""


class Session:
    """A model, its input images and a writer; the model is traced once."""

    def __init__(  # noqa: PLR0913  # It brings these together, and nothing else does.
        self,
        model: keras.Model,
        inputs: ModelInputs,
        pictures: InputImages,
        writer: Writer,
        options: CaptureOptions,
        *,
        lane: Lane | None = None,
        model_hash: str = "",
    ) -> None:
        """Traces the model and writes its graph and the input images.

        Args:
          model: The model; its current weights are captured.
          inputs: The images as the model takes them.
          pictures: The same as people see them.
          writer: Of the run.
          options: What to capture.
          lane: Who writes; by default the calling thread.
          model_hash: Of a saved model (`checkpoints.hash_model`), to be kept with captures.

        Raises:
          ConvLensError: The inputs do not fit the model, a layer is not there, there is no
            convolution, the model is of a kind that cannot be captured, or the log
            directory cannot be written to.
        """
        self._inputs = inputs
        self._pictures = pictures
        self._writer = writer
        self._options = options
        self._lane = lane or DirectLane()
        self._model = model_hash
        self._timetable = Timetable()
        self._previous: tuple[Recording, Course] | None = None
        self.skipped: tuple[Skipped, ...] = ()
        """What the last capture left out, and why."""
        self.engine = Engine(model, inputs, layers=options.layers)
        writer.write_graph(self.engine.graph)
        writer.write_inputs(pictures)

    @property
    def filters(self) -> int:
        """Number of pictures-to-take of a capture: filters times input images."""
        layers = [self.engine.graph.layers[index] for index in self.engine.convolutions]
        return sum(layer.channels or 0 for layer in layers) * len(self._pictures.inputs)

    def capture(
        self,
        step: int,
        *,
        iterations: int | None = None,
        seconds: float | None = None,
        progress: Progress | None = None,
        before: Predecessor | None = None,
    ) -> Recording:
        """Captures the model as it is now; the lane commits the step.

        Args:
          step: Not negative.
          iterations: Optimizer updates so far, where there are any.
          seconds: What it may take; feature maps and statistics are always taken, gradients
            only as far as the time goes. None for all.
          progress: Is told of every layer that is done, for every input image.
          before: The step before, where it is not this session's own or the latest in the
            run's directory.

        Returns:
          The recording; its `capture` is there once the lane has written it.

        Raises:
          StorageError: With the direct lane, the log directory cannot be written to;
            nothing of the step becomes visible.
        """
        recording = Recording(self._writer, step)
        try:
            capture = self._capture_all(recording, seconds, progress, before)
        except BaseException:
            self._lane.put(recording, Abandon())
            raise
        self._lane.put(recording, End(replace(capture, iterations=iterations)))
        return recording

    @property
    def arrays(self) -> str:
        """Hash of the input arrays as they are now."""
        return hash_arrays(to_arrays(self._inputs))

    def hashes(self) -> dict[int, Hashes]:
        """What each layer depends on now, by index in the model graph."""
        return self.engine.hashes(self.arrays)

    def holds(self, capture: Capture) -> bool:
        """Whether everything that a capture of the run refers to still lies there."""
        return all(
            self._writer.holds(sheet) for layer in capture.layers for sheet in layer.sheets
        )

    def observe(self) -> Traits:
        """What a capture would remember of the filters; nothing is written."""
        traits = Traits()
        for index in range(len(self._pictures.inputs)):
            forward = self.engine.run(one_image(self._inputs, index))
            for layer in self.engine.convolutions:
                traits.add_maps(layer, forward.maps(layer), len(self._pictures.inputs))
        for layer in self.engine.convolutions:
            kernels = self.engine.kernels(layer)
            if kernels is not None:
                traits.kernels[layer] = kernels
        return traits

    def _predecessor(self, step: int) -> Predecessor:
        """The step before: of this session, once it is written, else of an earlier one."""
        if self._previous is None or self._previous[0].step >= step:
            return predecessor.of_directory(self._writer, step)
        self._lane.wait()
        recording, course = self._previous
        return predecessor.of_recording(recording, course.traits)

    def _capture_all(
        self,
        recording: Recording,
        seconds: float | None,
        progress: Progress | None,
        before: Predecessor | None,
    ) -> Capture:
        """Everything of a step, but for the layers, which are in the recording."""
        started = time.monotonic()
        predictions: list[tuple[Prediction, ...]] = []
        skipped = list(self.engine.skipped)
        self._timetable.begin(seconds, len(self._pictures.inputs))
        before = self._predecessor(recording.step) if before is None else before
        now = self._begin_course(recording, before)
        across = AcrossInputs([one.class_index for one in self._pictures.inputs])
        for index in range(len(self._pictures.inputs)):
            forward = self.engine.run(one_image(self._inputs, index))
            predictions.append(forward.predictions)
            across.add_all(self.engine.convolutions, forward.responses)
            skipped += self._capture_input(recording, forward, index, now, progress)
        skipped += self._capture_kernels(recording, now)
        skipped += left_out.of_class_names(self._pictures.class_names, predictions)
        self._capture_numbers(recording, now, across)
        self._previous = recording, now
        self.skipped = tuple(skipped)
        return Capture(
            step=recording.step,
            wall_time=time.time(),
            session=self._writer.session,
            graph=self.engine.graph.fingerprint,
            inputs=self._pictures.fingerprint,
            layers=(),
            predictions=tuple(predictions),
            skipped=self.skipped,
            seconds=time.monotonic() - started,
            arrays=self.arrays,
            asked=self._options.asked,
            model=self._model,
        )

    def _begin_course(self, recording: Recording, before: Predecessor) -> Course:
        """What is unchanged since the step before; notes it in the recording."""
        origins = {}
        for layer, hashes in self.hashes().items():
            origin = before.origin(self._writer, layer, hashes)
            kept = tuple(sheet for sheet in origin.sheets if self._is_asked(sheet))
            origins[layer] = replace(origin, sheets=kept)
            self._lane.put(recording, origins[layer])
        return Course(before, origins)

    def _is_asked(self, sheet: Sheet) -> bool:
        is_method = sheet.method in self._options.methods
        return is_method and sheet.target in ("", self._options.target)

    def _capture_numbers(self, recording: Recording, now: Course, across: AcrossInputs) -> None:
        """How far every filter moved since the step before; what all images say together."""
        for layer, origin in now.origins.items():
            filters = self.engine.graph.layers[layer].channels or 0
            changes = now.before.changes(origin, now.traits, filters)
            numbers = across.statistics(layer, now.traits.kernels.get(layer))
            self._lane.put(recording, Numbers(layer, (*changes, *numbers), None))

    def _capture_input(
        self,
        recording: Recording,
        forward: Forward,
        index: int,
        now: Course,
        progress: Progress | None,
    ) -> Iterator[Skipped]:
        """Everything at one input image: all maps first, then gradients by layer."""
        self._capture_maps(recording, forward, index, now)
        self._timetable.begin_gradients(index)
        missing = []
        for layer in self.engine.convolutions:
            node = self.engine.graph.layers[layer]
            statistics = list(_of_input(forward.statistics(layer), index))
            for method in self._gradient_methods():
                key = GradientKey(method, self._options.target, index)
                if now.has(layer, method, index):
                    if method == "guided":
                        statistics += now.before.specificity(layer, index)
                elif self._timetable.has_time_for(layer, method):
                    with self._timetable.measured(layer, method):
                        specificity = self._capture_gradients(recording, forward, layer, key)
                    if method == "guided":
                        statistics.append(Statistic("specificity", index, specificity))
                else:
                    missing.append((method, node.key))
            guidance = self.engine.guidance(layer) if self._is_guided else None
            self._lane.put(recording, Numbers(layer, tuple(statistics), guidance))
            if progress is not None:
                progress(node.key, node.channels or 0)
        yield from left_out.of_gradients(missing, self._pictures.inputs[index].label)

    def _capture_maps(
        self, recording: Recording, forward: Forward, index: int, now: Course
    ) -> None:
        """The output of every layer, and what a later activation function makes of it."""
        for layer in self.engine.convolutions:
            maps = forward.maps(layer)
            now.traits.add_maps(layer, maps, len(self._pictures.inputs))
            if "activation" not in self._options.methods:
                continue
            stage = self.engine.graph.layers[layer].activation_stage
            if not now.has(layer, "activation", index, stage):
                self._lane.put(recording, Maps(layer, index, maps, stage))
            if now.has(layer, "activation", index, "after"):
                continue
            activated = forward.activated_maps(layer)
            if activated is not None:
                self._lane.put(recording, Maps(layer, index, activated, "after"))

    def _capture_gradients(
        self, recording: Recording, forward: Forward, layer: int, key: GradientKey
    ) -> FloatArray:
        """The gradients of one layer, block by block; returns how specific each filter's is."""
        specificity = Specificity()
        for block in forward.gradients(layer, method=key.method, target=key.target):
            specificity.add(block.values)
            self._lane.put(recording, GradientBlock(layer, key, block))
        self._lane.put(recording, GradientBlock(layer, key, None))
        return specificity.values()

    def _gradient_methods(self) -> Iterator[Literal["guided", "gradient"]]:
        if self._is_guided:
            yield "guided"
        if "gradient" in self._options.methods:
            yield "gradient"

    @property
    def _is_guided(self) -> bool:
        return "guided" in self._options.methods

    def _capture_kernels(self, recording: Recording, now: Course) -> Iterator[Skipped]:
        """The kernels of every layer; yields the layers that have none to show."""
        for layer in self.engine.convolutions:
            kernels = self.engine.kernels(layer)
            if kernels is not None:
                now.traits.kernels[layer] = kernels
            if "kernel" not in self._options.methods or now.has(layer, "kernel", -1):
                continue
            if kernels is None:
                key = self.engine.graph.layers[layer].key
                yield Skipped(f"kernels of {key}", "its kernels are not of the usual form")
            else:
                self._lane.put(recording, Kernels(layer, kernels))


def _of_input(statistics: tuple[Statistic, ...], index: int) -> tuple[Statistic, ...]:
    """The statistics of one forward pass, marked with their input image."""
    marked = [one if one.input < 0 else replace(one, input=index) for one in statistics]
    return tuple(marked)
