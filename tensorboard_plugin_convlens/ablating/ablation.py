"""Tests verdicts on data: loss and metrics of a model without the filters that are marked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tensorboard_plugin_convlens.ablating.gated_model import GatedModel
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.ablation import (
    FILLS,
    MARKED,
    RANDOM,
    Ablation,
    Choice,
    Fill,
    Filters,
    LayerAblation,
    choose_at_random,
    choose_least,
)
from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, to_arrays

Progress = Callable[[str, int], None]
"""Called after each evaluation with its name, and the largest number of evaluations."""

Tell = Callable[[str], None]
"""Tells a `Progress` of one evaluation."""

Importance = Mapping[str, Mapping[str, FloatArray]]
"""Name of a criterion → key of a layer → `float32 [filter]`, large for what should be kept."""


@dataclass(frozen=True, slots=True)
class AblationOptions:
    """How verdicts are tested.

    Attributes:
      repeats: Number of random choices of filters.
      seed: Seed of the random choices.
      fills: The replacements of removed channels, one after the other.
      layers: Keys of layers whose filters are removed one by one, too.
      batch_size: Inputs that are evaluated together.
      step: Step of the verdicts and statistics; the result notes it.
    """

    repeats: int = 10
    seed: int = 0
    fills: tuple[Fill, ...] = FILLS
    layers: tuple[str, ...] = ()
    batch_size: int = 32
    step: int | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` for a number that makes no sense."""
        if self.repeats < 1 or self.batch_size < 1 or not self.fills:
            raise InputError(
                "A test of verdicts needs at least one random choice, one input per batch and "
                f"one fill; got {self.repeats}, {self.batch_size} and {self.fills}."
            )


class Evaluation:
    """Loss and metrics of a model on data, with any of its filters removed.

    Attributes:
      model: The model, with its gates.
      metrics: Names, the loss first.
      samples: Number of inputs.
    """

    def __init__(
        self, model: keras.Model, x: ModelInputs, y: object, *, batch_size: int = 32
    ) -> None:
        """Traces the model.

        Args:
          model: A built Keras 3 model with one output. The measures are cross-entropy and
            accuracy for classes, else the mean squared error.
          x: Inputs as the model takes them.
          y: `[batch]` class indices, or `[batch, …]` of the output's shape.
          batch_size: Inputs that are evaluated together.

        Raises:
          InputError: `x` and `y` do not fit each other or the model.
          UnsupportedModelError: See `GatedModel`.
        """
        self._arrays = to_arrays(x)
        self._targets = np.asarray(y)
        self.samples = len(self._arrays[0])
        if self._targets.ndim < 1 or len(self._targets) != self.samples:
            raise InputError(
                f"Expected {self.samples} targets, one per input; got an array of shape "
                f"{self._targets.shape}."
            )
        self.model = GatedModel(model, x)
        self._batch = batch_size
        self._loss, self._metrics = self._measures(model)
        self.metrics: tuple[str, ...] = ("loss", *(one.name for one in self._metrics))

    def values(
        self, filters: Filters, fillings: Mapping[str, FloatArray] | None = None
    ) -> tuple[float, ...]:
        """A value per metric with filters removed; `fillings` as in `GatedModel.close`."""
        self.model.close(filters, fillings)
        for metric in self._metrics:
            metric.reset_state()
        total = 0.0
        for arrays, targets in self._batches():
            outputs = self.model.outputs(arrays)
            total += float(self._loss(targets, outputs)) * len(targets)
            for metric in self._metrics:
                metric.update_state(targets, outputs)
        self.model.close({})
        return (total / self.samples, *(float(one.result()) for one in self._metrics))

    def means(self) -> dict[str, FloatArray]:
        """Key of each layer → `float32 [channel]`, the mean over the data, nothing removed."""
        self.model.close({})
        totals: dict[str, Any] = {}
        for arrays, targets in self._batches():
            for key, mean in self.model.means(arrays).items():
                totals[key] = totals.get(key, 0.0) + mean.astype(np.float64) * len(targets)
        return {key: (one / self.samples).astype(np.float32) for key, one in totals.items()}

    def _batches(self) -> Any:
        for start in range(0, self.samples, self._batch):
            part = slice(start, start + self._batch)
            yield [array[part] for array in self._arrays], self._targets[part]

    def _measures(self, model: keras.Model) -> tuple[Any, list[Any]]:
        """The loss, and new metrics: those of the model keep their state."""
        shape = self.model.outputs([array[:1] for array in self._arrays]).shape[1:]
        if self._targets.shape[1:] == shape and shape not in ((), (1,)):
            is_classes = self.model.is_probability and len(shape) == 1
            if is_classes:
                return keras.losses.CategoricalCrossentropy(), [_accuracy("Categorical")]
            return keras.losses.MeanSquaredError(), []
        is_index = self._targets.dtype.kind in "iub" and self._targets.size == self.samples
        if len(shape) == 1 and shape[0] > 1 and is_index:
            self._targets = self._targets.reshape(-1)
            self._check_classes(shape[0])
            loss = keras.losses.SparseCategoricalCrossentropy(
                from_logits=not self.model.is_probability
            )
            return loss, [_accuracy("SparseCategorical")]
        if shape == (1,) and self._targets.size == self.samples:
            self._targets = self._targets.reshape(-1, 1).astype(np.float32)
            if self.model.is_probability:
                return keras.losses.BinaryCrossentropy(), [_accuracy("Binary")]
            return keras.losses.MeanSquaredError(), []
        raise InputError(
            f"The targets have shape {self._targets.shape} and type {self._targets.dtype}; the "
            f"model {model.name!r} gives [batch, {', '.join(map(str, shape))}]. Expected class "
            "indices [batch], or targets of the output's shape."
        )

    def _check_classes(self, classes: int) -> None:
        lowest, highest = int(self._targets.min()), int(self._targets.max())
        if lowest < 0 or highest >= classes:
            raise InputError(
                f"The class indices lie between {lowest} and {highest}; the model has "
                f"{classes} classes, counted from 0."
            )


def measure_ablation(
    evaluation: Evaluation,
    marked: Filters,
    *,
    importance: Importance | None = None,
    options: AblationOptions | None = None,
    model_name: str = "model",
    progress: Progress | None = None,
) -> Ablation:
    """Measures the model without the marked filters, and without the same number of others.

    Args:
      evaluation: The model and the data.
      marked: Filters that are marked useless: key of a layer → channels.
      importance: Criteria to compare with: each chooses as many filters per layer.
      options: See `AblationOptions`.
      model_name: Name for people.
      progress: Called after every evaluation.

    Raises:
      InputError: Nothing is marked and no layer is given.
      UnknownLayerError: The model does not have one of the layers or filters.
    """
    options = options or AblationOptions()
    marked = {key: tuple(sorted(set(some))) for key, some in marked.items() if some}
    if not marked and not options.layers:
        raise InputError(
            "There is nothing to test: no filter is marked useless and no layer was named."
        )
    evaluation.model.close(marked)  # Raises for filters that are not there.
    total = evaluations(evaluation, marked, len(importance or {}), options)

    def tell(what: str) -> None:
        if progress is not None:
            progress(what, total)

    baseline = evaluation.values({})
    tell("the whole model")
    choices = _choices(evaluation, marked, importance or {}, options, tell) if marked else ()
    return Ablation(
        wall_time=time.time(),
        graph=evaluation.model.fingerprint,
        step=options.step,
        model=model_name,
        samples=evaluation.samples,
        seed=options.seed,
        metrics=evaluation.metrics,
        baseline=baseline,
        choices=tuple(choices),
        layers=tuple(_one_by_one(evaluation, key, tell) for key in options.layers),
    )


def evaluations(
    evaluation: Evaluation, marked: Filters, criteria: int, options: AblationOptions
) -> int:
    """The largest number of evaluations in `measure_ablation`."""
    alone = sum(evaluation.model.filters.get(key, 0) for key in options.layers)
    together = len(options.fills) * (1 + options.repeats + criteria) if marked else 0
    return 1 + alone + together


def _choices(
    evaluation: Evaluation,
    marked: Filters,
    importance: Importance,
    options: AblationOptions,
    tell: Tell,
) -> list[Choice]:
    random = np.random.default_rng(options.seed)
    drawn = [
        choose_at_random(random, evaluation.model.filters, marked)
        for _ in range(options.repeats)
    ]
    candidates: list[tuple[str, Sequence[Filters]]] = [(MARKED, [marked]), (RANDOM, drawn)]
    for name, layers in importance.items():
        chosen = choose_least(layers, marked)
        if chosen is not None:
            candidates.append((name, [chosen]))
    means = evaluation.means() if "mean" in options.fills else None
    found = []
    for fill in options.fills:
        for name, trials in candidates:
            values = []
            for filters in trials:
                values.append(evaluation.values(filters, means if fill == "mean" else None))
                tell(f"{name}, {fill}")
            found.append(Choice(name, fill, trials[0], tuple(values)))
    return found


def _one_by_one(evaluation: Evaluation, key: str, tell: Tell) -> LayerAblation:
    evaluation.model.close({key: (0,)})  # Raises for a layer that is not there.
    values = []
    for channel in range(evaluation.model.filters[key]):
        values.append(evaluation.values({key: (channel,)}))
        tell(f"{key} #{channel}")
    return LayerAblation(key, tuple(values))


def _accuracy(kind: str) -> Any:
    return getattr(keras.metrics, f"{kind}Accuracy")(name="accuracy")
