"""`ConvLensCallback`: captures a model while it trains, and never disturbs the training."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import keras

from tensorboard_plugin_convlens.recording.background_lane import BackgroundLane
from tensorboard_plugin_convlens.recording.options import DEFAULT_METHODS, build_options
from tensorboard_plugin_convlens.recording.pace.budget import DEFAULT_SHARE, Budget
from tensorboard_plugin_convlens.recording.pace.schedule import build_schedule
from tensorboard_plugin_convlens.recording.problem_log import ProblemLog
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.recording.watched_training import WatchedTraining
from tensorboard_plugin_convlens.recording.wish import Wish
from tensorboard_plugin_convlens.tracing import internals
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs

STRICT_VARIABLE = "CONVLENS_STRICT"
_Method = TypeVar("_Method", bound=Callable[..., None])


def _never_raises(method: _Method) -> _Method:
    """Wraps a hook of the callback: logs its faults, and lets training go on.

    `ProblemLog` does not raise either; the second `try` catches what it cannot foresee, such
    as a lack of memory or of stack. `KeyboardInterrupt` and `SystemExit`, which end a program,
    pass through.
    """

    @wraps(method)
    def hook(self: ConvLensCallback, *arguments: Any, **named: Any) -> None:
        try:
            method(self, *arguments, **named)
        except Exception as error:
            if os.environ.get(STRICT_VARIABLE) == "1":
                raise
            try:
                self._tell(error)
            except Exception:
                return

    return hook  # type: ignore[return-value]  # The same signature, by construction.


class ConvLensCallback(keras.callbacks.Callback):
    """Captures every filter before training, every `freq` epochs, and at the end.

    Steps are epochs that have ended (0: before training), or optimizer updates with
    `freq="batch:500"`. The callback never touches weights, optimizer and random states:
    training with and without it ends in bit-identical weights. A fault never ends the
    training: the callback logs each kind once, keeps it in `status-….json` and shows it in the
    tab. It tries a disk that is full or read-only again at every step that is due; after three
    failures of another kind in a row it stops capturing. A disk that does not answer holds the
    training for `background_lane.PATIENCE` seconds, once. The environment variable
    `CONVLENS_STRICT=1` makes the callback raise faults.

    Other callbacks, or the optimizer, may set the weights when training ends
    (`EarlyStopping(restore_best_weights=True)`, `SwapEMAWeights`). The callback then captures
    the model that `fit` leaves, too, as the step after the last, and its manifest describes
    it. That needs a `keras.callbacks.CallbackList`, which `fit` has; if a training loop calls
    the hooks of each callback by itself, the last capture is that of this callback's
    `on_train_end`.

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
        """Checks the arguments. The callback looks at the model when training begins.

        Args:
          log_dir: What TensorBoard gets as `--logdir`; it may be that of Keras' own
            `TensorBoard` callback.
          inputs: A few images exactly as the model takes them: an array
            `[batch, height, width, channel]`, or a list or dictionary for several inputs.
          model: The part of the trained model to capture, such as `gan.discriminator` of a
            model whose `train_step` calls its parts; by default the model that `fit` trains.
            Use one callback per part, each with its own `run`.
          labels: One per image: names to show, or indices of the true classes.
          class_names: Names of the model's classes, by index.
          layers: Keras paths of convolutions or patterns (`"block3_*"`); all by default.
          methods: Some of `"activation"`, `"guided"`, `"gradient"`, `"kernel"`.
          freq: Epochs between captures, or `"batch:500"` for 500 updates.
          run: Name of the run; `"train"` is that of Keras' own callback.
          target: `"max"` or `"sum"`; see `capture`.
          display: The images as people should see them; derived from `inputs` by default.
          color_order: `"bgr"` if the channels of `inputs` have that order; see
            `capture`.
          budget: Share of the training time that captures may take, or 10 seconds if that
            is more. The first and the last capture always have feature maps, statistics and
            kernels; the callback skips a step between them for which these do not fit. It
            takes as many gradients as the remaining time allows: input images in order,
            layers from the input on; the last capture always has 10 seconds. The log and the
            captures list what did not fit. None means no bound.

        Raises:
          InputError: An argument is not one of its values, or the numbers of images,
            labels and pictures differ.
        """
        super().__init__()
        self._wish = Wish(
            log_dir=os.fspath(log_dir),
            run=run,
            inputs=inputs,
            part=model,
            schedule=build_schedule(freq),
            options=build_options(layers, methods, target),
            shown=build_shown_inputs(
                inputs,
                labels=labels,
                class_names=class_names,
                display=display,
                color_order=color_order,
            ),
            budget=Budget(budget),
        )
        self._lane = BackgroundLane()
        self._training: WatchedTraining | None = None
        self._problems = ProblemLog(self._write_status)
        self._has_ended = False
        self._last: _Last | None = None

    @_never_raises
    def set_model(self, model: keras.Model) -> None:
        """Announces the run before Keras' own callback opens its event file."""
        super().set_model(model)
        self._last = None
        self._begin()
        found = internals.calling_list()
        if found is not None:
            self._last = _Last(self)
            found.callbacks.append(self._last)

    @_never_raises
    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Starts again if one list of callbacks is used for several trainings."""
        if self._has_ended:
            self._begin()

    @_never_raises
    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Captures the weights before training, at its first epoch."""
        if self._training is not None:
            self._training.begin_epoch(epoch)

    @_never_raises
    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Captures by batch, if `freq` counts batches."""
        if self._training is not None:
            self._training.end_batch(batch)

    @_never_raises
    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Captures by epoch, and at the end of the last."""
        if self._training is not None:
            epochs = (self.params or {}).get("epochs", math.inf)
            is_last = self.model.stop_training or epoch + 1 >= epochs
            self._training.end_epoch(epoch, is_last=is_last)

    @_never_raises
    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Captures the trained model, if the last capture was before the last update."""
        if self._training is None:
            return
        try:
            self._training.end()
            self._training.drain()
        finally:
            if self._last is None:
                self._after_all()

    @_never_raises
    def _after_epoch(self) -> None:
        """Captures the last epoch if a later callback has ended the training."""
        if self._training is not None and self.model.stop_training:
            self._training.end()

    @_never_raises
    def _after_all(self) -> None:
        """Captures the model as other callbacks left it, and closes the training."""
        self._finish()
        self._close()

    @_never_raises
    def _finish(self) -> None:
        if self._training is not None:
            self._training.finish()

    @_never_raises
    def _close(self) -> None:
        self._has_ended = True
        if self._training is not None:
            self._training.close()

    def _begin(self) -> None:
        """Begins a training; drops everything of an earlier one, even a stuck writer."""
        self._has_ended = False
        if self._training is not None:
            self._training.release()
        self._training = None
        self._problems = ProblemLog(self._write_status)
        self._wish.budget.restart()
        if not self._lane.is_usable:
            self._lane = BackgroundLane()
        self._training = WatchedTraining(self._wish, self.model, self._lane, self._problems)
        self._training.open()

    def _tell(self, error: Exception) -> None:
        """Logs and keeps a fault of a hook."""
        gives_up = self._training is not None and self._training.has_given_up
        self._problems.note(error, is_last=gives_up)

    def _write_status(self, sentences: list[str]) -> None:
        if self._training is not None:
            self._training.write_status(sentences)


class _Last(keras.callbacks.Callback):
    """Runs after all other callbacks, and so sees what they do to a model."""

    def __init__(self, owner: ConvLensCallback) -> None:
        super().__init__()
        self._owner = owner

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Captures the last epoch if another callback has ended the training."""
        self._owner._after_epoch()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Captures the weights that another callback may have set."""
        self._owner._after_all()
