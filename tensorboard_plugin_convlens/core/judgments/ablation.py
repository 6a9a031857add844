"""Ablations: what a model does without some of its filters, and the choice of controls.

Verdicts are right if removing the filters marked useless costs less than removing the same
number of other filters: of the same layers, at random, or by a criterion. Mittal et al. 2018,
https://arxiv.org/abs/1801.10447, found random filters as good as those of many criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tensorboard_plugin_convlens.core.records import FloatArray

Fill = Literal["zero", "mean"]
"""What replaces a removed channel: zeros, or its mean over the data."""

FILLS: tuple[Fill, ...] = ("zero", "mean")
MARKED, RANDOM = "marked", "random"

Filters = Mapping[str, tuple[int, ...]]
"""Key of a layer → channels, ascending."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters that were removed together, and the results of the model without them.

    Attributes:
      name: `"marked"`, `"random"`, or the criterion that chose them.
      fill: What replaced their channels.
      filters: The filters; for `"random"` those of the first trial.
      trials: One per repetition (several of `"random"` only), each with a value per metric.
    """

    name: str
    fill: Fill
    filters: Filters
    trials: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class LayerAblation:
    """Every filter of a layer removed alone, its channel at zero.

    Attributes:
      layer: Key of the layer.
      values: Per filter, a value per metric.
    """

    layer: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Ablation:
    """A test of verdicts on data.

    Attributes:
      wall_time: Seconds since 1970-01-01 UTC.
      graph: Fingerprint of the model graph.
      step: The captured step whose verdicts and statistics were used; None if there is none.
      model: A name to show, such as the model's file.
      samples: Number of inputs that were evaluated.
      seed: Seed of the random choices.
      metrics: Names; the first is the loss.
      baseline: A value per metric of the whole model.
      choices: The marked filters first.
      layers: Exact ablations of single filters.
    """

    wall_time: float
    graph: str
    step: int | None
    model: str
    samples: int
    seed: int
    metrics: tuple[str, ...]
    baseline: tuple[float, ...]
    choices: tuple[Choice, ...] = ()
    layers: tuple[LayerAblation, ...] = ()


def loss_changes(tests: Iterable[Ablation], graph: str, layer: str) -> FloatArray | None:
    """The criterion `ablation`: the loss without each filter of a layer, minus that with all.

    Args:
      tests: The latest first.
      graph: Fingerprint of the model graph that the tests must have.
      layer: Key of the layer.

    Returns:
      `float32 [filter]`, of the first test with the layer; None if there is none.
    """
    for test in tests:
        for one in test.layers:
            if (test.graph, one.layer) == (graph, layer) and one.values:
                loss = np.asarray([values[0] for values in one.values])
                return np.asarray(loss - test.baseline[0], np.float32)
    return None


def choose_at_random(
    random: np.random.Generator, filters: Mapping[str, int], marked: Filters
) -> Filters:
    """Chooses as many random filters of each layer as are marked there, without repetition.

    Args:
      random: The random generator; it advances.
      filters: Key of a layer → its number of filters.
      marked: The filters to match in number; they may be drawn too.
    """
    return {
        layer: tuple(
            sorted(random.choice(filters[layer], len(channels), replace=False).tolist())
        )
        for layer, channels in marked.items()
    }


def choose_least(importance: Mapping[str, FloatArray], marked: Filters) -> Filters | None:
    """Chooses the least important filters of each layer, as many as are marked there.

    Args:
      importance: Key of a layer → `float32 [filter]`, large for what should be kept.
        Undefined values (NaN) count as least important; ties go to the lower channel.
      marked: The filters to match in number.

    Returns:
      None if a layer has no importance at all.
    """
    chosen = {}
    for layer, channels in marked.items():
        values = importance.get(layer)
        if values is None or np.isnan(values).all():
            return None
        order = np.argsort(np.where(np.isnan(values), -np.inf, values), kind="stable")
        chosen[layer] = tuple(sorted(order[: len(channels)].tolist()))
    return chosen
