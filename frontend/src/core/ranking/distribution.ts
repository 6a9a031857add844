// Where one filter stands among the filters of its layer.

export interface Distribution {
  /** Finite values, ascending. */
  sorted: number[];
  minimum: number;
  maximum: number;
  median: number;
  /** Filters per bin, of equal width from minimum to maximum. */
  bins: number[];
}

export function distributionOf(values: readonly (number | null)[], bins = 24): Distribution | null {
  const sorted = values.filter((value): value is number => value !== null).sort((a, b) => a - b);
  const minimum = sorted[0];
  const maximum = sorted.at(-1);
  if (minimum === undefined || maximum === undefined) return null;
  const counts = new Array<number>(bins).fill(0);
  const width = (maximum - minimum) / bins || 1;
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.floor((value - minimum) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? minimum;
  const lower = sorted[Math.ceil(middle) - 1] ?? minimum;
  return { sorted, minimum, maximum, median: (lower + upper) / 2, bins: counts };
}

/** Place of a value counted from the largest, 1 for the largest; ties share the better place. */
export function placeFromTop(distribution: Distribution, value: number): number {
  return distribution.sorted.filter((other) => other > value).length + 1;
}

/** Bin of a value, for marking it in the histogram. */
export function binOf(distribution: Distribution, value: number): number {
  const width = (distribution.maximum - distribution.minimum) / distribution.bins.length || 1;
  const bin = Math.floor((value - distribution.minimum) / width);
  return Math.max(0, Math.min(distribution.bins.length - 1, bin));
}
