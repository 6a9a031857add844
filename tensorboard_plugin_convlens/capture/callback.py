"""`ConvLensCallback`: captures a model while it trains, and never disturbs the training."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import keras

from tensorboard_plugin_convlens.capture.budget import DEFAULT_SHARE, Budget
from tensorboard_plugin_convlens.capture.inputs import ModelInputs
from tensorboard_plugin_convlens.capture.lane import BackgroundLane
from tensorboard_plugin_convlens.capture.left_out import PassedOver
from tensorboard_plugin_convlens.capture.options import (
    DEFAULT_METHODS,
    build_options,
)
from tensorboard_plugin_convlens.capture.schedule import build_schedule
from tensorboard_plugin_convlens.capture.session import Session
from tensorboard_plugin_convlens.capture.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.capture.updates import UpdateCounter
from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.storage.writer import Writer

logger = logging.getLogger(__name__)
STRICT_VARIABLE = "CONVLENS_STRICT"
# A fault that returns at every capture is not worth trying for ever.
_MOST_FAILURES = 3
_NO_WEIGHTS = (
    "ConvLens did not capture the weights before training: the model {name!r} has none before "
    "its first batch. Call it once on a batch, or build() it, before fit."
)
_Method = TypeVar("_Method", bound=Callable[..., None])


def _never_raises(method: _Method) -> _Method:
    """Wraps a hook of the callback: its faults are noted, and training goes on."""

    @wraps(method)
    def hook(self: ConvLensCallback, *arguments: Any, **named: Any) -> None:
        try:
            method(self, *arguments, **named)
        except Exception as error:
            if os.environ.get(STRICT_VARIABLE) == "1":
                raise
            self._note(error)

    return hook  # type: ignore[return-value]  # The same signature, by construction.


class ConvLensCallback(keras.callbacks.Callback):
    """Captures every filter before training, every `freq` epochs, and at the end.

    Steps are epochs that have ended (0: before training), or optimizer updates with
    `freq="batch:500"`. Weights, optimizer and random states are never touched: training
    with and without the callback ends in bit-identical weights. A fault never ends the
    training: it is logged once per kind, kept in `status-….json` and shown in the tab, and
    after three failed captures the callback stops trying. The environment variable
    `CONVLENS_STRICT=1` lets faults through.

    Example:
      >>> model.fit(x, y, epochs=10,                                  # doctest: +SKIP
      ...           callbacks=[ConvLensCallback("logs", x[:4])])
    """

    def __init__(  # noqa: PLR0913  # One workflow: all of these describe what to capture.
        self,
        log_dir: str | os.PathLike[str],
        inputs: ModelInputs,
        *,
        model: keras.Model | None = None,
        labels: Sequence[str] | Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
        layers: Sequence[str] | str | None = None,
        methods: Sequence[str] = DEFAULT_METHODS,
        freq: int | str = 1,
        run: str = "train",
        target: str = "max",
        display: object | None = None,
        color_order: str = "rgb",
        budget: float | None = DEFAULT_SHARE,
    ) -> None:
        """Checks the arguments; the model is looked at when training begins.

        Args:
          log_dir: What TensorBoard gets as `--logdir`; it may be that of Keras' own
            `TensorBoard` callback.
          inputs: A few images exactly as the model takes them: an array
            `[batch, height, width, channel]`, or a list or dictionary for several inputs.
          model: What to capture where it is not the model that `fit` trains but a part of it:
            `gan.discriminator` of a model whose `train_step` calls its parts. One callback
            for each part, each with a `run` of its own.
          labels: One per image: names to show, or indices of the true classes.
          class_names: Names of the model's classes, by index.
          layers: Keras paths of convolutions or patterns (`"block3_*"`); all by default.
          methods: Some of `"activation"`, `"guided"`, `"gradient"`, `"kernel"`.
          freq: Epochs between captures, or `"batch:500"` for 500 updates.
          run: Name of the run; `"train"` is that of Keras' own callback.
          target: `"max"` or `"sum"`; see `capture`.
          display: The images as people should see them; derived from `inputs` by default.
          color_order: `"bgr"` where that is the order of the channels of `inputs`; see
            `capture`.
          budget: Share of the training time that captures may take, or 10 seconds where that
            is more. The first and the last capture always have feature maps, statistics and
            kernels; a step between them, whose own do not fit, is passed over. Gradients are
            taken as far as the time goes: input images in order, layers from the input on;
            the last capture has 10 seconds in any case. The log and the captures tell what
            did not fit. None takes everything.

        Raises:
          InputError: An argument is not one of its values, or the numbers of images,
            labels and pictures differ.
        """
        super().__init__()
        self._log_dir = log_dir
        self._run = run
        self._inputs = inputs
        self._part = model
        self._schedule = build_schedule(freq)
        self._options = build_options(layers, methods, target)
        self._shown = build_shown_inputs(
            inputs,
            labels=labels,
            class_names=class_names,
            display=display,
            color_order=color_order,
        )
        self._budget = Budget(budget)
        self._lane: BackgroundLane | None = None
        self._writer: Writer | None = None
        self._session: Session | None = None
        self._problems: list[str] = []
        self._told: set[Skipped] = set()
        self._failures = 0
        self._last_step: int | None = None
        self._last_due: int | None = None
        self._passed_over = PassedOver()
        self._epoch = 0
        self._update_counter = UpdateCounter()
        self._waits_for_weights = False

    @_never_raises
    def set_model(self, model: keras.Model) -> None:
        """Announces the run before Keras' own callback opens its event file."""
        super().set_model(model)
        self._session = None
        self._failures = 0
        self._last_step = None
        self._last_due = None
        self._passed_over = PassedOver()
        self._update_counter = UpdateCounter()
        self._waits_for_weights = False
        self._budget.restart()
        self._lane = self._lane or BackgroundLane()
        self._writer = Writer(self._log_dir, run=self._run, kind="training")

    @_never_raises
    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Captures the weights before training, at the epoch with which it begins."""
        if self._last_step is not None:
            return
        if self._captured_model().built:
            self._capture(self._updates() if self._schedule.by_batch else epoch)
        elif not self._waits_for_weights:
            self._waits_for_weights = True
            self._tell(_NO_WEIGHTS.format(name=self._captured_model().name))

    @_never_raises
    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Captures by batch, where that was asked for.

        A model that gets its weights at its first batch is looked at after it, not only at
        the end of an epoch: what cannot be captured is refused as early as it can be known.
        """
        self._update_counter.end_batch(batch)
        waits = self._waits_for_weights and self._captured_model().built
        if waits and self._writer is not None:
            self._waits_for_weights = False
            self._begin_session(self._writer)
        if self._schedule.by_batch and self._schedule.is_due(self._updates(), self._last_due):
            self._capture(self._updates())

    @_never_raises
    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Captures by epoch."""
        self._epoch = epoch + 1
        self._update_counter.end_epoch()
        if not self._schedule.by_batch and self._schedule.is_due(self._epoch, self._last_due):
            epochs = (self.params or {}).get("epochs", math.inf)
            is_last = self.model.stop_training or self._epoch >= epochs
            self._capture(self._epoch, is_last=is_last)

    @_never_raises
    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Captures the trained model, if the last capture was before the last update."""
        try:
            step = self._updates() if self._schedule.by_batch else self._epoch
            self._capture(step, is_last=True)
            if self._lane is not None:
                self._lane.drain()
        finally:
            self._write_problems()  # Anew: on a full disk this may have failed before.

    def _capture(self, step: int, *, is_last: bool = False) -> None:
        """Captures a step once, or passes it over where it does not fit into the budget."""
        if self._writer is None or self._failures >= _MOST_FAILURES:
            return
        if self._last_step is not None and step <= self._last_step:
            return
        self._last_due = step
        if not is_last and not self._has_room_for(step):
            return
        self._last_step = step
        try:
            session = self._begin_session(self._writer)
            seconds = self._budget.allowance(is_last=is_last)
            with self._budget.measured():
                self._record(session, step, seconds)
        except Exception:
            self._failures += 1
            raise
        self._failures = 0

    def _has_room_for(self, step: int) -> bool:
        """Whether what is always in a capture fits; of the first it is not known."""
        if self._last_step is None or self._session is None:
            return True
        seconds = self._session.essentials
        if self._budget.has_room_for(seconds):
            return True
        self._say_left_out([self._passed_over.add(step, seconds)])
        return False

    def _say_left_out(self, skipped: Sequence[Skipped | None]) -> None:
        """Logs what is not captured, once."""
        for one in skipped:
            if one is not None and one not in self._told:
                self._told.add(one)
                logger.warning("ConvLens left out %s: %s.", one.what, one.reason)

    def _record(self, session: Session, step: int, seconds: float | None) -> None:
        """Computes a capture here and has it written in the background."""
        assert self._lane is not None, "it is made together with the writer"
        said, updates = self._passed_over.take(), self._updates()
        session.capture(step, iterations=updates, seconds=seconds, passed_over=said)
        self._say_left_out(session.skipped)
        self._lane.check()

    def _begin_session(self, writer: Writer) -> Session:
        """Looks at the model, once; a model that cannot be captured is refused here."""
        if self._session is None:
            with self._budget.measured():
                self._session = Session(
                    self._captured_model(),
                    self._inputs,
                    self._shown,
                    writer,
                    self._options,
                    lane=self._lane,
                )
        return self._session

    def _captured_model(self) -> keras.Model:
        """The trained model, or the part of it that was asked for."""
        return self.model if self._part is None else self._part

    def _updates(self) -> int:
        """Updates that the training has made."""
        return self._update_counter.count(self.model)

    def _note(self, error: Exception) -> None:
        """Logs a fault, once per text, and writes it beside the captures."""
        what = str(error) if isinstance(error, ConvLensError) else repr(error)
        sentence = f"ConvLens did not capture: {what}"
        if self._failures >= _MOST_FAILURES:
            sentence = f"ConvLens stops capturing after {_MOST_FAILURES} failures: {what}"
        self._tell(sentence, show_trace=not isinstance(error, ConvLensError))

    def _tell(self, sentence: str, *, show_trace: bool = False) -> None:
        """Logs a sentence, once, and writes it beside the captures."""
        if sentence in self._problems:
            return
        self._problems.append(sentence)
        logger.warning("%s Training goes on.", sentence, exc_info=show_trace)
        self._write_problems()

    def _write_problems(self) -> None:
        """Writes what went wrong beside the captures, for the tab."""
        if self._writer is None or not self._problems:
            return
        try:
            self._writer.write_status(self._problems)
        except ConvLensError as failure:
            logger.debug("%s", failure)  # The fault itself has been told already.
