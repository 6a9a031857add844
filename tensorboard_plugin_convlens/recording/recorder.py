"""Captures a model step after step: the part that stays the same between steps.

The whole path of a filter from the model to its sheet: `Recorder.capture` begins a step and
finds what is unchanged since the one before; `StepRecorder.record` asks the engine for one
forward pass per input image, and takes the maps and the gradients of each layer from it; a
lane passes them to the `Recording`, which writes sheets.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import keras

from tensorboard_plugin_convlens.core.hashing import hash_arrays
from tensorboard_plugin_convlens.core.records import Capture, InputImages, Sheet, Skipped
from tensorboard_plugin_convlens.engine.content_hashes import Hashes, hash_values
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.precision import CotangentTypes, Precision
from tensorboard_plugin_convlens.recording.earlier_steps import Own, Setting, find_predecessor
from tensorboard_plugin_convlens.recording.kept_traits import remove_old_traits
from tensorboard_plugin_convlens.recording.lane import DirectLane, Lane
from tensorboard_plugin_convlens.recording.options import CaptureOptions
from tensorboard_plugin_convlens.recording.pace.timetable import Timetable
from tensorboard_plugin_convlens.recording.previous_step import Course, Predecessor, Traits
from tensorboard_plugin_convlens.recording.shown_inputs import ShownInputs
from tensorboard_plugin_convlens.recording.step_recorder import Progress, StepRecorder
from tensorboard_plugin_convlens.storage.writing.recording import End, Origin, Recording
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, one_image, to_arrays


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes of a capture besides its computed parts.

    Attributes:
      iterations: Optimizer updates so far, if there are any.
      missing: Steps that were due since the previous capture and are missing.
      remark: See `Capture`.
    """

    iterations: int | None = None
    missing: Sequence[Skipped] = ()
    remark: str = ""


class Recorder:
    """A model, its input images and a writer; the model is traced once."""

    def __init__(  # noqa: PLR0913  # It brings these together, and nothing else does.
        self,
        model: keras.Model,
        inputs: ModelInputs,
        shown: ShownInputs,
        writer: Writer,
        options: CaptureOptions,
        *,
        lane: Lane | None = None,
        model_hash: str = "",
        precision: Precision | CotangentTypes = "auto",
    ) -> None:
        """Traces the model; the log directory is not touched before `prepare` or `capture`.

        Args:
          model: The model; its current weights are captured.
          inputs: The images as the model takes them.
          shown: The images as people see them.
          writer: Writes the run.
          options: What to capture.
          lane: Who writes; by default the calling thread.
          model_hash: Hash of a saved model (`checkpoints.hash_model`); captures keep it.
          precision: Precision of the gradients; see `engine/precision.py`.

        Raises:
          ConvLensError: The inputs do not fit the model, the model lacks a layer or has no
            convolution, or ConvLens cannot capture models of its kind.
        """
        self._inputs = inputs
        self._writer = writer
        self._options = options
        self._lane = lane or DirectLane()
        self._model = model_hash
        self._timetable = Timetable()
        self._previous: Own | None = None
        self.skipped: tuple[Skipped, ...] = ()
        """The parts that the last capture left out, and why."""
        self.captured_values = ""
        """The result of `values` at the last capture; "" if it did not get that far."""
        self.engine = Engine(model, inputs, layers=options.layers, precision=precision)
        self.pictures: InputImages = shown.pictures(self.engine.input_layouts)
        """The input images as people see them."""

    def prepare(self) -> None:
        """Creates what the run lacks: directory, discovery event, graph, input images.

        Raises:
          StorageError: The log directory cannot be written to.
        """

        def write() -> None:
            self._writer.open()
            self._writer.write_graph(self.engine.graph)
            self._writer.write_inputs(self.pictures)

        self._lane.call(write)

    @property
    def filters(self) -> int:
        """Number of filters times input images in a capture."""
        layers = [self.engine.graph.layers[index] for index in self.engine.convolutions]
        return sum(layer.channels or 0 for layer in layers) * len(self.pictures.inputs)

    def capture(
        self,
        step: int,
        *,
        notes: Notes | None = None,
        seconds: float | None = None,
        progress: Progress | None = None,
        before: Predecessor | None = None,
    ) -> Future[Capture]:
        """Captures the model as it is now; the lane commits the step.

        Args:
          step: Not negative.
          notes: Notes of the capture besides its computed parts.
          seconds: How long it may take. It always takes feature maps and statistics, but
            gradients only as far as the time goes. None means no bound.
          progress: Called for every layer that is done, at every input image.
          before: The step before; by default the one in the run's directory.

        Returns:
          What was captured, without the pixels, once the lane has written it.

        Raises:
          StorageError: The log directory cannot be written to; nothing of the step becomes
            visible. A lane that writes in the background may raise it later.
        """
        notes = notes or Notes()
        self.captured_values = ""
        self._lane.renew()
        self.prepare()
        recording = Recording(
            self._writer, step, after_commit=lambda: remove_old_traits(self._writer, step)
        )
        try:
            capture = self._capture_all(recording, notes, seconds, progress, before)
            self._lane.put(recording, End(capture))
        except BaseException:
            self._lane.abandon(recording)
            raise
        return recording.done

    @property
    def essentials(self) -> float:
        """Seconds that the last capture took, without gradients; 0 before the first."""
        return self._timetable.essentials

    @property
    def arrays(self) -> str:
        """Hash of the input arrays as they are now."""
        return hash_arrays(to_arrays(self._inputs))

    def hashes(self) -> dict[int, Hashes]:
        """The hashes of what each layer depends on now, by index in the model graph."""
        return self.engine.hashes(self.arrays, self.engine.values())

    def values(self) -> str:
        """Hash of everything that the model reads now, including its weights."""
        return hash_values(self.engine.values())

    def holds(self, capture: Capture) -> bool:
        """Whether everything that a capture of the run refers to still exists."""
        return all(
            self._writer.holds(sheet) for layer in capture.layers for sheet in layer.sheets
        )

    def observe(self) -> Traits:
        """Computes the traits that a capture would keep, and writes nothing."""
        traits = Traits()
        for index in range(len(self.pictures.inputs)):
            forward = self.engine.run(one_image(self._inputs, index))
            for layer in self.engine.convolutions:
                traits.add_maps(layer, forward.maps(layer), len(self.pictures.inputs))
        for layer in self.engine.convolutions:
            kernels = forward.kernels(layer)
            if kernels is not None:
                traits.kernels[layer] = kernels
        return traits

    @property
    def setting(self) -> Setting:
        """The properties that steps must share to be compared."""
        return Setting(self.engine.graph.fingerprint, self.pictures.fingerprint, self.arrays)

    def _predecessor(self, step: int, setting: Setting) -> Predecessor:
        """The step before, once all waiting pieces are written."""
        own = self._previous
        return self._lane.call(lambda: find_predecessor(self._writer, step, setting, own))

    def _capture_all(
        self,
        recording: Recording,
        notes: Notes,
        seconds: float | None,
        progress: Progress | None,
        before: Predecessor | None,
    ) -> Capture:
        """Captures a step; returns everything except the layers, which the recording has."""
        started = time.monotonic()
        self._timetable.begin(seconds, len(self.pictures.inputs))
        setting = self.setting
        before = self._predecessor(recording.step, setting) if before is None else before
        now = self._begin(recording, before, progress)
        predictions, skipped = now.record(self._inputs)
        self._previous = Own(recording.done, now.course.traits)
        self._timetable.end()
        self.skipped = skipped
        return Capture(
            step=recording.step,
            wall_time=time.time(),
            session=self._writer.session,
            graph=setting.graph,
            inputs=setting.inputs,
            layers=(),
            predictions=predictions,
            iterations=notes.iterations,
            skipped=(*skipped, *notes.missing),
            remark=notes.remark,
            seconds=time.monotonic() - started,
            arrays=setting.arrays,
            asked=self._options.asked,
            model=self._model,
            changes_since=before.step,
            changes_unknown=now.course.why_changes_unknown,
        )

    def _begin(
        self, recording: Recording, before: Predecessor, progress: Progress | None
    ) -> StepRecorder:
        """Notes in the recording which layers are unchanged since the step before."""
        values = self.engine.values()
        self.captured_values = hash_values(values)
        hashes = self.engine.hashes(self.arrays, values)

        def find() -> dict[int, Origin]:
            return {
                layer: before.origin(self._writer, layer, one) for layer, one in hashes.items()
            }

        origins = {}
        for layer, origin in self._lane.call(find).items():
            kept = tuple(sheet for sheet in origin.sheets if self._is_asked(sheet))
            origins[layer] = replace(origin, sheets=kept)
            self._lane.put(recording, origins[layer])
        return StepRecorder(
            recording=recording,
            course=Course(before, origins),
            engine=self.engine,
            pictures=self.pictures,
            options=self._options,
            lane=self._lane,
            timetable=self._timetable,
            progress=progress,
        )

    def _is_asked(self, sheet: Sheet) -> bool:
        is_method = sheet.method in self._options.methods
        return is_method and sheet.target in (None, self._options.target)
