"""One training that is captured: which captures are due, done or failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import keras

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.recording.background_lane import BackgroundLane
from tensorboard_plugin_convlens.recording.pace.updates import UpdateCounter
from tensorboard_plugin_convlens.recording.problem_log import ProblemLog
from tensorboard_plugin_convlens.recording.recorder import Notes, Recorder
from tensorboard_plugin_convlens.recording.skipped_parts import MissingSteps
from tensorboard_plugin_convlens.recording.wish import Wish
from tensorboard_plugin_convlens.recording.written_steps import WrittenSteps
from tensorboard_plugin_convlens.storage.writing.writer import Writer

# A fault of the model or of ConvLens that returns at every capture is not worth trying for
# ever; a disk may become free or writable at any time, and is always tried again.
_MOST_FAILURES = 3
_NO_WEIGHTS = (
    "ConvLens did not capture the weights before training: the model {name!r} has none before "
    "its first batch. Call it once on a batch, or build() it, before fit."
)


class WatchedTraining:
    """Captures the due steps of one training. Its methods raise faults."""

    def __init__(
        self, wish: Wish, model: keras.Model, lane: BackgroundLane, problems: ProblemLog
    ) -> None:
        """Begins; nothing is touched yet.

        Args:
          wish: What to capture.
          model: The model that is trained.
          lane: Writes captures.
          problems: Logs what is missing.
        """
        self._wish = wish
        self._model = model
        self._lane = lane
        self._problems = problems
        self._began = time.time()
        self._writer: Writer | None = None
        self._end_session: Callable[[], None] = _nothing
        self._recorder: Recorder | None = None
        self._updates = UpdateCounter()
        self._missing = MissingSteps()
        self._told: set[Skipped] = set()
        self._failures = 0
        self._disk_failed = False
        self._seconds_of_failure = 0.0
        self._epoch: int | None = None
        self._last_step: int | None = None
        self._last_due: int | None = None
        self._last_values = ""
        self._written = WrittenSteps()
        self._waits_for_weights = False

    def begin_epoch(self, epoch: int) -> None:
        """Captures the weights before training, at its first epoch."""
        if self._epoch is None:
            self._epoch = epoch
        if self._last_step is not None:
            return
        if self._captured.built:
            self._capture(self._count() if self._wish.schedule.by_batch else epoch)
        elif not self._waits_for_weights:
            self._waits_for_weights = True
            self._problems.tell(_NO_WEIGHTS.format(name=self._captured.name))

    def end_batch(self, batch: int) -> None:
        """Captures by batch, if the schedule counts batches.

        Some models get their weights at the first batch. ConvLens looks at such a model after
        that batch, not only at the end of the epoch, so that it refuses what it cannot capture
        as early as possible.
        """
        self._updates.end_batch(batch)
        if self._waits_for_weights and self._captured.built:
            self._waits_for_weights = False
            self._look_at_model()
        schedule = self._wish.schedule
        if schedule.by_batch and schedule.is_due(self._count(), self._last_due):
            self._capture(self._count())

    def end_epoch(self, epoch: int, *, is_last: bool) -> None:
        """Captures by epoch, and the last epoch in any case: before others set its weights."""
        self._epoch = epoch + 1
        self._updates.end_epoch()
        schedule = self._wish.schedule
        is_due = not schedule.by_batch and schedule.is_due(self._epoch, self._last_due)
        if is_due or is_last:
            self._capture(self._now, is_last=is_last)

    def end(self) -> None:
        """Captures the trained model, if the last capture was before the last update."""
        if self._epoch is not None:
            self._capture(self._now, is_last=True)

    def finish(self) -> None:
        """Captures the model that the training leaves, if others have changed it since `end`.

        Its step is the one after the last. No update made this model; often it is the model of
        an earlier step. The manifest describes it.
        """
        recorder, last = self._recorder, self._last_step
        if last is not None and self._missing.has_failed(last):
            self._last_step = None  # The disk may have become free since.
            self._capture(last, is_last=True)
        elif recorder is not None and last is not None and self._last_values:
            values = recorder.values()
            if values != self._last_values:
                self._capture(last + 1, is_last=True, remark=self._remark(values))
        self.drain()

    def drain(self) -> None:
        """Waits until all captures are written, or have failed; raises the first fault."""
        self._lane.renew()
        self._lane.wait()
        self._check_lane()

    def close(self) -> None:
        """Writes everything that can be written, and logs which steps are missing."""
        self._lane.renew()
        self._settle()
        for missing in self._missing.describe():
            self._problems.tell(f"ConvLens has not captured {missing.what}: {missing.reason}.")
        self._missing.clear()
        self._problems.write()
        self.release()
        with suppress(StorageError):  # The log already says that the disk does not answer.
            self._lane.wait()

    def release(self) -> None:
        """Queues the end of the session, after everything that is still to be written."""
        self._lane.send(self._end_session)
        self._end_session = _nothing

    def write_status(self, sentences: list[str]) -> None:
        """Queues a write of the problems beside the captures."""
        writer = self._writer
        if writer is not None:
            self._lane.send(lambda: writer.write_status(sentences))

    @property
    def has_given_up(self) -> bool:
        """Whether capturing has stopped."""
        return self._failures >= _MOST_FAILURES

    @property
    def _now(self) -> int:
        """The current step of the training, once an epoch has begun."""
        return self._count() if self._wish.schedule.by_batch else self._epoch or 0

    @property
    def _captured(self) -> keras.Model:
        """The trained model, or the requested part of it."""
        return self._model if self._wish.part is None else self._wish.part

    def _count(self) -> int:
        """Updates that the training has made."""
        return self._updates.count(self._model)

    def _capture(self, step: int, *, is_last: bool = False, remark: str = "") -> None:
        """Captures a step once, or skips it if it does not fit into the budget."""
        if self.has_given_up or (self._last_step is not None and step <= self._last_step):
            return
        self._last_due = step
        if not is_last and not self._has_room_for(step):
            return
        self._last_step = step
        began = time.monotonic()
        try:
            self._record(step, is_last=is_last, remark=remark)
        except Exception as error:
            self._seconds_of_failure = time.monotonic() - began
            self._missing.add_failed(step)
            self._count_failure(error)
            raise
        self._failures = 0
        self._seconds_of_failure = 0.0
        self._check_lane()

    def _record(self, step: int, *, is_last: bool, remark: str) -> None:
        """Computes a capture on this thread, and writes it in the background."""
        self._last_values = ""
        self._missing.remove_failed(step)
        recorder = self._look_at_model()
        budget = self._wish.budget
        seconds = budget.allowance(is_last=is_last)
        notes = Notes(self._count(), self._missing.describe(), remark)
        with budget.measured():
            done = recorder.capture(step, notes=notes, seconds=seconds)
        self._disk_failed = False
        self._missing.clear()
        self._last_values = recorder.captured_values
        self._written.add(step, self._last_values, done)
        self._say_left_out(recorder.skipped)

    def _try_disk(self, writer: Writer) -> None:
        """Writes a small file first, so that no long computation is wasted again."""
        sentences = self._problems.sentences

        def write() -> None:
            writer.open()
            writer.write_status(sentences)

        self._lane.call(write)

    def _settle(self) -> None:
        """Notes which captures could not be written since then."""
        for step in self._written.take_failed():
            self._missing.add_failed(step)

    def _check_lane(self) -> None:
        """Raises the first fault of writing earlier captures."""
        self._settle()
        try:
            self._lane.check()
        except Exception as error:
            self._count_failure(error)
            raise

    def _count_failure(self, error: Exception) -> None:
        """Counts a failure, except of the disk, which is always tried again."""
        if isinstance(error, StorageError | OSError):
            self._disk_failed = True
        else:
            self._failures += 1

    def _has_room_for(self, step: int) -> bool:
        """Whether the parts of every capture fit into the budget; the first always fits."""
        essentials = 0.0 if self._recorder is None else self._recorder.essentials
        seconds = max(essentials, self._seconds_of_failure)
        if self._last_step is None or seconds == 0 or self._wish.budget.has_room_for(seconds):
            return True
        self._say_left_out([self._missing.add_passed_over(step, seconds)])
        return False

    def _say_left_out(self, skipped: Sequence[Skipped | None]) -> None:
        """Logs each skipped part once; the manifest lists it, too."""
        for one in skipped:
            if one is not None and one not in self._told:
                self._told.add(one)
                self._problems.warn(f"ConvLens left out {one.what}: {one.reason}.")

    def open(self) -> Writer:
        """Creates the run, as soon as the log directory can be written to."""
        if self._writer is None:
            wish = self._wish
            self._writer = self._lane.call(
                lambda: Writer(wish.log_dir, run=wish.run, kind="training", began=self._began)
            )
            self._end_session = self._writer.detach()
        return self._writer

    def _look_at_model(self) -> Recorder:
        """Makes the recorder, once, which refuses a model that cannot be captured.

        The budget counts the time of this before it gives gradients what is left.
        """
        with self._wish.budget.measured():
            writer = self.open()
            if self._disk_failed:
                self._try_disk(writer)
            if self._recorder is None:
                wish = self._wish
                self._recorder = Recorder(
                    self._captured,
                    wish.inputs,
                    wish.shown,
                    writer,
                    wish.options,
                    lane=self._lane,
                )
        return self._recorder

    def _remark(self, values: str) -> str:
        """Describes the model that a training leaves, if it is not that of its last update."""
        same = self._written.step_of(values)
        what = "other weights than after its last update"
        if same is not None:
            what = f"the weights of step {same} again"
        return (
            f"The model that the training left, with {what}: a callback or the optimizer set "
            "them when it ended, as EarlyStopping, SwapEMAWeights and averaging optimizers do."
        )


def _nothing() -> None:
    """Does nothing: no session has begun."""
