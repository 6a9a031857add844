"""The criteria by which filters are ranked: formula, source, direction and caveat of each.

`frontend/src/core/ranking/criteria.gen.ts` is generated from this table. The numbers are
statistics of a capture, from `importance.py`, `redundancy.py`, `selectivity.py`, `change.py`.
Three are not: a rule gives `random`, the picture on the screen gives `strength`, and
`convlens ablate` measures `ablation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic

End = Literal["high", "low", "neither"]
"""The end of a criterion that its source considers important."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One way to rank the filters of a layer.

    Attributes:
      name: Name of the statistic.
      title: Name for people.
      meaning: What it is, in one sentence.
      formula: Its value for filter `j` with kernel `W` and feature map `a`.
      source: Publication or program that it comes from.
      important: The end of the order that its source considers important.
      direction: What large and small mean, in one sentence.
      caveat: What it does not say, and where it is undefined.
      needs: What it needs; the tab writes it after "needs".
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
        "Large: the filter has large weights, and so it is likely to matter.",
        "Uses no data. Not comparable between layers of different fan-in. Says little where "
        "the norms are close together or the smallest is far from 0 (He et al. 2019).",
        "the weights of the kernels",
    ),
    Criterion(
        "l2",
        "Kernel L2",
        "Euclidean norm of the kernel.",
        "√ Σ W(j)², scaled like L1",
        "Li et al. 2017, arXiv 1608.08710; He et al. 2018, arXiv 1808.06866",
        "high",
        "Large: the same as for L1, but single large weights count more.",
        "The same as for L1; the two nearly always agree.",
        "the weights of the kernels",
    ),
    Criterion(
        "fpgm",
        "FPGM distance",
        "Sum of the distances from the kernel to all other kernels of the layer.",
        "Σ over k of ‖W(j) − W(k)‖₂",
        "He et al. 2019, Filter Pruning via Geometric Median, arXiv 1811.00250",
        "high",
        "Small: near the layer's geometric median, so the other filters can replace it.",
        "Measures redundancy, not uselessness: only one of two copies can be removed. Ignores "
        "a normalization that follows.",
        "kernels whose weights are all finite",
    ),
    Criterion(
        "redundancy",
        "Redundancy",
        "Highest similarity of the response profile to that of another filter.",
        "max over k ≠ j of Pearson's correlation of the response profiles of j and k: their "
        "feature maps after the activation function, averaged over a coarse grid",
        "Channel correlation of arikpoz' Deep Visualization Toolbox, 2018; profiles: "
        "core/filters/profiles.py",
        "low",
        "Large: another filter, named beside it, responds in the same places.",
        "Covers the captured inputs only, on a coarse grid. Only one filter of a pair can be "
        "removed. Undefined if the response profile is constant, as for a silent filter.",
        "two filters whose responses vary",
    ),
    Criterion(
        "apoz",
        "Zeros (APoZ)",
        "Share of the feature map that is exactly zero, after its rectifier.",
        "Σ 1[a = 0] / (height · width)",
        "Hu et al. 2016, Network Trimming, arXiv 1607.03250",
        "low",
        "Large: the filter rarely responds, so it is the first to remove.",
        "Undefined if no ReLU or ReLU6 follows: SiLU, GELU, tanh and leaky rectifiers are "
        "hardly ever exactly 0. Covers the captured inputs only.",
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
        "Large: the filter responds strongly or in many places.",
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
        "Large: the filter found its pattern somewhere.",
        "A single unit decides. A few inputs contain only a few patterns.",
        "feature maps",
    ),
    Criterion(
        "std",
        "Deviation",
        "Standard deviation over the feature map.",
        "√ (Σ (a − mean)² / (height · width))",
        "Polyak and Wolf 2015, Channel-Level Acceleration, IEEE Access 3, who remove channels "
        "that hardly vary",
        "high",
        "Large: the response differs from place to place.",
        "Grows with the size of the response, and so with the size of the weights.",
        "feature maps",
    ),
    Criterion(
        "taylor",
        "Taylor",
        "First-order estimate of how much the output changes without the channel.",
        "| Σ a · ∂y/∂a / (height · width) |, y the logarithm of the largest class probability",
        "Molchanov et al. 2017, arXiv 1611.06440, equation 8",
        "high",
        "Large: the output would change most without the filter.",
        "Uses the predicted class, because a capture has no loss. Parts of both signs cancel "
        "within an image. Undefined if no output of the model is a class probability.",
        "class probabilities among the outputs",
    ),
    Criterion(
        "class_selectivity",
        "Class selectivity",
        "How much more the filter responds to its favorite class than to the others.",
        "(μ_max − μ_rest) / (μ_max + μ_rest), μ the mean response per class",
        "Morcos et al. 2018, On the importance of single directions, arXiv 1803.06959",
        "neither",
        "1: the filter responds to one class alone; 0: it responds to all classes alike.",
        "A selective filter need not be important: Morcos et al. find selectivity a poor "
        "predictor, and Leavitt and Morcos 2020 reduce it without harm. Undefined without the "
        "true classes of the inputs (at least two), for responses below 0, and for silent "
        "filters.",
        "at least two true classes among the inputs, and no responses below 0",
        is_share=True,
    ),
    Criterion(
        "specificity",
        "Specificity",
        "How much the guided gradient depends on the filter.",
        "1 − mean over k ≠ j of |cosine of the guided gradients of j and k|",
        "After Adebayo et al. 2018, arXiv 1810.03292, and Nie et al. 2018, arXiv 1805.07039",
        "neither",
        "Small: the picture shows the edges of the image rather than the filter.",
        "Describes the picture, not the filter. Undefined if the gradient is zero.",
        "guided gradients",
        is_share=True,
    ),
    Criterion(
        "kernel_change",
        "Kernel change",
        "How much the kernel changed since the previous captured step.",
        "1 − cosine of the kernels of the two steps",
        "After Chung et al. 2016, ReVACNN; Pezzotti et al. 2018, DeepEyes",
        "neither",
        "Large: the filter is still learning.",
        "Depends on how far the steps lie apart. Ignores a change of strength alone.",
        "an earlier captured step",
    ),
    Criterion(
        "activation_change",
        "Activation change",
        "How much the output profile changed since the previous captured step.",
        "1 − cosine of the output profiles of the two steps: the feature maps of the layer's "
        "own output, averaged over a coarse grid",
        "The same as for kernel change; profiles: core/filters/profiles.py",
        "neither",
        "Large: the output is strong in other places than before.",
        "Also large if only earlier layers changed. Undefined if the layer's own output "
        "is zero at every captured input.",
        "an earlier captured step, and an output that is not all zero",
    ),
    Criterion(
        "strength",
        "Strength",
        "Largest magnitude of the picture that is shown.",
        "max |value| of the picture on the tile",
        "The stored scale of the picture",
        "high",
        "Large: the picture is bright on the color scale of the layer.",
        "Holds for the selected method and input image alone.",
        "a picture that is not all zero",
    ),
    Criterion(
        "ablation",
        "Ablation",
        "Change of the loss when the channel of the filter is zero.",
        "loss with channel j at 0 − loss of the whole model",
        "The oracle of Molchanov et al. 2017, arXiv 1611.06440; measured by convlens ablate",
        "high",
        "Large: the model is worse without the filter. Below 0: it is better without it.",
        "Measures one filter at a time: two filters that can replace each other both look "
        "useless. Holds for the data that it was measured on.",
        "a test of this layer: convlens ablate --layers",
    ),
    Criterion(
        "random",
        "Random",
        "The control: a random number per filter, computed from a seed.",
        "fmix32(j + 1 + seed · 0x9E3779B9) / 2³², MurmurHash3's finalizer in 32 bits",
        "Mittal et al. 2018, Recovering from Random Pruning, arXiv 1801.10447",
        "neither",
        "None. The same seed always gives the same order.",
        "A criterion that does no better than this one in a test says nothing.",
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
    """The criteria of a layer over all captured inputs.

    Criteria of feature maps describe the maps after the activation function, where one follows
    and a capture has these maps. A statistic of single input images counts with its mean over
    the images, and `max` with its largest value. A NaN at one image makes the criterion NaN: a
    mean over the other images would describe something else.

    Args:
      statistics: All statistics of the layer.
      seed: Seed of `random`.

    Returns:
      Name → `float32 [channel]`: the criteria of `CRITERIA` that the layer has, in the order
      of the table, and `random`.
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
