// Generated from `core/filters/criteria.py` by tools/generate_criteria.py.
// Do not edit: change the Python file and run `make generate`.

export interface CriterionCard {
  /** The name of the statistic. */
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
    direction: "Large: the filter has large weights, and so it is likely to matter.",
    caveat: "Uses no data. Not comparable between layers of different fan-in. Says little where the norms are close together or the smallest is far from 0 (He et al. 2019).",
    needs: "the weights of the kernels",
  },
  {
    name: "l2",
    formula: "√ Σ W(j)², scaled like L1",
    source: "Li et al. 2017, arXiv 1608.08710; He et al. 2018, arXiv 1808.06866",
    important: "high",
    direction: "Large: the same as for L1, but single large weights count more.",
    caveat: "The same as for L1; the two nearly always agree.",
    needs: "the weights of the kernels",
  },
  {
    name: "fpgm",
    formula: "Σ over k of ‖W(j) − W(k)‖₂",
    source: "He et al. 2019, Filter Pruning via Geometric Median, arXiv 1811.00250",
    important: "high",
    direction: "Small: near the layer's geometric median, so the other filters can replace it.",
    caveat: "Measures redundancy, not uselessness: only one of two copies can be removed. Ignores a normalization that follows.",
    needs: "kernels whose weights are all finite",
  },
  {
    name: "redundancy",
    formula: "max over k ≠ j of Pearson's correlation of the response profiles of j and k: their feature maps after the activation function, averaged over a coarse grid",
    source: "Channel correlation of arikpoz' Deep Visualization Toolbox, 2018; profiles: core/filters/profiles.py",
    important: "low",
    direction: "Large: another filter, named beside it, responds in the same places.",
    caveat: "Covers the captured inputs only, on a coarse grid. Only one filter of a pair can be removed. Undefined if the response profile is constant, as for a silent filter.",
    needs: "two filters whose responses vary",
  },
  {
    name: "apoz",
    formula: "Σ 1[a = 0] / (height · width)",
    source: "Hu et al. 2016, Network Trimming, arXiv 1607.03250",
    important: "low",
    direction: "Large: the filter rarely responds, so it is the first to remove.",
    caveat: "Undefined if no ReLU or ReLU6 follows: SiLU, GELU, tanh and leaky rectifiers are hardly ever exactly 0. Covers the captured inputs only.",
    needs: "a ReLU or ReLU6 after the layer",
  },
  {
    name: "mean",
    formula: "Σ a / (height · width)",
    source: "Molchanov et al. 2017, arXiv 1611.06440, a baseline there",
    important: "high",
    direction: "Large: the filter responds strongly or in many places.",
    caveat: "Values of both signs cancel. A constant response is large and says nothing.",
    needs: "feature maps",
  },
  {
    name: "max",
    formula: "max a",
    source: "Zeiler and Fergus 2014, arXiv 1311.2901, who look at strongest responses",
    important: "high",
    direction: "Large: the filter found its pattern somewhere.",
    caveat: "A single unit decides. A few inputs contain only a few patterns.",
    needs: "feature maps",
  },
  {
    name: "std",
    formula: "√ (Σ (a − mean)² / (height · width))",
    source: "Polyak and Wolf 2015, Channel-Level Acceleration, IEEE Access 3, who remove channels that hardly vary",
    important: "high",
    direction: "Large: the response differs from place to place.",
    caveat: "Grows with the size of the response, and so with the size of the weights.",
    needs: "feature maps",
  },
  {
    name: "taylor",
    formula: "| Σ a · ∂y/∂a / (height · width) |, y the logarithm of the largest class probability",
    source: "Molchanov et al. 2017, arXiv 1611.06440, equation 8",
    important: "high",
    direction: "Large: the output would change most without the filter.",
    caveat: "Uses the predicted class, because a capture has no loss. Parts of both signs cancel within an image. Undefined if no output of the model is a class probability.",
    needs: "class probabilities among the outputs",
  },
  {
    name: "class_selectivity",
    formula: "(μ_max − μ_rest) / (μ_max + μ_rest), μ the mean response per class",
    source: "Morcos et al. 2018, On the importance of single directions, arXiv 1803.06959",
    important: "neither",
    direction: "1: the filter responds to one class alone; 0: it responds to all classes alike.",
    caveat: "A selective filter need not be important: Morcos et al. find selectivity a poor predictor, and Leavitt and Morcos 2020 reduce it without harm. Undefined without the true classes of the inputs (at least two), for responses below 0, and for silent filters.",
    needs: "at least two true classes among the inputs, and no responses below 0",
  },
  {
    name: "specificity",
    formula: "1 − mean over k ≠ j of |cosine of the guided gradients of j and k|",
    source: "After Adebayo et al. 2018, arXiv 1810.03292, and Nie et al. 2018, arXiv 1805.07039",
    important: "neither",
    direction: "Small: the picture shows the edges of the image rather than the filter.",
    caveat: "Describes the picture, not the filter. Undefined if the gradient is zero.",
    needs: "guided gradients",
  },
  {
    name: "kernel_change",
    formula: "1 − cosine of the kernels of the two steps",
    source: "After Chung et al. 2016, ReVACNN; Pezzotti et al. 2018, DeepEyes",
    important: "neither",
    direction: "Large: the filter is still learning.",
    caveat: "Depends on how far the steps lie apart. Ignores a change of strength alone.",
    needs: "an earlier captured step",
  },
  {
    name: "activation_change",
    formula: "1 − cosine of the output profiles of the two steps: the feature maps of the layer's own output, averaged over a coarse grid",
    source: "The same as for kernel change; profiles: core/filters/profiles.py",
    important: "neither",
    direction: "Large: the output is strong in other places than before.",
    caveat: "Also large if only earlier layers changed. Undefined if the layer's own output is zero at every captured input.",
    needs: "an earlier captured step, and an output that is not all zero",
  },
  {
    name: "strength",
    formula: "max |value| of the picture on the tile",
    source: "The stored scale of the picture",
    important: "high",
    direction: "Large: the picture is bright on the color scale of the layer.",
    caveat: "Holds for the selected method and input image alone.",
    needs: "a picture that is not all zero",
  },
  {
    name: "ablation",
    formula: "loss with channel j at 0 − loss of the whole model",
    source: "The oracle of Molchanov et al. 2017, arXiv 1611.06440; measured by convlens ablate",
    important: "high",
    direction: "Large: the model is worse without the filter. Below 0: it is better without it.",
    caveat: "Measures one filter at a time: two filters that can replace each other both look useless. Holds for the data that it was measured on.",
    needs: "a test of this layer: convlens ablate --layers",
  },
  {
    name: "random",
    formula: "fmix32(j + 1 + seed · 0x9E3779B9) / 2³², MurmurHash3's finalizer in 32 bits",
    source: "Mittal et al. 2018, Recovering from Random Pruning, arXiv 1801.10447",
    important: "neither",
    direction: "None. The same seed always gives the same order.",
    caveat: "A criterion that does no better than this one in a test says nothing.",
    needs: "nothing",
  },
];
