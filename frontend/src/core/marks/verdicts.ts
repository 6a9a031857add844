// Verdicts and their counts: all that is drawn before the marks are loaded.

import type { Verdict } from "../../wire";

export const VERDICTS: readonly Verdict[] = ["useful", "useless", "unsure"];

/** Signs of verdicts: nothing depends on color alone. */
export const VERDICT_SIGN: Record<Verdict, string> = { useful: "✓", useless: "✕", unsure: "?" };

export interface VerdictCounts {
  useful: number;
  useless: number;
  unsure: number;
  /** Filters with anything said about them. */
  marked: number;
}

/** How many filters have a verdict: others have stars, tags or a note only. */
export const judged = (counts: VerdictCounts): number =>
  VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);

/** In little room: "✓3 ✕12". */
export function verdictsText(counts: VerdictCounts): string {
  return VERDICTS.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${VERDICT_SIGN[verdict]}${counts[verdict]}`)
    .join(" ");
}

/** "15 of 64 filters: 3 useful, 12 useless". */
export function countsText(counts: VerdictCounts, filters: number): string {
  const verdicts = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${counts[verdict]} ${verdict}`,
  );
  const all = `${counts.marked} of ${filters} filters`;
  return verdicts.length > 0 ? `${all}: ${verdicts.join(", ")}` : all;
}
