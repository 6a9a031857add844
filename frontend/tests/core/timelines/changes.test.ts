import { describe, expect, it } from "vitest";

import { sinceText, whyNoChange, whyNoChanges } from "../../../src/core/timelines/changes";

const compared = (step: number, changesSince: number | null, changesUnknown = "") => ({
  step,
  changesSince,
  changesUnknown,
});
const FIRST = "The run has no earlier step.";
const GRAPH = "No earlier step of the run has the same model graph.";

describe("why there is no change", () => {
  it("is what the capture says", () => {
    expect(whyNoChange(compared(0, null, FIRST))).toBe(FIRST);
    expect(whyNoChange(compared(4, 3, "The traits of step 3 are not there."))).toBe(
      "The traits of step 3 are not there.",
    );
  });

  it("is the release of a capture that says nothing", () => {
    expect(whyNoChange(compared(1, null))).toContain("an earlier release of ConvLens");
  });

  it("is the filter where the step was compared", () => {
    expect(whyNoChange(compared(1, 0))).toContain("undefined for all-zero kernels");
  });

  it("names a reason once, with all steps that have it", () => {
    const steps = [compared(0, null, FIRST), compared(1, null, GRAPH), compared(7, null, GRAPH)];
    expect(whyNoChanges(steps)).toBe(`Step 0: ${FIRST} Steps 1, 7: ${GRAPH}`);
  });

  it("names a few steps only", () => {
    const steps = Array.from({ length: 1005 }, (_, step) => compared(step, null, GRAPH));
    expect(whyNoChanges(steps)).toBe(`Steps 0, 1, 2, 3, 4 and 1,000 more: ${GRAPH}`);
  });

  it("hides signs that change the direction of a line", () => {
    expect(whyNoChange(compared(1, null, "a\u202Eb"))).not.toContain("\u202E");
  });
});

describe("since when", () => {
  it("is the step with which it was compared", () => {
    expect(sinceText(compared(2000, 1000))).toBe(", compared with step 1,000");
    expect(sinceText(compared(0, null))).toBe("");
  });
});
