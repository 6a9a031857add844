// Thresholds of flags that somebody has moved; the server has the defaults.

import type { Thresholds } from "../../wire";

/** Thresholds that were moved, each from 0 to 1. */
export type MovedThresholds = Partial<Thresholds>;

/** Names of thresholds, as links and requests have them. */
const PARAMETER: Record<keyof Thresholds, string> = {
  nearSilent: "near_silent",
  saturated: "saturated",
  profile: "profile",
  kernel: "kernel",
};
export const THRESHOLDS = Object.keys(PARAMETER) as (keyof Thresholds)[];

/** Keys and values of a link or a request. */
export function thresholdParameters(moved: MovedThresholds): Record<string, string> {
  return Object.fromEntries(
    THRESHOLDS.flatMap((name) => {
      const value = moved[name];
      return value === undefined ? [] : [[PARAMETER[name], String(value)]];
    }),
  );
}

/** What is missing or makes no sense was not moved. */
export function parseThresholds(state: Readonly<Record<string, string>>): MovedThresholds {
  return Object.fromEntries(
    THRESHOLDS.flatMap((name) => {
      const value = parseThreshold(state[PARAMETER[name]] ?? "");
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** A share from 0 to 1 in four digits, as the server takes it; else null. */
export function parseThreshold(text: string): number | null {
  const value = Number(text);
  return text.trim() !== "" && value >= 0 && value <= 1 ? Number(value.toFixed(4)) : null;
}
