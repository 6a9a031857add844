// Names of statistics for people: the criteria, and those that are only shown.

import { CRITERIA } from "./criteria.gen";

interface Known {
  title: string;
  meaning: string;
  /** Whether the value is a share from 0 to 1. */
  isShare: boolean;
}

const SHOWN: Record<string, Known> = {
  saturation: {
    title: "Saturation",
    meaning: "Share of the feature map at a limit of its activation function.",
    isShare: true,
  },
  redundant_with: {
    title: "Redundant with",
    meaning: "The other filter whose response profile is most similar.",
    isShare: false,
  },
  kernel_cosine: {
    title: "Cosine of kernels",
    meaning: "Cosine of this filter's kernel and that of its most similar filter.",
    isShare: false,
  },
};

const KNOWN: ReadonlyMap<string, Known> = new Map([
  ...CRITERIA.map((criterion) => [criterion.name, criterion] as const),
  ...Object.entries(SHOWN),
]);

export function statisticName(name: string): string {
  return KNOWN.get(name)?.title ?? name;
}

export function statisticMeaning(name: string): string {
  return KNOWN.get(name)?.meaning ?? "";
}

export function isShare(name: string): boolean {
  return KNOWN.get(name)?.isShare ?? false;
}
