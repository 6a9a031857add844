import { describe, expect, it } from "vitest";

import { channelsByKind, flagText } from "../../src/core/flags";
import type { Flag } from "../../src/wire";

const flag = (changes: Partial<Flag>): Flag => ({
  channel: 0,
  kind: "silent",
  other: null,
  evidence: { inputs: 4 },
  ...changes,
});

describe("flags", () => {
  it("are said with the numbers that they rest on", () => {
    expect(flagText(flag({}))).toBe("silent on all 4 inputs");
    expect(flagText(flag({ kind: "nearSilent", evidence: { inputs: 1, apoz: 0.995 } }))).toBe(
      "near-silent: 100 % zeros over 1 input",
    );
    expect(flagText(flag({ kind: "saturated", evidence: { inputs: 2, saturation: 0.91 } }))).toBe(
      "saturated: 91 % at the limit over 2 inputs",
    );
    const evidence = { profile: 0.999, kernel: 1 };
    expect(flagText(flag({ kind: "duplicate", other: 7, evidence }))).toBe(
      "duplicate of 7: responses 0.999, kernels 1 alike",
    );
    expect(flagText(flag({ kind: "notFinite", evidence: { mean: 2, l1: 1 } }))).toBe(
      "NaN or infinite: l1, mean",
    );
  });

  it("are gathered by kind", () => {
    const kinds = channelsByKind([flag({}), flag({ channel: 3 }), flag({ kind: "saturated" })]);
    expect([...kinds]).toEqual([
      ["silent", [0, 3]],
      ["saturated", [0]],
    ]);
  });
});
