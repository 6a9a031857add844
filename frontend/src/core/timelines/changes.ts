// With which step filters were compared, or why their change is unknown, in words.

import type { ComparedStep } from "../../wire";
import { countText, plainText } from "../text/format";

type Compared = Pick<ComparedStep, "step" | "changesSince" | "changesUnknown">;

const EARLIER_RELEASE =
  "Captured by an earlier release of ConvLens, which only compared captures of the same session.";
const NOT_DEFINED =
  "Compared with the step before, but a change is undefined for all-zero kernels and for silent filters.";
/** Letters of a sentence from a log directory. */
const LONGEST = 400;
const MOST_STEPS = 5;

/** Why a filter has no change at a step, as a sentence. */
export function whyNoChange({ changesSince, changesUnknown }: Compared): string {
  if (changesUnknown !== "") return plainText(changesUnknown, LONGEST);
  return changesSince === null ? EARLIER_RELEASE : NOT_DEFINED;
}

/** ", compared with step 3": the step with which a filter was compared; "" where that is not known. */
export function sinceText({ changesSince }: Compared): string {
  return changesSince === null ? "" : `, compared with step ${countText(changesSince)}`;
}

/** Why no step has a change: every reason once, with its steps. */
export function whyNoChanges(steps: readonly Compared[]): string {
  const reasons = new Map<string, number[]>();
  for (const step of steps) {
    const reason = whyNoChange(step);
    reasons.set(reason, [...(reasons.get(reason) ?? []), step.step]);
  }
  return [...reasons].map(([reason, found]) => `${stepsText(found)}: ${reason}`).join(" ");
}

function stepsText(steps: readonly number[]): string {
  const named = steps.slice(0, MOST_STEPS).map(countText).join(", ");
  const more = steps.length - MOST_STEPS;
  return `${steps.length === 1 ? "Step" : "Steps"} ${named}${more > 0 ? ` and ${countText(more)} more` : ""}`;
}
