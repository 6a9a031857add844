"""A series of checkpoints, captured as the steps of one run, by one process or several.

Every checkpoint is a separate task: it checks whether the checkpoint is already captured, finds
the one before it, and captures it. It computes the traits of the one before (float kernels,
output profiles) from that model, so the result does not depend on which process captured it, or
when. Steps that an earlier call captured between the two, or before the first, are read from
their files. A task waits for the one before to be stored only if a layer is unchanged, and so
stored once. All tasks write one session, one step each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import ConvLensError, InputError, StorageError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.engine.precision import CotangentTypes, Precision
from tensorboard_plugin_convlens.loading.checkpoints import (
    Checkpoint,
    hash_model,
    load_checkpoint,
)
from tensorboard_plugin_convlens.loading.load_limits import (
    LimitError,
    limit_behind,
    limited_tracing,
)
from tensorboard_plugin_convlens.loading.photographs import Photographs, read_photographs
from tensorboard_plugin_convlens.recording.earlier_steps import find_predecessor, stored_layers
from tensorboard_plugin_convlens.recording.previous_step import Predecessor, Stored
from tensorboard_plugin_convlens.recording.recorder import Recorder
from tensorboard_plugin_convlens.recording.series_request import Outcome, Request
from tensorboard_plugin_convlens.recording.shown_inputs import ShownInputs, build_shown_inputs
from tensorboard_plugin_convlens.recording.step_recorder import Progress
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tensorboard_plugin_convlens.tracing.internals import operations_of

_POLL_SECONDS = 0.05
_TOO_LARGE = (LimitError, MemoryError, tf.errors.ResourceExhaustedError)


@dataclass(frozen=True)
class _Loaded:
    """A checkpoint that is in memory, ready to be captured."""

    index: int
    checkpoint: Checkpoint
    writer: Writer
    recorder: Recorder
    model: str
    inputs: str
    photographs: Photographs

    @property
    def run(self) -> RunDirectory:
        """The place of its capture."""
        return RunDirectory(self.writer.run_directory)

    def outcome(self, what: Literal["captured", "there"], capture: Capture | None) -> Outcome:
        """The result for this checkpoint, with remarks on its photographs."""
        return Outcome(
            self.checkpoint,
            what,
            capture,
            skipped=self.photographs.skipped,
            notes=self.photographs.notes,
        )


@dataclass
class Series:
    """Captures the checkpoints of a request.

    Attributes:
      request: What to capture.
      wait_for: Waits until the task of a checkpoint, by its index, has ended.
      precision: Precision of the gradients, the same for all processes of the series.
    """

    request: Request
    wait_for: Callable[[int], None] = field(default=lambda index: None)
    precision: Precision | CotangentTypes = "auto"
    _last: _Loaded | None = None

    def capture(self, index: int, bar: Callable[[int, str], Progress] | None = None) -> Outcome:
        """Captures one checkpoint, unless its capture exists.

        Args:
          index: In `Request.checkpoints`.
          bar: Makes a progress callback from the number of filters and the name of the file.

        Raises:
          StorageError: The log directory cannot be written to, so no other can be captured.
        """
        checkpoint = self.request.checkpoints[index]
        try:
            before, loaded = self._before(index)
            found = self._find(loaded)
            if found is not None:
                return loaded.outcome("there", found[1])
            progress = (
                None if bar is None else bar(loaded.recorder.filters, checkpoint.path.name)
            )
            capture = loaded.recorder.capture(
                checkpoint.step,
                progress=progress,
                before=self._predecessor(before, loaded),
            ).result()
        except StorageError:
            raise
        except (ConvLensError, *_TOO_LARGE) as error:
            return Outcome(checkpoint, "failed", fault=_fault(checkpoint, error))
        return loaded.outcome("captured", capture)

    def _before(self, index: int) -> tuple[_Loaded | None, _Loaded]:
        """The nearest comparable earlier checkpoint, and the checkpoint."""
        # That is nearly always the one before, which is in memory until another is loaded.
        earlier = self._loadable(index)
        before, now = next(earlier, None), self._load(index)
        while before is not None and before.recorder.setting != now.recorder.setting:
            before = next(earlier, None)
        self._last = now
        return before, now

    def _loadable(self, index: int) -> Iterator[_Loaded]:
        """The earlier checkpoints that can be loaded, the nearest first."""
        for earlier in reversed(range(index)):
            try:
                yield self._load(earlier)
            except StorageError:
                raise
            except (ConvLensError, *_TOO_LARGE):
                continue

    def _load(self, index: int) -> _Loaded:
        """A checkpoint ready to be captured; the last one is kept for the next task."""
        if self._last is not None and self._last.index == index:
            return self._last
        asked = self.request
        model = load_checkpoint(asked.checkpoints[index].path, asked.architecture)
        photographs = read_photographs(asked.images, model, most=asked.most)
        inputs = photographs.as_inputs(asked.preprocessing)
        shown = self._shown(photographs, inputs, model)
        name = hash_model(model)
        writer = Writer(asked.log_dir, run=asked.run, session=asked.session)
        with limited_tracing(len(operations_of(model))):
            recorder = Recorder(
                model,
                inputs,
                shown,
                writer,
                asked.options,
                model_hash=name,
                precision=self.precision,
            )
        self._last = _Loaded(
            index=index,
            checkpoint=asked.checkpoints[index],
            writer=writer,
            recorder=recorder,
            model=name,
            inputs=recorder.pictures.fingerprint,
            photographs=photographs,
        )
        return self._last

    def _shown(
        self, photographs: Photographs, inputs: NDArray[np.float32], model: keras.Model
    ) -> ShownInputs:
        """Photographs as people see them, with the classes that their directories name."""
        names = self.request.class_names or _classes_of(model, photographs)
        shown = build_shown_inputs(
            inputs,
            labels=photographs.labels,
            class_names=names,
            display=photographs.pixels,
            color_order=self.request.color_order,
        )
        images = [
            replace(image, class_index=names.index(one) if one in names else None)
            for image, one in zip(shown.images, photographs.classes, strict=True)
        ]
        return replace(shown, images=tuple(images))

    def _predecessor(self, before: _Loaded | None, now: _Loaded) -> Predecessor:
        """The step with which the capture of `now` is compared.

        The checkpoint before it, or a step of the run between the two. Other steps of this
        series are not considered, because they may be captured at this moment.
        """
        step = now.checkpoint.step
        stored = find_predecessor(now.writer, step, now.recorder.setting)
        if before is None or (stored.step or 0) > before.checkpoint.step:
            return stored
        return Predecessor(
            self._layers_before(before, now),
            before.checkpoint.step,
            before.recorder.hashes(),
            before.recorder.observe(),
        )

    def _layers_before(self, before: _Loaded, now: _Loaded) -> Mapping[int, Stored]:
        """The stored layers of the checkpoint before, if a layer is unchanged."""
        earlier, hashes = before.recorder.hashes(), now.recorder.hashes()
        if not any(
            one.weights == earlier[layer].weights
            for layer, one in hashes.items()
            if layer in earlier
        ):
            return {}
        self.wait_for(before.index)
        found = self._find(before)
        return {} if found is None else stored_layers(found[1])

    def _find(self, loaded: _Loaded) -> tuple[StepKey, Capture] | None:
        """The existing capture of a checkpoint with the same weights, inputs and options."""
        step = self.request.checkpoints[loaded.index].step
        for key in loaded.run.steps():
            if key.step != step:
                continue
            try:
                capture = loaded.run.capture(key)
            except ConvLensError:
                return None
            is_same = (
                capture.model == loaded.model
                and capture.arrays == loaded.recorder.arrays
                and capture.inputs == loaded.inputs
                and capture.graph == loaded.recorder.engine.graph.fingerprint
                and capture.asked == self.request.options.asked
                and loaded.recorder.holds(capture)
            )
            return (key, capture) if is_same else None
        return None


def _classes_of(model: keras.Model, photographs: Photographs) -> tuple[str, ...]:
    """The names of the directories, if there are as many as the model has classes.

    Then these are the classes in alphabetical order, as for a model that was trained on such
    directories with `keras.utils.image_dataset_from_directory`.
    """
    outputs = [tuple(tensor.shape) for tensor in getattr(model, "outputs", None) or ()]
    names = photographs.class_names
    return names if len(outputs) == 1 and outputs[0] == (None, len(names)) else ()


def _fault(checkpoint: Checkpoint, error: Exception) -> ConvLensError:
    """Turns an error into a sentence; names the limit, not the layer that met it."""
    limit = limit_behind(error)
    if isinstance(error, ConvLensError) and not limit:
        return error
    reason = limit or "this machine does not have enough memory for it"
    return InputError(f"{str(checkpoint.path)!r} cannot be captured: {reason}.")


def wait_until(is_over: Callable[[], bool]) -> None:
    """Waits, checking twenty times a second."""
    while not is_over():
        time.sleep(_POLL_SECONDS)
