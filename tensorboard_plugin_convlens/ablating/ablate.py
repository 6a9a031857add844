"""Tests of verdicts in one call, from a model, data, and the marks of a log directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras

from tensorboard_plugin_convlens.ablating.ablation import (
    AblationOptions,
    Evaluation,
    Importance,
    Progress,
    measure_ablation,
)
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.filters.criteria import BY_NAME, values_of_layer
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.judgments.verdicts import useless_filters
from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs


def ablate(  # noqa: PLR0913  # One workflow: all of these describe one test.
    model: keras.Model,
    x: ModelInputs,
    y: object,
    useless: Mapping[str, Sequence[int]] | None = None,
    *,
    log_dir: str | os.PathLike[str] | None = None,
    run: str = ".",
    step: int | None = None,
    database: str = "",
    collection: str = "",
    layers: Sequence[str] = (),
    repeats: int = 10,
    seed: int = 0,
    batch_size: int = 32,
    name: str = "",
    progress: Progress | None = None,
) -> Ablation:
    """Measures what a model loses without the filters that are marked useless.

    Sets their channels to zero, then to their mean over the data, after the normalization and
    the activation function that belong to them. Does the same with the same number of other
    filters of the same layers: with random ones, several times, and with the least important
    ones by each criterion of a captured step. The model stays unchanged.

    Args:
      model: A built Keras model with one output. The measures are cross-entropy and accuracy
        for classes, else the mean squared error.
      x: Inputs as the model takes them, which it was not trained on.
      y: `[batch]` class indices, or `[batch, …]` of the output's shape.
      useless: Key of a layer → channels; by default the filters of the run that are
        marked useless in the log directory.
      log_dir: Where captures and marks are; ConvLens stores the result there for the tab.
      run: Name of the run.
      step: The captured step whose criteria are compared; the last one by default.
      database, collection: Where the marks are kept, as for `Marks`.
      layers: Keys of layers whose filters are removed one by one, too.
      repeats: Number of random choices.
      seed: Seed of the random choices.
      batch_size: Inputs that are evaluated together.
      name: Name of the model for people; its own by default.
      progress: Called after every evaluation, with the largest possible number of them.

    Returns:
      Loss and metrics of the whole model and of each choice; see `Ablation`.

    Raises:
      InputError: `x` and `y` do not fit each other or the model, the captures are of another
        model, or nothing is marked useless and no layer is given.
      UnknownLayerError: The model does not have one of the layers or filters.
      UnsupportedModelError: The kind of model cannot be tested.
      NotCapturedError: There is no such step.
      StoreError: The marks cannot be read.

    Example:
      >>> found = ablate(model, x, y, {"conv2": [3, 7]})              # doctest: +SKIP
      >>> found.choices[0].trials[0][1] - found.baseline[1]           # doctest: +SKIP
      -0.001
    """
    if useless is None:
        useless = {} if log_dir is None else _marked(log_dir, run, database, collection)
    captured = _Captured() if log_dir is None else _captured(log_dir, run, step)
    options = AblationOptions(repeats, seed, layers=tuple(layers), step=captured.step)
    evaluation = Evaluation(model, x, y, batch_size=batch_size)
    captured.check(name or model.name, run, evaluation)
    found = measure_ablation(
        evaluation,
        {key: tuple(channels) for key, channels in useless.items()},
        importance=captured.importance,
        options=options,
        model_name=name or model.name,
        progress=progress,
    )
    if log_dir is not None:
        Writer(log_dir, run=run).write_ablation(found)
    return found


@dataclass(frozen=True, slots=True)
class _Captured:
    """What a captured step says about filters.

    Attributes:
      step: Which step; None if nothing is captured.
      filters: Key of a layer → its number of filters.
      importance: How important each filter is, by criterion and layer.
    """

    step: int | None = None
    filters: Mapping[str, int | None] | None = None
    importance: Importance | None = None

    def check(self, model: str, run: str, evaluation: Evaluation) -> None:
        """Raises `InputError` unless the captures are of this model."""
        if self.filters is None:
            return
        for key, filters in evaluation.model.filters.items():
            there = self.filters.get(key, "none")
            if there != filters:
                raise InputError(
                    f"The model {model!r} is not the one of run {run!r} at step {self.step}: "
                    f"its layer {key} has {filters} filters here and {there} there. Name this "
                    "model's run with --run (in Python: run=…)."
                )


def _captured(log_dir: str | os.PathLike[str], run: str, step: int | None) -> _Captured:
    reader = Reader(log_dir)
    steps = reader.steps(run)
    if not steps:
        return _Captured()
    step = steps[-1] if step is None else step
    layers = reader.model_graph(run, step).layers
    importance: dict[str, dict[str, FloatArray]] = {}
    for record in reader.capture(run, step).layers:
        for criterion, values in values_of_layer(record.statistics).items():
            end = BY_NAME[criterion].important
            if end != "neither":
                signed = values if end == "high" else -values
                importance.setdefault(criterion, {})[layers[record.layer].key] = signed
    return _Captured(step, {one.key: one.channels for one in layers}, importance)


def _marked(
    log_dir: str | os.PathLike[str], run: str, database: str, collection: str
) -> Mapping[str, Sequence[int]]:
    # Imported here, so that a test of a given choice does not need SQLAlchemy.
    from tensorboard_plugin_convlens.marks.verdicts import verdicts_of

    return useless_filters(verdicts_of(log_dir, run, database, collection), run)
