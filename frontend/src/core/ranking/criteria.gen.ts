// Generated from `core/filters/criteria.py` by tools/generate_criteria.py.
// Do not edit: change the Python file and run `make generate`.

export interface CriterionName {
  /** The name of the statistic. */
  name: string;
  title: string;
  /** What it is, in one sentence. */
  meaning: string;
  /** Whether it lies between 0 and 1. */
  isShare: boolean;
}

export const CRITERIA: readonly CriterionName[] = [
  {
    name: "l1",
    title: "Kernel L1",
    meaning: "Sum of the magnitudes of the kernel's weights.",
    isShare: false,
  },
  {
    name: "l2",
    title: "Kernel L2",
    meaning: "Euclidean norm of the kernel.",
    isShare: false,
  },
  {
    name: "fpgm",
    title: "FPGM distance",
    meaning: "Sum of the distances from the kernel to all other kernels of the layer.",
    isShare: false,
  },
  {
    name: "redundancy",
    title: "Redundancy",
    meaning: "Highest similarity of the response profile to that of another filter.",
    isShare: false,
  },
  {
    name: "apoz",
    title: "Zeros (APoZ)",
    meaning: "Share of the feature map that is exactly zero, after its rectifier.",
    isShare: true,
  },
  {
    name: "mean",
    title: "Mean",
    meaning: "Mean of the feature map.",
    isShare: false,
  },
  {
    name: "max",
    title: "Maximum",
    meaning: "Largest value of the feature map.",
    isShare: false,
  },
  {
    name: "std",
    title: "Deviation",
    meaning: "Standard deviation over the feature map.",
    isShare: false,
  },
  {
    name: "taylor",
    title: "Taylor",
    meaning: "First-order estimate of how much the output changes without the channel.",
    isShare: false,
  },
  {
    name: "class_selectivity",
    title: "Class selectivity",
    meaning: "How much more the filter responds to its favorite class than to the others.",
    isShare: true,
  },
  {
    name: "specificity",
    title: "Specificity",
    meaning: "How much the guided gradient depends on the filter.",
    isShare: true,
  },
  {
    name: "kernel_change",
    title: "Kernel change",
    meaning: "How much the kernel changed since the previous captured step.",
    isShare: false,
  },
  {
    name: "activation_change",
    title: "Activation change",
    meaning: "How much the output profile changed since the previous captured step.",
    isShare: false,
  },
  {
    name: "strength",
    title: "Strength",
    meaning: "Largest magnitude of the picture that is shown.",
    isShare: false,
  },
  {
    name: "ablation",
    title: "Ablation",
    meaning: "Change of the loss when the channel of the filter is zero.",
    isShare: false,
  },
  {
    name: "random",
    title: "Random",
    meaning: "The control: a random number per filter, computed from a seed.",
    isShare: true,
  },
];
