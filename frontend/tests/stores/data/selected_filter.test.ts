import { flushSync } from "svelte";
import { afterEach, describe, expect, it } from "vitest";

import { hold } from "../../server";
import { closeAll, openSession, until } from "../../session.svelte";

afterEach(closeAll);

describe("the large picture of the selected filter", () => {
  it("is taken from the pictures of the layer if these are complete", async () => {
    const { session, asked } = await openSession("");
    expect(session.filter.shown?.channel).toBe(0);
    expect(asked.filter((address) => address.startsWith("tiles?"))).toEqual([]);
  });

  it("goes when another filter is selected, until that is here", async () => {
    const { session } = await openSession("");
    const letGo = hold("tiles");
    // A tile that is taken from the layer needs no request: another step has none at hand.
    session.player.move(-1);
    session.list.select(1);
    flushSync();
    expect(session.filter.shown).toBeNull();
    letGo();
    await until(() => session.filter.shown?.channel === 1 && session.filter.isCurrent);
  });

  it("stays that of the same filter at another step, and does not count as current", async () => {
    const { session } = await openSession("");
    const letGo = hold("layer");
    session.player.move(-1);
    flushSync();
    expect(session.filter.isCurrent).toBe(false);
    expect(session.filter.shown?.at.step).toBe(2);
    letGo();
    await until(() => session.filter.shown?.at.step === 1);
  });
});
