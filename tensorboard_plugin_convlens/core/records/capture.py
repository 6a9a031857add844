"""Everything recorded for one run and step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tensorboard_plugin_convlens.core.records.gradients import Guidance
from tensorboard_plugin_convlens.core.records.sheet import Sheet
from tensorboard_plugin_convlens.core.records.words import (
    ActivationStage,
    FloatArray,
    Method,
    Target,
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was asked for and not captured, and why, as a sentence."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The class probabilities of one output of the model for one input image.

    Attributes:
      output: Name of the output.
      probabilities: `float32 [class]`.
    """

    output: str
    probabilities: FloatArray

    def likeliest(self, count: int) -> tuple[list[tuple[int, float]], float]:
        """The likeliest classes first, and the probability of all others together.

        Args:
          count: The most classes to return.

        Returns:
          (index of a class, its probability) of each; the sum of those left out. What is not a
          number counts as 0; of equal probabilities the lower index comes first.
        """
        values = np.nan_to_num(
            self.probabilities.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0
        )
        order = np.argsort(-values, kind="stable")
        kept = [(int(index), float(values[index])) for index in order[:count]]
        return kept, float(values[order[count:]].sum())


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number per filter.

    Attributes:
      name: `"mean"`, `"max"`, `"std"`, `"apoz"`, `"l1"`, `"l2"`, `"taylor"`, … with the
        formula in `core/filters/importance.py`.
      input: Index of the input image; None where the number does not depend on one.
      values: `float32 [channel]`; NaN where it is not defined.
      stage: Whether the number describes the feature map before or after the activation
        function; see `Sheet`. None for numbers of kernels, and in older captures, which do not
        store it.
    """

    name: str
    input: int | None
    values: FloatArray
    stage: ActivationStage | None = None


@dataclass(frozen=True, slots=True)
class LayerCapture:
    """Everything captured of one layer at one step.

    Attributes:
      layer: Index in `ModelGraph.layers`.
      sheets: The sheets of every method, form and input image.
      statistics: The statistics of every filter.
      guidance: None where no guided gradient was asked for.
      weights: SHA-256, hexadecimal, of the layer's own weights; "" where not known.
      lineage: SHA-256, hexadecimal, of everything that its pictures depend on: its weights,
        all weights on the way from the inputs, the input arrays; "" where not known.
      weights_unchanged_since: The first step of the unbroken row of captured steps, up to
        this one, at which `weights` was the same; None where the row is this step alone.
      unchanged_since: Likewise of `lineage`: the pictures are those of that step.
    """

    layer: int
    sheets: tuple[Sheet, ...]
    statistics: tuple[Statistic, ...] = ()
    guidance: Guidance | None = None
    weights: str = ""
    lineage: str = ""
    weights_unchanged_since: int | None = None
    unchanged_since: int | None = None

    def responses(self) -> tuple[Sheet, ...]:
        """The feature maps that the next layer gets, one sheet per input image.

        They are those after the activation function where such were captured, else the
        layer's own output; the latest sheet counts where a form has several.
        """
        maps = [one for one in self.sheets if one.method == "activation"]
        ordered = sorted(maps, key=lambda one: one.stage == "after")
        return tuple({one.input: one for one in ordered}.values())


@dataclass(frozen=True, slots=True, order=True)
class StepKey:
    """Which capture: a step of a writer session. Orders by step, then session."""

    step: int
    session: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a capture was asked for: methods, target, layers (None for all)."""

    methods: tuple[Method, ...]
    target: Target
    layers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything recorded for one run and step: the manifest.

    Attributes:
      step: The number that the writer gave (epoch or batch), never negative.
      wall_time: Seconds since 1970-01-01 UTC.
      session: The writer session: one training, or one call of `capture` or of the command.
        Of two sessions that wrote the same step, the later one counts.
      graph, inputs: Fingerprints of the model graph and of the input images.
      layers: In the order of the graph.
      predictions: One tuple per input image.
      skipped: What was asked for and not done.
      iterations: Optimizer updates made before the capture, or None.
      seconds: Wall time that the capture took.
      model: SHA-256, hexadecimal, of a saved model's configuration and weights, or "".
      arrays: SHA-256, hexadecimal, of the input arrays as the model took them, or "".
      asked: What was asked for; None in captures of the first writers.
      after: The latest session that lay in the run's directory when this one began; "" where
        there was none, or where that is not known.
      remark: Whose model it is, as a sentence, at a step that a training left after its last
        update; else "".
      changes_since: The step since which the changes of its filters are taken: the newest
        earlier one of the run, when it was captured, with the same model graph and input
        images. None where there was none, and in captures of earlier releases.
      changes_unknown: Why the change of some filters is not known, as a sentence; "" where
        that of all is, and in captures of earlier releases.
    """

    step: int
    wall_time: float
    session: str
    graph: str
    inputs: str
    layers: tuple[LayerCapture, ...]
    predictions: tuple[tuple[Prediction, ...], ...] = ()
    skipped: tuple[Skipped, ...] = field(default=())
    iterations: int | None = None
    seconds: float = 0.0
    model: str = ""
    arrays: str = ""
    asked: Asked | None = None
    after: str = ""
    remark: str = ""
    changes_since: int | None = None
    changes_unknown: str = ""
