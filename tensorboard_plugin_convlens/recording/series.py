"""A series of checkpoints, captured as the steps of one run, by one process or several.

Every checkpoint is a task of its own: it looks whether it is captured already, finds the
checkpoint before it, and is captured. What it needs of the one before (float kernels,
activation profiles) it computes from that model, so the result does not depend on which
process captured it, or when. Only where a layer is unchanged, and so stored once, does it
wait for the one before to be stored. All write one session: each step is one task's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import ConvLensError, InputError, StorageError
from tensorboard_plugin_convlens.core.records import Capture, ColorOrder, Skipped, StepKey
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
from tensorboard_plugin_convlens.recording import previous_step
from tensorboard_plugin_convlens.recording.options import CaptureOptions
from tensorboard_plugin_convlens.recording.previous_step import Predecessor
from tensorboard_plugin_convlens.recording.session import Session
from tensorboard_plugin_convlens.recording.shown_inputs import ShownInputs, build_shown_inputs
from tensorboard_plugin_convlens.recording.step_capture import Progress
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tensorboard_plugin_convlens.tracing.internals import operations_of

_POLL_SECONDS = 0.05
_TOO_LARGE = (LimitError, MemoryError, tf.errors.ResourceExhaustedError)


@dataclass(frozen=True, slots=True)
class Request:
    """What to capture, as plain values that every process can have.

    Attributes:
      checkpoints: By ascending step.
      architecture: Of weights files, or None.
      images: Photographs: a directory, or one.
      most: No more photographs than this.
      preprocessing: As `photographs.preprocess` knows it.
      class_names, color_order: As `shown_inputs.build_shown_inputs` takes them.
      options: Methods, target, layers.
      log_dir, run, session: Where to write.
    """

    checkpoints: tuple[Checkpoint, ...]
    architecture: Path | None
    images: Path
    most: int
    preprocessing: str
    class_names: tuple[str, ...]
    color_order: ColorOrder
    options: CaptureOptions
    log_dir: str
    run: str
    session: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a checkpoint.

    Attributes:
      checkpoint: Which.
      what: `"captured"`, `"there"` (already, with the same weights, inputs and options), or
        `"failed"`.
      capture: What was captured, or is there; None where it failed.
      fault: Why it failed.
      skipped: Photographs that are left out.
      notes: What was done to photographs that a person would not expect.
    """

    checkpoint: Checkpoint
    what: Literal["captured", "there", "failed"]
    capture: Capture | None = None
    fault: ConvLensError | None = None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class _Loaded:
    """A checkpoint that is in memory, ready to be captured."""

    index: int
    checkpoint: Checkpoint
    run: RunDirectory
    session: Session
    model: str
    inputs: str
    photographs: Photographs

    def outcome(self, what: Literal["captured", "there"], capture: Capture | None) -> Outcome:
        """What became of it, with what is to be said of its photographs."""
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
    """

    request: Request
    wait_for: Callable[[int], None] = field(default=lambda index: None)
    _last: _Loaded | None = None

    def capture(self, index: int, bar: Callable[[int, str], Progress] | None = None) -> Outcome:
        """Captures one checkpoint, unless it is there.

        Args:
          index: In `Request.checkpoints`.
          bar: Is given the number of filters and the name; makes what is told of progress.

        Raises:
          StorageError: The log directory cannot be written to, so no other can be captured.
        """
        checkpoint = self.request.checkpoints[index]
        try:
            before, loaded = self._before(index), self._load(index)
            found = self._find(loaded)
            if found is not None:
                return loaded.outcome("there", found[1])
            progress = (
                None if bar is None else bar(loaded.session.filters, checkpoint.path.name)
            )
            recording = loaded.session.capture(
                checkpoint.step,
                progress=progress,
                before=self._predecessor(before, loaded),
            )
        except StorageError:
            raise
        except (ConvLensError, *_TOO_LARGE) as error:
            return Outcome(checkpoint, "failed", fault=_fault(checkpoint, error))
        return loaded.outcome("captured", recording.capture)

    def _before(self, index: int) -> _Loaded | None:
        """The nearest earlier checkpoint that can be loaded."""
        for earlier in reversed(range(index)):
            try:
                return self._load(earlier)
            except StorageError:
                raise
            except (ConvLensError, *_TOO_LARGE):
                continue
        return None

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
            session = Session(model, inputs, shown, writer, asked.options, model_hash=name)
        self._last = _Loaded(
            index=index,
            checkpoint=asked.checkpoints[index],
            run=RunDirectory(writer.run_directory),
            session=session,
            model=name,
            inputs=session.pictures.fingerprint,
            photographs=photographs,
        )
        return self._last

    def _shown(
        self, photographs: Photographs, inputs: NDArray[np.float32], model: keras.Model
    ) -> ShownInputs:
        """What is shown of photographs, with the classes that their directories name."""
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
        """What the capture of `now` compares itself with."""
        if before is None:
            return Predecessor()
        traits = before.session.observe()
        earlier, hashes = before.session.hashes(), now.session.hashes()
        if not any(
            one.weights == earlier[layer].weights
            for layer, one in hashes.items()
            if layer in earlier
        ):
            return Predecessor(traits=traits)
        self.wait_for(before.index)
        found = self._find(before)
        if found is None:
            return Predecessor(traits=traits)
        layers = previous_step.of_step(before.run, found[0]).layers
        return Predecessor(layers, traits)

    def _find(self, loaded: _Loaded) -> tuple[StepKey, Capture] | None:
        """The capture of a checkpoint, if it is there: same weights, inputs and options."""
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
                and capture.arrays == loaded.session.arrays
                and capture.inputs == loaded.inputs
                and capture.graph == loaded.session.engine.graph.fingerprint
                and capture.asked == self.request.options.asked
                and loaded.session.holds(capture)
            )
            return (key, capture) if is_same else None
        return None


def _classes_of(model: keras.Model, photographs: Photographs) -> tuple[str, ...]:
    """The names of the directories, where there are as many as the model has classes.

    Then these are the classes in alphabetical order, as of a model that was trained on such
    directories with `keras.utils.image_dataset_from_directory`.
    """
    outputs = [tuple(tensor.shape) for tensor in getattr(model, "outputs", None) or ()]
    names = photographs.class_names
    return names if len(outputs) == 1 and outputs[0] == (None, len(names)) else ()


def _fault(checkpoint: Checkpoint, error: Exception) -> ConvLensError:
    """An error as a sentence; the layer in which a limit was met is not the reason."""
    limit = limit_behind(error)
    if isinstance(error, ConvLensError) and not limit:
        return error
    reason = limit or "the memory of this machine does not suffice for it"
    return InputError(f"{str(checkpoint.path)!r} cannot be captured: {reason}.")


def wait_until(is_over: Callable[[], bool]) -> None:
    """Waits, looking twenty times a second."""
    while not is_over():
        time.sleep(_POLL_SECONDS)
