// Order of the filters in the grid, and which of them are shown.

import type { FlagKind, Statistic } from "../../wire";
import type { Opinion } from "../words/mark";

export interface SortKey {
  /** "index", or the name of a statistic. */
  name: string;
  descending: boolean;
}

/** Which filters are shown: by their response, their flags, or their marks. */
export type Shown =
  | "all"
  | "responding"
  | "unresponsive"
  | "flagged"
  | FlagKind
  | "useful"
  | "useless"
  | "unsure"
  | "starred"
  | "marked"
  | "unmarked"
  | "outdated";

/** How the filters that are shown are called: "No filter of this layer is …". */
export function shownText(shown: Shown): string {
  return TEXTS[shown] ?? shown;
}

const TEXTS: Partial<Record<Shown, string>> = {
  unresponsive: "without a response to this input",
  responding: "responding to this input",
  silent: "silent on all captured inputs",
  nearSilent: "near-silent",
  duplicate: "a duplicate",
  notFinite: "flagged as not finite",
  starred: "marked with stars",
  outdated: "marked on other weights",
};

export const SHOWN: readonly Shown[] = [
  "all",
  "responding",
  "unresponsive",
  "flagged",
  "silent",
  "nearSilent",
  "saturated",
  "duplicate",
  "notFinite",
  "useful",
  "useless",
  "unsure",
  "starred",
  "marked",
  "unmarked",
  "outdated",
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

/** What is known of a filter, to show it or not. */
export interface Known {
  isUnresponsive: (channel: number) => boolean;
  flagsOf: (channel: number) => readonly FlagKind[];
  /** The opinion about a filter; null without a mark. */
  opinionOf: (channel: number) => Opinion | null;
  /** Whether its mark was made on other weights. */
  isOutdated: (channel: number) => boolean;
}

/** Keeps the channels that are asked for. */
export function showChannels(order: readonly number[], shown: Shown, known: Known): number[] {
  return order.filter((channel) => isShown(channel, shown, known));
}

function isShown(channel: number, shown: Shown, known: Known): boolean {
  switch (shown) {
    case "all":
      return true;
    case "responding":
    case "unresponsive":
      return known.isUnresponsive(channel) === (shown === "unresponsive");
    case "flagged":
      return known.flagsOf(channel).length > 0;
    case "silent":
    case "nearSilent":
    case "saturated":
    case "duplicate":
    case "notFinite":
      return known.flagsOf(channel).includes(shown);
    case "marked":
    case "unmarked":
      return (known.opinionOf(channel) === null) === (shown === "unmarked");
    case "outdated":
      return known.isOutdated(channel);
    case "starred":
      return (known.opinionOf(channel)?.stars ?? 0) > 0;
    default:
      return known.opinionOf(channel)?.verdict === shown;
  }
}
