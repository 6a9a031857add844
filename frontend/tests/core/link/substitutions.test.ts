import { describe, expect, it } from "vitest";

import { substitutions } from "../../../src/core/link/substitutions";

const nothing = { run: null, step: null, layer: null };
const shown = { run: "train", step: 5, layer: "conv1" };

describe("what is shown instead of what was asked for", () => {
  it("is no word where it was found, or where nothing was asked for", () => {
    expect(substitutions(shown, shown)).toEqual([]);
    expect(substitutions(nothing, shown)).toEqual([]);
  });

  it("names the run, the step and the layer", () => {
    expect(substitutions({ run: "gone", step: 4, layer: "conv9" }, shown)).toEqual([
      "Run “gone” has no captures here. Run “train” is shown.",
      "Step 4 was not captured in this run. Step 5, the nearest, is shown.",
      "Layer “conv9” is not in this model. Layer “conv1” is shown.",
    ]);
  });

  it("is not said while it is not known", () => {
    expect(substitutions({ run: "gone", step: 4, layer: "conv9" }, nothing)).toEqual([]);
  });

  it("names step 0 like any other", () => {
    expect(substitutions({ ...nothing, step: 0 }, shown)).toHaveLength(1);
  });

  it("is plain text of a length that a person reads", () => {
    const [sentence] = substitutions({ ...nothing, run: "x\u202e".repeat(4000) }, shown);
    expect(sentence?.length).toBeLessThan(200);
    expect(sentence).toContain("Run “train” is shown.");
    expect(sentence).not.toContain("\u202e");
  });
});
