// Flags of filters in words and signs, each with the numbers that it rests on.

import type { Flag, FlagKind } from "../../wire";
import { countText, plural, shareText, valueText } from "../text/format";

/** In the order of the server. */
export const FLAG_KINDS: readonly FlagKind[] = [
  "silent",
  "nearSilent",
  "saturated",
  "duplicate",
  "notFinite",
];

export const FLAG_NAME: Record<FlagKind, string> = {
  silent: "silent",
  nearSilent: "near-silent",
  saturated: "saturated",
  duplicate: "duplicate",
  notFinite: "not finite",
};

/** Signs on tiles and in menus: nothing depends on color alone. */
export const FLAG_SIGN: Record<FlagKind, string> = {
  silent: "∅",
  nearSilent: "≈0",
  saturated: "sat",
  duplicate: "=",
  notFinite: "NaN",
};

/** "1 duplicate", "4 silent". */
export const flagCount = (kind: FlagKind, count: number): string =>
  `${countText(count)} ${kind === "duplicate" && count !== 1 ? "duplicates" : FLAG_NAME[kind]}`;

/** The sign of a flag; of a duplicate with the filter that it is like. */
export const flagSign = ({ kind, other }: Flag): string => FLAG_SIGN[kind] + (other ?? "");

/** "silent on all 4 inputs". Never dead: a handful of images cannot tell. */
export function flagText({ kind, evidence, other }: Flag): string {
  const number = (name: string) => evidence[name] ?? 0;
  const inputs = plural(number("inputs"), "input");
  if (kind === "silent") return `silent on all ${inputs}`;
  if (kind === "nearSilent")
    return `near-silent: ${shareText(number("apoz"))} zeros over ${inputs}`;
  if (kind === "saturated")
    return `saturated: ${shareText(number("saturation"))} at the limit over ${inputs}`;
  if (kind === "duplicate")
    return `duplicate of ${other}: response correlation ${valueText(number("profile"))}, kernel cosine ${valueText(number("kernel"))}`;
  return `NaN or infinite: ${Object.keys(evidence).sort().join(", ")}`;
}

/** Filters with each kind of flag, in the order of the server. */
export function channelsByKind(flags: readonly Flag[]): Map<FlagKind, number[]> {
  const channels = new Map<FlagKind, number[]>();
  for (const kind of FLAG_KINDS) {
    const found = flags.filter((flag) => flag.kind === kind).map(({ channel }) => channel);
    if (found.length > 0) channels.set(kind, found);
  }
  return channels;
}

/** The flags of each filter that has any. */
export function flagsByChannel(flags: readonly Flag[]): ReadonlyMap<number, readonly Flag[]> {
  const channels = new Map<number, Flag[]>();
  for (const flag of flags)
    channels.set(flag.channel, [...(channels.get(flag.channel) ?? []), flag]);
  return channels;
}
