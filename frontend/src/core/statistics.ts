// Names of statistics, for people. The formulas are in core/importance.py.

interface Known {
  name: string;
  meaning: string;
  /** Whether the value is a share from 0 to 1. */
  share?: boolean;
}

const KNOWN: Record<string, Known> = {
  mean: { name: "Mean", meaning: "Mean of the feature map." },
  max: { name: "Maximum", meaning: "Largest value of the feature map." },
  std: { name: "Deviation", meaning: "Standard deviation over the feature map." },
  apoz: {
    name: "Zeros",
    meaning: "Share of the feature map that is zero (APoZ, Hu et al. 2016).",
    share: true,
  },
  l1: {
    name: "Kernel L1",
    meaning: "Sum of the magnitudes of the kernel's weights (Li et al. 2017).",
  },
  l2: { name: "Kernel L2", meaning: "Euclidean norm of the kernel." },
  taylor: {
    name: "Taylor",
    meaning: "Estimated change of the output without the filter (Molchanov et al. 2017).",
  },
  kernel_change: {
    name: "Kernel change",
    meaning: "1 − cosine of the kernel now and at the captured step before: 0 same, 1 unrelated.",
  },
  activation_change: {
    name: "Activation change",
    meaning: "1 − cosine of the feature maps over all inputs, now and at the step before.",
  },
  strength: { name: "Strength", meaning: "Largest magnitude of the picture that is shown." },
  specificity: {
    name: "Specificity",
    meaning: "How much the guided gradient depends on the filter.",
  },
};

export function statisticName(name: string): string {
  return KNOWN[name]?.name ?? name;
}

export function statisticMeaning(name: string): string {
  return KNOWN[name]?.meaning ?? "";
}

export function isShare(name: string): boolean {
  return KNOWN[name]?.share ?? false;
}
