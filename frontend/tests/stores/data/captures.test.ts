import { flushSync } from "svelte";
import { afterEach, describe, expect, it } from "vitest";

import { findStep } from "../../../src/stores/data/captures.svelte";
import { hold, makeRun, refuse, serve } from "../../server";
import { closeAll, openSession, twoConvolutions, until } from "../../session.svelte";

afterEach(closeAll);

const runs = (...names: string[]) => ({
  runs: names.map((run, at) => ({
    ...makeRun({ layers: [], steps: [0, at + 1] }),
    run,
  })),
  version: "1",
});

describe("what is selected of the captures", () => {
  it("is the first captured layer at the newest step of the run that was written last", async () => {
    const { session } = await openSession("", { answers: { runs: runs("old", "new") } });
    const { run, summary, layer } = session.captures;
    expect([run?.run, summary?.step, layer?.key]).toEqual(["new", 2, "conv1"]);
  });

  it("is the run, step and layer of the link", async () => {
    const { session } = await openSession(
      "p.convlens.run=old&p.convlens.step=0&p.convlens.layer=conv2",
      { answers: { runs: runs("old", "new") } },
    );
    const { run, summary, layer } = session.captures;
    expect([run?.run, summary?.step, layer?.key]).toEqual(["old", 0, "conv2"]);
  });

  it("is the nearest existing one if the link names another", async () => {
    const { session } = await openSession(
      "p.convlens.step=999&p.convlens.filter=99&p.convlens.input=7&p.convlens.layer=no",
    );
    const { summary, channel, input, layer } = session.captures;
    expect([summary?.step, channel, input, layer?.key]).toEqual([2, 1, 0, "conv1"]);
    expect(session.substitutions.join(" ")).toMatch(/Step 999.*Layer “no”/);
  });

  it("follows a run that grows, and stays at a step that was chosen", async () => {
    const { session } = await openSession("");
    serve({ layers: twoConvolutions(), steps: [0, 1, 2, 3] });
    session.captures.reload();
    await until(() => session.captures.summary?.step === 3);
    session.player.select(1);
    serve({ layers: twoConvolutions(), steps: [0, 1, 2, 3, 4] });
    session.captures.reload();
    await until(() => session.captures.steps.length === 5);
    expect(session.captures.summary?.step).toBe(1);
  });
});

describe("what is on screen", () => {
  it("stays at another step until that is here, and is not taken for it", async () => {
    const { session } = await openSession("");
    const { captures } = session;
    const letGo = hold("layer");
    session.player.move(-1);
    flushSync();
    expect(captures.current).toBeNull();
    expect(captures.shown?.at.step).toBe(2);
    letGo();
    await until(() => captures.current?.at.step === 1);
  });

  it("disappears at once if another layer is selected", async () => {
    const { session } = await openSession("");
    const { captures } = session;
    expect(captures.lastSelected?.layer.key).toBe("conv1");
    hold("layer");
    session.moveLayer(1);
    expect(captures.shown).toBeNull();
    // Views that stay laid out, unseen, still have it.
    expect(captures.lastSelected?.layer.key).toBe("conv1");
  });

  it("is nothing if the server has gone, with a sentence; loaded values stay", async () => {
    const { session } = await openSession("");
    const { captures } = session;
    refuse(500, "The disk is gone.");
    session.moveLayer(1);
    await until(() => captures.view.error !== null);
    expect([captures.view.error, captures.shown]).toEqual(["The disk is gone.", null]);
    session.moveLayer(-1);
    await until(() => captures.current?.layer.key === "conv1");
  });
});

describe("the nearest step", () => {
  const steps = makeRun({ layers: [], steps: [0, 10, 20] }).steps;

  it.each([
    [null, 20],
    [10, 10],
    [14, 10],
    [16, 20],
    [-5, 0],
  ])("to %s is %s", (wanted, found) => {
    expect(findStep(steps, wanted)?.step).toBe(found);
  });

  it("is none if nothing was captured", () => {
    expect(findStep([], 3)).toBeNull();
  });
});
