// Order of the filters in the grid, and which of them are shown.

import type { Statistic } from "../wire";

export interface SortKey {
  /** "index", or the name of a statistic. */
  name: string;
  descending: boolean;
}

export type Shown = "all" | "responding" | "unresponsive";

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
  isUnresponsive: (channel: number) => boolean,
): number[] {
  if (shown === "all") return [...order];
  return order.filter((channel) => isUnresponsive(channel) === (shown === "unresponsive"));
}
