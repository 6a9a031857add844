// Flags of filters in words, each with the numbers that it rests on.

import type { Flag, FlagKind } from "../wire";
import { plural, shareText, valueText } from "./format";

export const FLAG_NAME: Record<FlagKind, string> = {
  silent: "silent",
  nearSilent: "near-silent",
  saturated: "saturated",
  duplicate: "duplicate",
  notFinite: "not finite",
};

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
    return `duplicate of ${other}: responses ${valueText(number("profile"))}, kernels ${valueText(number("kernel"))} alike`;
  return `NaN or infinite: ${Object.keys(evidence).sort().join(", ")}`;
}

/** Filters with each kind of flag, in the order in which kinds first occur. */
export function channelsByKind(flags: readonly Flag[]): Map<FlagKind, number[]> {
  const channels = new Map<FlagKind, number[]>();
  for (const { kind, channel } of flags)
    channels.set(kind, [...(channels.get(kind) ?? []), channel]);
  return channels;
}
