"""The criteria by which filters are ranked: formula, source, direction and caveat of each.

The one table of them: `frontend/src/core/ranking/criteria.gen.ts` is generated from it. The
numbers are statistics of a capture, from `importance.py`, `redundancy.py`, `selectivity.py` and
`change.py`; `random` is not stored but follows from its rule, `strength` is of the picture on
the screen, and `ablation` is measured by the test of verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic

End = Literal["high", "low", "neither"]
"""Which end of a criterion is taken for the important one."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One way to rank the filters of a layer.

    Attributes:
      name: Of the statistic.
      title: For people.
      meaning: What it is, in one sentence.
      formula: Of filter `j`, with kernel `W`, feature map `a`.
      source: Where it comes from.
      important: The end of the order that its source takes for important.
      direction: What large and small mean, in one sentence.
      caveat: What it does not say, and where it is undefined.
      needs: What must be there for it to be defined, to be put after "needs".
      is_share: Whether it lies between 0 and 1.
    """

    name: str
    title: str
    meaning: str
    formula: str
    source: str
    important: End
    direction: str
    caveat: str
    needs: str
    is_share: bool = False


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "l1",
        "Kernel L1",
        "Sum of the magnitudes of the kernel's weights.",
        "Σ |W(j)|, times |γ| / √(variance + ε) of a BatchNormalization that directly follows",
        "Li et al. 2017, Pruning Filters for Efficient ConvNets, arXiv 1608.08710",
        "high",
        "Large: the sizes of its weights imply that it matters.",
        "Sees no data. Not comparable between layers of different fan-in. Says little where "
        "the norms are close together or the smallest is far from 0 (He et al. 2019).",
        "the weights of the kernels",
    ),
    Criterion(
        "l2",
        "Kernel L2",
        "Euclidean norm of the kernel.",
        "√ Σ W(j)², scaled as L1 is",
        "Li et al. 2017, arXiv 1608.08710; He et al. 2018, arXiv 1808.06866",
        "high",
        "Large: as L1, with more say for single large weights.",
        "As L1; the two nearly always agree.",
        "the weights of the kernels",
    ),
    Criterion(
        "fpgm",
        "FPGM distance",
        "Sum of the distances of the kernel to all others of the layer.",
        "Σ over k of ‖W(j) − W(k)‖₂",
        "He et al. 2019, Filter Pruning via Geometric Median, arXiv 1811.00250",
        "high",
        "Small: near the layer's geometric median, so the others can stand in for it.",
        "Redundancy, not uselessness: of two copies only one can go. Without the "
        "normalization that may follow.",
        "kernels whose weights are all finite",
    ),
    Criterion(
        "redundancy",
        "Redundancy",
        "Highest similarity of the activation profile to that of another filter.",
        "max over k ≠ j of Pearson's correlation of the activation profiles of j and k",
        "Channel correlation of arikpoz' Deep Visualization Toolbox, 2018; profiles: "
        "core/filters/change.py",
        "low",
        "Large: another filter, named beside it, responds in the same places.",
        "Of the captured inputs, at a coarse grid. Of a pair one can go, not both. Undefined "
        "for a profile that is constant, as of a silent filter.",
        "two filters whose responses vary",
    ),
    Criterion(
        "apoz",
        "Zeros (APoZ)",
        "Share of the feature map that is exactly zero, after its rectifier.",
        "Σ 1[a = 0] / (height · width)",
        "Hu et al. 2016, Network Trimming, arXiv 1607.03250",
        "low",
        "Large: mostly without a response, so the first to go.",
        "Undefined where no ReLU or ReLU6 follows: SiLU, GELU, tanh and leaky rectifiers are "
        "hardly ever exactly 0. Of the captured inputs only.",
        "a ReLU or ReLU6 after the layer",
        is_share=True,
    ),
    Criterion(
        "mean",
        "Mean",
        "Mean of the feature map.",
        "Σ a / (height · width)",
        "Molchanov et al. 2017, arXiv 1611.06440, a baseline there",
        "high",
        "Large: responds strongly or in many places.",
        "Values of both signs cancel. A constant response is large and says nothing.",
        "feature maps",
    ),
    Criterion(
        "max",
        "Maximum",
        "Largest value of the feature map.",
        "max a",
        "Zeiler and Fergus 2014, arXiv 1311.2901, who look at strongest responses",
        "high",
        "Large: found its pattern somewhere.",
        "One unit decides; few inputs show few patterns.",
        "feature maps",
    ),
    Criterion(
        "std",
        "Deviation",
        "Standard deviation over the feature map.",
        "√ (Σ (a − mean)² / (height · width))",
        "Polyak and Wolf 2015, Channel-Level Acceleration, IEEE Access 3, after whom a channel "
        "that hardly varies can go",
        "high",
        "Large: the response differs from place to place.",
        "Grows with the size of the response, hence with that of the weights.",
        "feature maps",
    ),
    Criterion(
        "taylor",
        "Taylor",
        "Change of the output if the channel were removed, to first order.",
        "| Σ a · ∂y/∂a / (height · width) |, y the logarithm of the largest class probability",
        "Molchanov et al. 2017, arXiv 1611.06440, equation 8",
        "high",
        "Large: the output would change most without it.",
        "Of the predicted class, for there is no loss at a capture. Parts of both signs "
        "cancel within an image. Undefined without an output of classes.",
        "class probabilities among the outputs",
    ),
    Criterion(
        "class_selectivity",
        "Class selectivity",
        "How much more it responds to its favorite class than to the others.",
        "(μ_max − μ_rest) / (μ_max + μ_rest), μ the mean response per class",
        "Morcos et al. 2018, On the importance of single directions, arXiv 1803.06959",
        "neither",
        "1: responds to one class alone; 0: to all alike.",
        "Selective is not important: its own paper finds it a poor predictor, and Leavitt and "
        "Morcos 2020 cut it without harm. Undefined without true classes, at least two, for "
        "responses below 0 and for silent filters.",
        "true classes of the inputs, at least two, and responses from 0 up",
        is_share=True,
    ),
    Criterion(
        "specificity",
        "Specificity",
        "How much the guided gradient depends on the filter.",
        "1 − mean over k ≠ j of |cosine of the guided gradients of j and k|",
        "After Adebayo et al. 2018, arXiv 1810.03292, and Nie et al. 2018, arXiv 1805.07039",
        "neither",
        "Small: its picture shows the image's edges rather than the filter.",
        "Of the picture, not of the filter. Undefined without any gradient.",
        "guided gradients",
        is_share=True,
    ),
    Criterion(
        "kernel_change",
        "Kernel change",
        "How much the kernel changed since the captured step before.",
        "1 − cosine of the kernels of the two steps",
        "After Chung et al. 2016, ReVACNN; Pezzotti et al. 2018, DeepEyes",
        "neither",
        "Large: still learning.",
        "Depends on how far the steps lie apart; does not see a mere change of strength.",
        "a captured step before",
    ),
    Criterion(
        "activation_change",
        "Activation change",
        "How much the activation profile changed since the captured step before.",
        "1 − cosine of the activation profiles of the two steps",
        "As kernel change",
        "neither",
        "Large: responds elsewhere than before.",
        "Also changes where only earlier layers did. Undefined for silent filters.",
        "a captured step before, and responses",
    ),
    Criterion(
        "strength",
        "Strength",
        "Largest magnitude of the picture that is shown.",
        "max |value| of the picture on the tile",
        "The scale of its sheet; the tab computes nothing",
        "high",
        "Large: the picture is bright at the scale of the layer.",
        "Of the selected method and input image alone.",
        "a picture that is not all zero",
    ),
    Criterion(
        "ablation",
        "Ablation",
        "Change of the loss when the filter's channel is set to zero.",
        "loss with channel j at 0 − loss of the whole model",
        "The oracle of Molchanov et al. 2017, arXiv 1611.06440; measured by convlens ablate",
        "high",
        "Large: the model is worse without it. Below 0: better.",
        "Exact for one filter at a time: filters that stand in for each other both look "
        "useless. Of the data that it was measured on.",
        "a test of this layer: convlens ablate --layers",
    ),
    Criterion(
        "random",
        "Random",
        "A number per filter that means nothing, from a seed: the control.",
        "fmix32(j + 1 + seed · 0x9E3779B9) / 2³², MurmurHash3's finalizer in 32 bits",
        "Mittal et al. 2018, Recovering from Random Pruning, arXiv 1801.10447",
        "neither",
        "None. The same for the same seed, whoever looks.",
        "A criterion that does not beat it, once tested, says nothing.",
        "nothing",
        is_share=True,
    ),
)

BY_NAME: dict[str, Criterion] = {one.name: one for one in CRITERIA}

_MASK = 0xFFFFFFFF


def random_order(filters: int, seed: int = 0) -> FloatArray:
    """The criterion `random`: `float32 [filter]` in 0 … 1, the same for equal arguments."""
    return np.asarray([_fmix32(j + 1 + seed * 0x9E3779B9) / 2**32 for j in range(filters)], "f")


def _fmix32(value: int) -> int:
    """MurmurHash3's finalizer: every bit of the result depends on every bit of `value`."""
    value &= _MASK
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def values_of_layer(statistics: Iterable[Statistic], seed: int = 0) -> dict[str, FloatArray]:
    """The criteria of a layer over all captured inputs; `seed` is that of `random`.

    Those of feature maps are taken after the activation function, where one follows and these
    were captured.

    Statistics of single input images are averaged over these; `max` is the largest. NaN at
    one of them is NaN, for an average of others would be of something else.

    Returns:
      Name → `float32 [channel]`, of those in `CRITERIA` that are there, in its order, and
      `random`.
    """
    found: dict[str, list[FloatArray]] = {}
    for one in statistics_at(statistics):
        found.setdefault(one.name, []).append(one.values)
    filters = max((len(one) for each in found.values() for one in each), default=0)
    result: dict[str, FloatArray] = {}
    for name in BY_NAME:
        values = [one for one in found.get(name, ()) if len(one) == filters]
        if values:
            reduce = np.max if name == "max" else np.mean
            result[name] = np.asarray(reduce(np.stack(values), axis=0), np.float32)
    return {**result, "random": random_order(filters, seed)} if filters else {}
