// What the rows of the comparison are sorted by, and its form in links.

import type { Statistic } from "../../wire";
import { MOST_COLUMNS, columnLetter } from "./columns";

/** Numbers of filters; how far A − B is from zero; a statistic of a column, or its change. */
export type CompareKey =
  | { kind: "index" }
  | { kind: "pictures" }
  | { kind: "statistic"; column: number; name: string }
  | { kind: "difference"; name: string };

const DIFFERENCE = "A-B";
const LETTERS = Array.from({ length: MOST_COLUMNS }, (_, at) => columnLetter(at));

export function compareKeyText(key: CompareKey): string {
  if (key.kind === "index" || key.kind === "pictures") return key.kind;
  return `${key.kind === "statistic" ? columnLetter(key.column) : DIFFERENCE}.${key.name}`;
}

/** The key of a link; numbers where the text makes no sense. */
export function parseCompareKey(text: string): CompareKey {
  if (text === "pictures") return { kind: "pictures" };
  const [, of = "", name = ""] = /^(A-B|[A-Z])\.(.+)$/s.exec(text) ?? [];
  const column = LETTERS.indexOf(of);
  if (column >= 0) return { kind: "statistic", column, name };
  return of === DIFFERENCE ? { kind: "difference", name } : { kind: "index" };
}

/** What can be sorted by; the statistics of each column, and how far A − B is from zero. */
export interface CompareNumbers {
  statistics: readonly (readonly Statistic[])[];
  pictures: readonly (number | null)[];
}

/** A statistic of one filter in a column; null where it is not defined or not captured. */
export function statisticOf(
  { statistics }: CompareNumbers,
  { column, name, channel }: { column: number; name: string; channel: number },
): number | null {
  return statistics[column]?.find((one) => one.name === name)?.values[channel] ?? null;
}

/** Numbers of filters name something: their difference says nothing. */
const NAMES: ReadonlySet<string> = new Set(["redundant_with"]);

/** A statistic of A minus that of B; null where either is not there. */
export function statisticChange(
  numbers: CompareNumbers,
  { name, channel }: { name: string; channel: number },
): number | null {
  if (NAMES.has(name)) return null;
  const [a, b] = [0, 1].map((column) => statisticOf(numbers, { column, name, channel }));
  return a == null || b == null ? null : a - b;
}

/** The number that a filter is sorted by; null where there is none. */
export function sortValue(
  key: CompareKey,
  numbers: CompareNumbers,
  channel: number,
): number | null {
  if (key.kind === "index") return channel;
  if (key.kind === "pictures") return numbers.pictures[channel] ?? null;
  if (key.kind === "statistic") return statisticOf(numbers, { ...key, channel });
  const change = statisticChange(numbers, { ...key, channel });
  return change === null ? null : Math.abs(change);
}

/** Whether there is anything to sort by. */
export function hasValues(key: CompareKey, numbers: CompareNumbers, count: number): boolean {
  return Array.from({ length: count }, (_, at) => at).some(
    (channel) => sortValue(key, numbers, channel) !== null,
  );
}

/** Filters by number, or by falling value; those without one last, ties by number. */
export function orderRows(count: number, key: CompareKey, numbers: CompareNumbers): number[] {
  const channels = Array.from({ length: count }, (_, channel) => channel);
  if (key.kind === "index") return channels;
  const values = channels.map((channel) => sortValue(key, numbers, channel) ?? -Infinity);
  return channels.sort((a, b) => {
    const [x = -Infinity, y = -Infinity] = [values[a], values[b]];
    return x === y ? a - b : y - x;
  });
}
