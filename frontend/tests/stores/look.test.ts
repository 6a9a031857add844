import { afterEach, describe, expect, it } from "vitest";

import { nextMethod, nextScale, resizeTiles, setScale, switchStage } from "../../src/stores/look";
import { makeSheet } from "../fixtures";
import { closeAll, openSession } from "../session.svelte";

afterEach(closeAll);

const bothStages = {
  capture: {
    sheets: [makeSheet({ stage: "before", sha256: "01" }), makeSheet({ stage: "after" })],
  },
};
const twoMethods = {
  capture: { sheets: [makeSheet(), makeSheet({ method: "kernel", sha256: "01" })] },
};

describe("how filters look", () => {
  it("goes round the methods that were captured, and leaves the others out", async () => {
    const { session } = await openSession("", twoMethods);
    const { choices } = session.selection;
    nextMethod(session);
    expect(choices.method).toBe("kernel");
    nextMethod(session);
    expect(choices.method).toBe("activation");
  });

  it("switches between the maps before and after the activation function", async () => {
    const { session } = await openSession("p.convlens.stage=before", bothStages);
    switchStage(session);
    expect(session.selection.choices.stage).toBe("after");
    switchStage(session);
    expect(session.selection.choices.stage).toBe("before");
  });

  it("has nothing to switch if a layer has one map", async () => {
    const { session } = await openSession("");
    switchStage(session);
    expect(session.selection.choices.stage).toBe("after");
  });

  it("goes round the color scales, and fixes one at the range of the layer", async () => {
    const { session } = await openSession("");
    const { choices } = session.selection;
    const modes = [1, 2, 3].map(() => {
      nextScale(session);
      return choices.scale;
    });
    expect(modes).toEqual(["layer", "fixed", "filter"]);
    expect(choices.fixed).toBe(1);
    choices.fixed = 0.25;
    setScale(session, "fixed");
    expect(choices.fixed).toBe(0.25);
  });

  it("is larger and smaller by keys", async () => {
    const { session } = await openSession("");
    resizeTiles(session, 1, 64);
    const larger = session.selection.choices.size;
    expect(larger).toBeGreaterThan(64);
    resizeTiles(session, -1, Number(larger));
    expect(session.selection.choices.size).toBeLessThan(Number(larger));
  });
});
