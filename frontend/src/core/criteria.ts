// What each criterion is: formula, source, direction, and what it does not say.
//
// Loaded with the card that shows it. The numbers are computed in core/importance.py and
// core/criteria.py; a formula here is of what they compute.

export interface Criterion {
  formula: string;
  source: string;
  /** What a large and a small value mean. */
  direction: string;
  caveat: string;
}

const CRITERIA: Record<string, Criterion> = {
  l1: {
    formula: "s(j) = Σ |W(j)|, over every weight of the kernel of filter j",
    source: "Li, Kadav, Durdanovic, Samet, Graf: Pruning Filters for Efficient ConvNets, ICLR 2017",
    direction: "Large first: the sizes of its weights are taken for a filter's importance.",
    caveat:
      "It sees no data. The scale of a BatchNormalization that directly follows is folded in; one that comes later is not. Layers of different fan-in do not compare.",
  },
  l2: {
    formula: "s(j) = √ Σ W(j)², over every weight of the kernel of filter j",
    source: "Li et al., ICLR 2017; used as a norm criterion by He et al., CVPR 2018",
    direction: "Large first, as for L1, with more say for single large weights.",
    caveat: "As L1, it sees no data. The two nearly always agree.",
  },
  apoz: {
    formula:
      "APoZ(j) = share of the feature map of filter j that is exactly 0, after its rectifier",
    source: "Hu, Peng, Tai, Tang: Network Trimming, 2016",
    direction: "Large means mostly silent: candidates for removal come first.",
    caveat:
      "Undefined after SiLU, GELU, tanh and leaky rectifiers, which are hardly ever exactly 0. It depends on the captured inputs.",
  },
  mean: {
    formula: "mean(j) = mean of the feature map of filter j",
    source: "Molchanov et al., ICLR 2017 (mean activation, a baseline there)",
    direction: "Large first: a filter that responds strongly and often.",
    caveat:
      "Means of maps with both signs cancel. A constant response is large and says nothing about the image.",
  },
  max: {
    formula: "max(j) = largest value of the feature map of filter j",
    source: "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014",
    direction: "Large first: a filter that found its pattern somewhere.",
    caveat: "One unit decides. Few inputs show few patterns: a low maximum may be theirs.",
  },
  std: {
    formula: "std(j) = standard deviation over the feature map of filter j",
    source: "Polyak, Wolf: Channel-Level Acceleration of Deep Face Representations, 2015",
    direction: "Large first: the response differs from place to place.",
    caveat: "It scales with the size of the response, and with that of the weights.",
  },
  taylor: {
    formula:
      "Θ(j) = | mean over the map of a·∂y/∂a |, a the activation of filter j, y the logarithm of the predicted class' probability",
    source:
      "Molchanov, Tyree, Karras, Aila, Kautz: Pruning Convolutional Neural Networks for Resource Efficient Inference, ICLR 2017",
    direction: "Large first: the output would change most without the filter.",
    caveat:
      "A first-order estimate at the captured inputs. Implementations differ in where the magnitude is taken; products of both signs cancel here.",
  },
  fpgm: {
    formula: "g(j) = Σ over all filters k of ‖W(j) − W(k)‖₂",
    source: "He, Liu, Wang, Hu, Yang: Filter Pruning via Geometric Median, CVPR 2019",
    direction: "Small means near the middle of the layer's kernels: most replaceable.",
    caveat:
      "Redundancy, not uselessness: two copies are each redundant, and not both can be removed.",
  },
  redundancy: {
    formula:
      "r(j) = largest correlation of the feature maps of filter j with those of another filter",
    source: "As the channel correlation of the Deep Visualization Toolbox (Poznanski's fork, 2018)",
    direction: "Large means that another filter, named beside it, says nearly the same.",
    caveat:
      "Of the captured inputs only. Of a pair, one can go, not both; a filter that is silent has no profile to compare.",
  },
  specificity: {
    formula:
      "1 − mean over the other filters of | cosine of their guided gradients with that of j |",
    source:
      "For what Adebayo et al., NeurIPS 2018, and Nie, Zhang, Patel, ICML 2018, found of guided gradients",
    direction: "Large means that the guided gradient shows this filter and not the image.",
    caveat: "A property of the picture, not of the filter: low values warn against reading it.",
  },
  class_selectivity: {
    formula: "SI(j) = (μ_max − μ_rest) / (μ_max + μ_rest), of the mean response per class",
    source:
      "Morcos, Barrett, Rabinowitz, Botvinick: On the importance of single directions, ICLR 2018",
    direction: "1: responds to one class only; 0: to all classes alike.",
    caveat:
      "Selective is not important: the paper itself found it a poor predictor. It needs labeled inputs of several classes, and responses that are not negative.",
  },
  change: {
    formula: "1 − cos(W(j) at the step before, W(j) now)",
    source: "Compared with the step before in this run",
    direction: "Large first: a filter that is still learning.",
    caveat: "It depends on how far apart the two steps are. The first step has none.",
  },
  random: {
    formula: "a random number per filter, from a fixed seed",
    source:
      "Mittal, Bhardwaj, Khapra, Ravindran: Recovering from Random Pruning, 2018, found it as good as criteria",
    direction: "No meaning, the same at every visit: the control for every other order.",
    caveat: "A criterion that is not better than this one, once tested, says nothing.",
  },
  ablation: {
    formula: "Δ(j) = loss with the channel of filter j set to 0, minus the loss of the whole model",
    source: "The oracle of Molchanov et al., ICLR 2017, measured by `convlens ablate`",
    direction: "Large first: the model is worse without the filter. Below 0 it is better without.",
    caveat:
      "Exact for one filter at a time: filters that stand in for each other both look useless. It is of the data that it was measured on.",
  },
  strength: {
    formula: "largest magnitude of the picture that is on the tile",
    source: "The scale of the sheet that is shown",
    direction: "Large first.",
    caveat: "Of the selected method and input image only.",
  },
};

export function criterionOf(name: string): Criterion | null {
  return Object.hasOwn(CRITERIA, name) ? (CRITERIA[name] ?? null) : null;
}
