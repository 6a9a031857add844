import { afterEach, describe, expect, it } from "vitest";

import type { Flag, FlagKind } from "../../../src/wire";
import { hold } from "../../server";
import { closeAll, openSession, until } from "../../session.svelte";

afterEach(closeAll);

const flag = (channel: number, kind: FlagKind): Flag => ({
  channel,
  kind,
  other: null,
  evidence: {},
});
const content = {
  capture: { flags: [flag(1, "silent")] },
  answers: {
    flags: { run: "run", step: 2, layer: 1, flags: [flag(0, "nearSilent"), flag(1, "silent")] },
  },
};

describe("flags of filters", () => {
  it("are those of the capture, and choose what is shown", async () => {
    const { session } = await openSession("", content);
    expect(session.ranking?.kindsOf(1)).toEqual(["silent"]);
    expect(session.ranking?.kindsOf(0)).toEqual([]);
    session.selection.choices.shown = "flagged";
    expect(session.list.order).toEqual([1]);
  });

  it("are requested again if thresholds were moved, and none is shown meanwhile", async () => {
    const { session, asked } = await openSession("", content);
    const letGo = hold("flags");
    session.selection.choices.thresholds = { nearSilent: 0.2 };
    expect(session.ranking?.kindsOf(1)).toEqual([]);
    letGo();
    await until(() => session.ranking?.kindsOf(0)[0] === "nearSilent");
    expect(asked.some((address) => /^flags\?.*near_silent=0\.2/.test(address))).toBe(true);
    session.selection.choices.thresholds = {};
    expect(session.ranking?.kindsOf(0)).toEqual([]);
  });

  it("are spoken", async () => {
    const { session } = await openSession("", content);
    expect(session.ranking?.spoken(1)).toMatch(/^, silent/);
    expect(session.ranking?.spoken(0)).toBe("");
  });
});

describe("orders that are not captured", () => {
  it("include the random order, and ablation only if it was measured", async () => {
    const { session } = await openSession("");
    const names = session.ranking?.statistics.map(({ name }) => name);
    expect(names).toEqual(["random"]);
  });
});
