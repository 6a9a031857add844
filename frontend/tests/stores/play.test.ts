import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { hold } from "../server";
import { closeAll, openSession } from "../session.svelte";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

/** Longer than a step stays on screen, shorter than two. */
const turn = () => vi.advanceTimersByTimeAsync(1000);

describe("the captured steps", () => {
  it("are shown one by one, and stop at both ends", async () => {
    const { session } = await openSession("p.convlens.step=1");
    const { player, captures, selection } = session;
    player.move(-1);
    expect(captures.summary?.step).toBe(0);
    player.move(-1);
    expect(captures.summary?.step).toBe(0);
    player.move(1);
    expect([captures.summary?.step, selection.choices.step]).toEqual([1, 1]);
    player.move(7);
    expect(captures.summary?.step).toBe(2);
  });

  it("are followed to the newest once that is selected", async () => {
    const { session } = await openSession("p.convlens.step=1");
    session.player.select(2);
    expect(session.selection.choices.step).toBeNull();
  });

  it("are played to the last one, which stops", async () => {
    const { session } = await openSession("p.convlens.step=1");
    const { player, captures } = session;
    player.toggle();
    await turn();
    expect([captures.summary?.step, player.playing]).toEqual([2, true]);
    await turn();
    expect([captures.summary?.step, player.playing]).toEqual([2, false]);
  });

  it("are played from the first if the last is selected", async () => {
    const { session } = await openSession("");
    session.player.toggle();
    expect(session.captures.summary?.step).toBe(0);
    session.player.toggle();
    expect(session.player.playing).toBe(false);
  });

  it("wait for the pictures of a step before the next one comes", async () => {
    const { session } = await openSession("p.convlens.step=0");
    const letGo = hold("layer");
    session.player.toggle();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(session.captures.summary?.step).toBe(1);
    letGo();
    await turn();
    expect(session.captures.summary?.step).toBe(2);
  });

  it("are not played if there is only one", async () => {
    const { session } = await openSession("", { steps: [4] });
    session.player.toggle();
    expect(session.player.playing).toBe(false);
  });
});
