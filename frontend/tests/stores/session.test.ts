import { afterEach, describe, expect, it } from "vitest";

import { closeAll, openSession, twoConvolutions, until } from "../session.svelte";

afterEach(closeAll);

const inputs = {
  fingerprint: "i",
  classNames: [],
  colorOrder: "rgb",
  inputs: [0, 1, 2].map((index) => ({
    index,
    label: `image ${index}`,
    pictures: [{ height: 8, width: 8 }],
    classIndex: null,
  })),
};

describe("commands of the tab", () => {
  it("go through the input images, from the last to the first", async () => {
    const { session } = await openSession("", { answers: { inputs } });
    const seen = [1, 1, 1, -1].map((by) => {
      session.moveInput(by);
      return session.captures.input;
    });
    expect(seen).toEqual([1, 2, 0, 2]);
  });

  it("go through the layers that were captured, and stay at both ends", async () => {
    const { session } = await openSession("");
    const seen = [-1, 1, 1, -1].map((by) => {
      session.moveLayer(by);
      return session.captures.layer?.key;
    });
    expect(seen).toEqual(["conv1", "conv2", "conv2", "conv1"]);
  });

  it("compare with another input image if there is one step", async () => {
    const { session } = await openSession("", { steps: [3], answers: { inputs } });
    session.toggleCompare();
    expect(session.selection.choices.columns).toEqual([{ run: "run", step: null, input: 1 }]);
  });

  it("open the timelines only if there are several steps", async () => {
    const { session } = await openSession("", { steps: [3] });
    session.openTimeline();
    expect(session.selection.choices.timeline).toBeNull();
    expect(session.message).toMatch(/^Only one step was captured/);
  });
});

describe("the inspector", () => {
  it("shows the attributes of a layer without filters, and the filter again afterwards", async () => {
    const { session } = await openSession("");
    const [image, convolution] = twoConvolutions();
    if (!image || !convolution) throw new Error("There are no layers.");
    session.selectLayer(image);
    expect(session.inspectorTab).toBe("layer");
    session.selectLayer(convolution);
    await until(() => session.captures.current !== null);
    expect(session.inspectorTab).toBe("filter");
  });
});
