// How far criteria agree: Spearman's rank correlation over the filters of a layer.

import type { Statistic } from "../wire";

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    const value = values[order[from] ?? 0];
    while (to < order.length && values[order[to] ?? 0] === value) to++;
    for (let at = from; at < to; at++) ranks[order[at] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/**
 * Spearman's correlation over the filters for which both are defined; null for fewer than
 * three of them, and where one side has the same value everywhere.
 */
export function rankCorrelation(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
): number | null {
  const pairs = a.flatMap((x, at) => {
    const y = b[at] ?? null;
    return x === null || y === null ? [] : [[x, y] as const];
  });
  if (pairs.length < 3) return null;
  return pearson(ranksOf(pairs.map(([x]) => x)), ranksOf(pairs.map(([, y]) => y)));
}

function pearson(a: readonly number[], b: readonly number[]): number | null {
  const middle = (a.length + 1) / 2;
  let [both, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [(a[at] ?? 0) - middle, (b[at] ?? 0) - middle];
    both += x * y;
    left += x * x;
    right += y * y;
  }
  return left === 0 || right === 0 ? null : both / Math.sqrt(left * right);
}

/** Rows and columns are the criteria in their order; the diagonal is 1. */
export function agreementOf(criteria: readonly Statistic[]): (number | null)[][] {
  return criteria.map((row) =>
    criteria.map((column) => (row === column ? 1 : rankCorrelation(row.values, column.values))),
  );
}
