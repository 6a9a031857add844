import { describe, expect, it } from "vitest";

import {
  SHOWN,
  shownText,
  type Known,
  orderChannels,
  showChannels,
  type Shown,
} from "../../../src/core/grid/order";
import type { FlagKind } from "../../../src/wire";

const UNKNOWN: Known = {
  isUnresponsive: () => false,
  flagsOf: () => [],
  opinionOf: () => null,
  isOutdated: () => false,
};

describe("the order", () => {
  const statistics = [
    { name: "mean", perInput: true, stage: "" as const, values: [1, null, 3, 3] },
  ];

  it("is by statistic, undefined last, ties by number", () => {
    expect(orderChannels(4, { name: "mean", descending: true }, statistics)).toEqual([2, 3, 0, 1]);
    expect(orderChannels(4, { name: "mean", descending: false }, statistics)).toEqual([0, 2, 3, 1]);
  });

  it("is by number for an unknown statistic", () => {
    expect(orderChannels(3, { name: "gone", descending: true }, statistics)).toEqual([0, 1, 2]);
  });

  it("keeps filters with or without a response where asked", () => {
    const facts = { ...UNKNOWN, isUnresponsive: (channel: number) => channel === 0 };
    expect(showChannels([2, 0, 1], "unresponsive", facts)).toEqual([0]);
    expect(showChannels([2, 0, 1], "responding", facts)).toEqual([2, 1]);
  });

  it("keeps filters by their marks", () => {
    const opinions = [
      null,
      { verdict: "useless" as const, stars: 0, tags: [], note: "" },
      { verdict: null, stars: 3, tags: [], note: "" },
    ];
    const facts = {
      ...UNKNOWN,
      opinionOf: (channel: number) => opinions[channel] ?? null,
      isOutdated: (channel: number) => channel === 1,
    };
    const kept = (shown: Shown) => showChannels([2, 0, 1], shown, facts);
    expect(kept("useless")).toEqual([1]);
    expect(kept("useful")).toEqual([]);
    expect(kept("starred")).toEqual([2]);
    expect(kept("marked")).toEqual([2, 1]);
    expect(kept("unmarked")).toEqual([0]);
    expect(kept("outdated")).toEqual([1]);
  });

  it("keeps filters by their flags", () => {
    const kinds: FlagKind[][] = [["silent"], [], ["duplicate", "saturated"]];
    const facts = { ...UNKNOWN, flagsOf: (channel: number) => kinds[channel] ?? [] };
    const kept = (shown: Shown) => showChannels([2, 0, 1], shown, facts);
    expect(kept("flagged")).toEqual([2, 0]);
    expect(kept("silent")).toEqual([0]);
    expect(kept("saturated")).toEqual([2]);
    expect(kept("notFinite")).toEqual([]);
  });

  it("is called by a name for every choice, to say that no filter is so", () => {
    for (const shown of SHOWN) expect(shownText(shown)).toMatch(/^[a-z -]+$/);
  });
});
