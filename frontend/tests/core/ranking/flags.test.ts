import { describe, expect, it } from "vitest";

import {
  channelsByKind,
  FLAG_KINDS,
  FLAG_SIGN,
  flagsByChannel,
  flagSign,
  flagText,
} from "../../../src/core/ranking/flags";
import { canWrite } from "../../../src/core/pictures/stroke_font";
import {
  parseThreshold,
  parseThresholds,
  thresholdParameters,
} from "../../../src/core/ranking/thresholds";
import type { Flag } from "../../../src/wire";

const flag = (changes: Partial<Flag>): Flag => ({
  channel: 0,
  kind: "silent",
  other: null,
  evidence: { inputs: 4 },
  ...changes,
});

describe("flags", () => {
  it("come with the numbers that they rest on", () => {
    expect(flagText(flag({}))).toBe("silent on all 4 inputs");
    expect(flagText(flag({ kind: "nearSilent", evidence: { inputs: 1, apoz: 0.995 } }))).toBe(
      "near-silent: 100 % zeros over 1 input",
    );
    expect(flagText(flag({ kind: "saturated", evidence: { inputs: 2, saturation: 0.91 } }))).toBe(
      "saturated: 91 % at the limit over 2 inputs",
    );
    const evidence = { profile: 0.999, kernel: 1 };
    expect(flagText(flag({ kind: "duplicate", other: 7, evidence }))).toBe(
      "duplicate of 7: response correlation 0.999, kernel cosine 1",
    );
    expect(flagText(flag({ kind: "notFinite", evidence: { mean: 2, l1: 1 } }))).toBe(
      "NaN or infinite: l1, mean",
    );
  });

  it("have signs that differ, and never call a filter dead", () => {
    expect(new Set(FLAG_KINDS.map((kind) => FLAG_SIGN[kind])).size).toBe(FLAG_KINDS.length);
    expect(flagSign(flag({ kind: "duplicate", other: 12 }))).toBe("=12");
    expect(flagSign(flag({}))).toBe("∅");
    for (const kind of FLAG_KINDS) expect(flagText(flag({ kind }))).not.toMatch(/dead/);
  });

  it("have signs that can be drawn without a font, whatever filter they name", () => {
    const others = [null, 1234567890];
    for (const kind of FLAG_KINDS)
      for (const other of others) expect(canWrite(flagSign(flag({ kind, other })))).toBe(true);
    expect(canWrite("dead")).toBe(false);
  });

  it("are gathered by filter", () => {
    const twice = [flag({ channel: 3 }), flag({ channel: 3, kind: "saturated" }), flag({})];
    const found = flagsByChannel(twice);
    expect(found.get(3)?.map(({ kind }) => kind)).toEqual(["silent", "saturated"]);
    expect([...found.keys()]).toEqual([3, 0]);
  });

  it("are gathered by kind, in the order of the server", () => {
    const kinds = channelsByKind([flag({ kind: "saturated" }), flag({}), flag({ channel: 3 })]);
    expect([...kinds]).toEqual([
      ["silent", [0, 3]],
      ["saturated", [0]],
    ]);
  });
});

describe("thresholds", () => {
  it("are in links and requests only where they were moved", () => {
    expect(thresholdParameters({})).toEqual({});
    const moved = { nearSilent: 0.5, kernel: 0 };
    expect(thresholdParameters(moved)).toEqual({ near_silent: "0.5", kernel: "0" });
    expect(parseThresholds({ ...thresholdParameters(moved), step: "1" })).toEqual(moved);
  });

  it("are shares; anything else is none", () => {
    expect(["0", "1", "0.98765", ".5"].map(parseThreshold)).toEqual([0, 1, 0.9877, 0.5]);
    for (const text of ["", " ", "-0.1", "1.01", "NaN", "x", "1e999"])
      expect(parseThreshold(text)).toBeNull();
  });
});
