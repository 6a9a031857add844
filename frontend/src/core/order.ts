// Order of the filters in the grid, and which of them are shown.

import type { Statistic } from "../wire";
import type { Opinion } from "./marks";

export interface SortKey {
  /** "index", or the name of a statistic. */
  name: string;
  descending: boolean;
}

/** Which filters are shown: by their response, or by what is said about them. */
export type Shown =
  | "all"
  | "responding"
  | "unresponsive"
  | "useful"
  | "useless"
  | "unsure"
  | "starred"
  | "marked"
  | "unmarked";

/** How the filters that are shown are called: "No filter of this layer is …". */
export function shownText(shown: Shown): string {
  if (shown === "unresponsive") return "without a response to this input";
  if (shown === "responding") return "responding to this input";
  return shown === "starred" ? "given stars" : shown;
}

export const SHOWN: readonly Shown[] = [
  "all",
  "responding",
  "unresponsive",
  "useful",
  "useless",
  "unsure",
  "starred",
  "marked",
  "unmarked",
];

/** The order that is asked for; by number where no value of its statistic is there. */
export function usableSort(sort: SortKey, statistics: readonly Statistic[]): SortKey {
  const known = statistics.some(
    ({ name, values }) => name === sort.name && values.some((value) => value !== null),
  );
  return known || sort.name === "index" ? sort : { name: "index", descending: false };
}

/** Channels in the order of a statistic; undefined values last, ties by number. */
export function orderChannels(
  count: number,
  key: SortKey,
  statistics: readonly Statistic[],
): number[] {
  const channels = Array.from({ length: count }, (_, channel) => channel);
  if (key.name === "index") return key.descending ? channels.reverse() : channels;
  const values = statistics.find((statistic) => statistic.name === key.name)?.values;
  if (!values) return channels;
  const sign = key.descending ? -1 : 1;
  return channels.sort((a, b) => {
    const x = values[a] ?? null;
    const y = values[b] ?? null;
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    return x === y ? a - b : sign * (x - y);
  });
}

/** Keeps the channels that are asked for. */
export function showChannels(
  order: readonly number[],
  shown: Shown,
  {
    isUnresponsive,
    opinionOf,
  }: { isUnresponsive: (channel: number) => boolean; opinionOf: OpinionOf },
): number[] {
  if (shown === "all") return [...order];
  if (shown === "responding" || shown === "unresponsive")
    return order.filter((channel) => isUnresponsive(channel) === (shown === "unresponsive"));
  return order.filter((channel) => {
    const opinion = opinionOf(channel);
    if (shown === "marked" || shown === "unmarked")
      return (opinion === null) === (shown === "unmarked");
    return shown === "starred" ? (opinion?.stars ?? 0) > 0 : opinion?.verdict === shown;
  });
}

/** What is said about a filter; null: nothing. */
export type OpinionOf = (channel: number) => Opinion | null;
