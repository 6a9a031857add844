// Generated from `core/filters/criteria.py` by tools/generate_criteria.py.
// Do not edit: change the Python file and run `make generate`.

export interface CriterionCard {
  /** Of the statistic. */
  name: string;
  formula: string;
  source: string;
  /** The end of the order that the source takes for important. */
  important: "high" | "low" | "neither";
  /** What large and small mean. */
  direction: string;
  /** What it does not say, and where it is undefined. */
  caveat: string;
  /** What must be there for it to be defined, to be put after "needs". */
  needs: string;
}

export const CRITERION_CARDS: readonly CriterionCard[] = [
  {
    name: "l1",
    formula: "Σ |W(j)|, times |γ| / √(variance + ε) of a BatchNormalization that directly follows",
    source: "Li et al. 2017, Pruning Filters for Efficient ConvNets, arXiv 1608.08710",
    important: "high",
    direction: "Large: the sizes of its weights imply that it matters.",
    caveat: "Sees no data. Not comparable between layers of different fan-in. Says little where the norms are close together or the smallest is far from 0 (He et al. 2019).",
    needs: "the weights of the kernels",
  },
  {
    name: "l2",
    formula: "√ Σ W(j)², scaled as L1 is",
    source: "Li et al. 2017, arXiv 1608.08710; He et al. 2018, arXiv 1808.06866",
    important: "high",
    direction: "Large: as L1, with more say for single large weights.",
    caveat: "As L1; the two nearly always agree.",
    needs: "the weights of the kernels",
  },
  {
    name: "fpgm",
    formula: "Σ over k of ‖W(j) − W(k)‖₂",
    source: "He et al. 2019, Filter Pruning via Geometric Median, arXiv 1811.00250",
    important: "high",
    direction: "Small: near the layer's geometric median, so the others can stand in for it.",
    caveat: "Redundancy, not uselessness: of two copies only one can go. Without the normalization that may follow.",
    needs: "kernels whose weights are all finite",
  },
  {
    name: "redundancy",
    formula: "max over k ≠ j of Pearson's correlation of the activation profiles of j and k",
    source: "Channel correlation of arikpoz' Deep Visualization Toolbox, 2018; profiles: core/filters/change.py",
    important: "low",
    direction: "Large: another filter, named beside it, responds in the same places.",
    caveat: "Of the captured inputs, at a coarse grid. Of a pair one can go, not both. Undefined for a profile that is constant, as of a silent filter.",
    needs: "two filters whose responses vary",
  },
  {
    name: "apoz",
    formula: "Σ 1[a = 0] / (height · width)",
    source: "Hu et al. 2016, Network Trimming, arXiv 1607.03250",
    important: "low",
    direction: "Large: mostly without a response, so the first to go.",
    caveat: "Undefined where no ReLU or ReLU6 follows: SiLU, GELU, tanh and leaky rectifiers are hardly ever exactly 0. Of the captured inputs only.",
    needs: "a ReLU or ReLU6 after the layer",
  },
  {
    name: "mean",
    formula: "Σ a / (height · width)",
    source: "Molchanov et al. 2017, arXiv 1611.06440, a baseline there",
    important: "high",
    direction: "Large: responds strongly or in many places.",
    caveat: "Values of both signs cancel. A constant response is large and says nothing.",
    needs: "feature maps",
  },
  {
    name: "max",
    formula: "max a",
    source: "Zeiler and Fergus 2014, arXiv 1311.2901, who look at strongest responses",
    important: "high",
    direction: "Large: found its pattern somewhere.",
    caveat: "One unit decides; few inputs show few patterns.",
    needs: "feature maps",
  },
  {
    name: "std",
    formula: "√ (Σ (a − mean)² / (height · width))",
    source: "Polyak and Wolf 2015, Channel-Level Acceleration, IEEE Access 3, after whom a channel that hardly varies can go",
    important: "high",
    direction: "Large: the response differs from place to place.",
    caveat: "Grows with the size of the response, hence with that of the weights.",
    needs: "feature maps",
  },
  {
    name: "taylor",
    formula: "| Σ a · ∂y/∂a / (height · width) |, y the logarithm of the largest class probability",
    source: "Molchanov et al. 2017, arXiv 1611.06440, equation 8",
    important: "high",
    direction: "Large: the output would change most without it.",
    caveat: "Of the predicted class, for there is no loss at a capture. Parts of both signs cancel within an image. Undefined without an output of classes.",
    needs: "class probabilities among the outputs",
  },
  {
    name: "class_selectivity",
    formula: "(μ_max − μ_rest) / (μ_max + μ_rest), μ the mean response per class",
    source: "Morcos et al. 2018, On the importance of single directions, arXiv 1803.06959",
    important: "neither",
    direction: "1: responds to one class alone; 0: to all alike.",
    caveat: "Selective is not important: its own paper finds it a poor predictor, and Leavitt and Morcos 2020 cut it without harm. Undefined without true classes, at least two, for responses below 0 and for silent filters.",
    needs: "true classes of the inputs, at least two, and responses from 0 up",
  },
  {
    name: "specificity",
    formula: "1 − mean over k ≠ j of |cosine of the guided gradients of j and k|",
    source: "After Adebayo et al. 2018, arXiv 1810.03292, and Nie et al. 2018, arXiv 1805.07039",
    important: "neither",
    direction: "Small: its picture shows the image's edges rather than the filter.",
    caveat: "Of the picture, not of the filter. Undefined without any gradient.",
    needs: "guided gradients",
  },
  {
    name: "kernel_change",
    formula: "1 − cosine of the kernels of the two steps",
    source: "After Chung et al. 2016, ReVACNN; Pezzotti et al. 2018, DeepEyes",
    important: "neither",
    direction: "Large: still learning.",
    caveat: "Depends on how far the steps lie apart; does not see a mere change of strength.",
    needs: "a captured step before",
  },
  {
    name: "activation_change",
    formula: "1 − cosine of the activation profiles of the two steps",
    source: "As kernel change",
    important: "neither",
    direction: "Large: responds elsewhere than before.",
    caveat: "Also changes where only earlier layers did. Undefined for silent filters.",
    needs: "a captured step before, and responses",
  },
  {
    name: "strength",
    formula: "max |value| of the picture on the tile",
    source: "The scale of its sheet; the tab computes nothing",
    important: "high",
    direction: "Large: the picture is bright at the scale of the layer.",
    caveat: "Of the selected method and input image alone.",
    needs: "a picture that is not all zero",
  },
  {
    name: "ablation",
    formula: "loss with channel j at 0 − loss of the whole model",
    source: "The oracle of Molchanov et al. 2017, arXiv 1611.06440; measured by convlens ablate",
    important: "high",
    direction: "Large: the model is worse without it. Below 0: better.",
    caveat: "Exact for one filter at a time: filters that stand in for each other both look useless. Of the data that it was measured on.",
    needs: "a test of this layer: convlens ablate --layers",
  },
  {
    name: "random",
    formula: "fmix32(j + 1 + seed · 0x9E3779B9) / 2³², MurmurHash3's finalizer in 32 bits",
    source: "Mittal et al. 2018, Recovering from Random Pruning, arXiv 1801.10447",
    important: "neither",
    direction: "None. The same for the same seed, whoever looks.",
    caveat: "A criterion that does not beat it, once tested, says nothing.",
    needs: "nothing",
  },
];
