import { describe, expect, it } from "vitest";

import { createColoring } from "../../../src/core/pictures/coloring";
import { layOutCurve } from "../../../src/core/timelines/curve";
import { binOf, distributionOf, placeFromTop } from "../../../src/core/ranking/distribution";
import {
  BATCH,
  batchesAround,
  FRAME_WIDTH,
  framesInView,
  scrollToFrame,
} from "../../../src/core/timelines/filmstrip";
import {
  cellAt,
  clipFrame,
  placementFrame,
  unitFrame,
  WHOLE,
} from "../../../src/core/pictures/frame";
import {
  capturedStages,
  gridSheet,
  hasFlags,
  isUnresponsive,
  methodTip,
  stageText,
  targetText,
} from "../../../src/core/pictures/method";
import { search } from "../../../src/core/chain/search";
import { makeCapture, makeLayer, makeSheet } from "../../fixtures";

const picture = { height: 100, width: 200 };

describe("the tip of a method", () => {
  it("says of which step it is missing, for other steps may have it", () => {
    expect(methodTip("guided", null, 1500)).toBe(
      "Guided gradient: not captured for this layer at step 1,500",
    );
  });

  it("says no more than its name where it is there, or nothing is known yet", () => {
    expect(methodTip("activation", undefined, null)).toBe("Activation");
  });
});

describe("frames", () => {
  it("of a crop lie where its placement says", () => {
    const placement = {
      cropped: true,
      source: 0,
      height: 10,
      width: 20,
      top: [5],
      left: [-10],
      unitRow: [0],
      unitColumn: [0],
    };
    expect(placementFrame(placement, 0, picture)).toEqual({
      left: -0.05,
      top: 0.05,
      width: 0.1,
      height: 0.1,
    });
  });

  it("of a unit are its receptive field", () => {
    const field = { size: [10, 20], stride: [2, 4], start: [-5, -10] };
    const frame = unitFrame(field, { row: 5, column: 5 }, picture);
    expect(frame).toEqual({ left: 0.05, top: 0.05, width: 0.1, height: 0.1 });
  });

  it("are clipped to the image", () => {
    expect(clipFrame({ left: -0.5, top: 0.9, width: 1, height: 0.4 })).toEqual({
      left: 0,
      top: 0.9,
      width: 0.5,
      height: expect.closeTo(0.1),
    });
  });

  it("find the cell under a place", () => {
    expect(cellAt(WHOLE, { height: 10, width: 10 }, { x: 0.55, y: 0.05 })).toEqual({
      row: 0,
      column: 5,
    });
    expect(cellAt(WHOLE, { height: 10, width: 10 }, { x: 1.2, y: 0 })).toBeNull();
  });
});

describe("distributions", () => {
  it("know the place of a value from the top", () => {
    const distribution = distributionOf([1, 2, 2, null, 5]);
    expect(distribution && placeFromTop(distribution, 2)).toBe(2);
    expect(distribution?.median).toBe(2);
  });

  it("of equal values have one bin", () => {
    const distribution = distributionOf([3, 3, 3]);
    expect(distribution?.bins[0]).toBe(3);
    expect(distribution && binOf(distribution, 3)).toBe(0);
  });

  it("of nothing do not exist", () => {
    expect(distributionOf([null])).toBeNull();
  });
});

describe("curves", () => {
  const box = { width: 100, height: 50, padding: 0 };

  it("have gaps where values are missing", () => {
    const curve = layOutCurve(
      [
        { x: 0, y: 1 },
        { x: 1, y: null },
        { x: 2, y: 3 },
      ],
      box,
    );
    expect(curve?.path).toBe("M0.0 50.0M100.0 0.0");
  });

  it("of one value lie in the middle", () => {
    expect(layOutCurve([{ x: 4, y: 7 }], box)?.places).toEqual([{ x: 0, y: 25 }]);
  });
});

describe("the filmstrip", () => {
  it("holds the frames in view and a few beside them", () => {
    const view = { left: 10 * FRAME_WIDTH, width: 4 * FRAME_WIDTH };
    expect(framesInView(100, view)).toEqual({ first: 7, end: 17 });
    expect(framesInView(100, { left: 0, width: 300 })).toEqual({ first: 0, end: 8 });
    expect(framesInView(2, { left: 0, width: 300 })).toEqual({ first: 0, end: 2 });
  });
  it("fetches whole batches, so that a hundred steps are five requests", () => {
    const asked = new Set<number>();
    for (let left = 0; left < 100 * FRAME_WIDTH; left += 50) {
      const batch = batchesAround(100, framesInView(100, { left, width: 300 }), BATCH);
      for (let from = batch.first; from < batch.end; from += BATCH) asked.add(from);
    }
    expect([...asked].sort((a, b) => a - b)).toEqual([0, 24, 48, 72, 96]);
    expect(batchesAround(100, { first: 95, end: 99 }, BATCH)).toEqual({ first: 72, end: 100 });
  });
  it("scrolls no further than a frame needs", () => {
    const view = { left: 5 * FRAME_WIDTH, width: 4 * FRAME_WIDTH };
    expect(scrollToFrame(6, view)).toBe(view.left);
    expect(scrollToFrame(2, view)).toBe(2 * FRAME_WIDTH);
    expect(scrollToFrame(9, view)).toBe(6 * FRAME_WIDTH);
  });
});

describe("sheets", () => {
  it("of gradients are drawn by their magnitude", () => {
    const values = makeSheet({ method: "guided", sha256: "v" });
    const magnitude = makeSheet({ method: "guided", form: "magnitude", sha256: "m" });
    const capture = makeCapture({ sheets: [values, magnitude] });
    expect(gridSheet(capture, "guided", "after")?.sha256).toBe("m");
  });

  it("of both activation stages are told apart; one alone is drawn whatever is asked for", () => {
    const before = makeSheet({ stage: "before", sha256: "b" });
    const after = makeSheet({ stage: "after", sha256: "a" });
    const both = makeCapture({ sheets: [before, after] });
    expect(gridSheet(both, "activation", "before")?.sha256).toBe("b");
    expect(gridSheet(both, "activation", "after")?.sha256).toBe("a");
    expect(capturedStages(both)).toEqual(["before", "after"]);
    for (const stage of ["before", "after"] as const)
      for (const sheet of [after, makeSheet({ stage: "none" }), makeSheet()]) {
        const alone = makeCapture({ sheets: [sheet] });
        expect(gridSheet(alone, "activation", stage)).toBe(sheet);
        expect(capturedStages(alone)).toEqual([]);
      }
  });

  it("say in words where feature maps stand, and whether gradients are crops", () => {
    const layer = makeLayer(0, []);
    const own = makeLayer(0, [], { activationFunction: "relu" });
    expect(stageText(makeSheet({ stage: "after" }), own)).toBe("after relu");
    expect(stageText(makeSheet({ stage: "after" }), layer)).toBe("after the activation function");
    expect(stageText(makeSheet({ stage: "before" }), layer)).toBe("before the activation function");
    expect(stageText(makeSheet({ stage: "none" }), layer)).toBe("no activation function follows");
    expect(stageText(makeSheet({ method: "kernel" }), layer)).toBe("");
    const place = {
      source: 0,
      height: 2,
      width: 2,
      top: [],
      left: [],
      unitRow: [],
      unitColumn: [],
    };
    const crop = (cropped: boolean) =>
      targetText(makeSheet({ target: "max", placement: { ...place, cropped } }));
    expect(crop(true)).toMatch(/^Gradient of the strongest unit .* A crop of the input/);
    expect(crop(false)).toMatch(/^Gradient of the strongest unit .* Over the whole input/);
  });

  it("tell filters without a response from filters that are not finite", () => {
    const sheet = makeSheet({ scale: [0, 0], nan: [0, 3] });
    expect([isUnresponsive(sheet, 0), isUnresponsive(sheet, 1), hasFlags(sheet, 1)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("coloring", () => {
  const base = { fixed: 4, layerRange: 2, diverging: "vik", sequential: "magma", flag: 0 } as const;

  it("takes the range that the mode says", () => {
    const ranges = (["filter", "layer", "fixed"] as const).map((mode) =>
      createColoring({ ...base, mode }).rangeFor(1),
    );
    expect(ranges).toEqual([1, 2, 4]);
  });

  it("lays zero over the input image clearly and large values strongly", () => {
    const lut = createColoring({ ...base, mode: "filter" }).overlayFor(
      "activation",
      { signed: true, scale: 1 },
      0.8,
    );
    expect([lut[128], lut[255], lut[1]].map((color) => (color ?? 0) >>> 24)).toEqual([0, 204, 204]);
  });

  it("is diverging for maps and kernels, sequential for gradients", () => {
    const { paletteOf } = createColoring({ ...base, mode: "filter" });
    expect((["activation", "kernel", "guided", "gradient"] as const).map(paletteOf)).toEqual([
      "vik",
      "vik",
      "magma",
      "magma",
    ]);
  });
});

describe("search", () => {
  const within = {
    layers: [
      makeLayer(0, [], { path: "trunk/conv1" }),
      makeLayer(1, [0], { path: "pool", className: "MaxPooling2D" }),
    ],
    channels: 8,
    classes: [{ classIndex: 3, name: "tabby cat", probability: 0.5 }],
  };

  it("finds layers by words of path and class", () => {
    expect(search("conv trunk", within).map((hit) => hit.kind)).toEqual(["layer"]);
    expect(search("maxpool", within)).toHaveLength(1);
  });

  it("finds the layer of that name before all layers of that class", () => {
    const named = [makeLayer(0, [], { path: "stem" }), makeLayer(1, [0], { path: "conv2d_1" })];
    const hits = search("conv2d", { ...within, layers: named });
    expect(hits.map((hit) => (hit.kind === "layer" ? hit.layer.path : ""))).toEqual([
      "conv2d_1",
      "stem",
    ]);
  });

  it("finds a filter by its number, with or without a sign", () => {
    expect(search("#7", within)[0]).toEqual({ kind: "filter", channel: 7 });
    expect(search("8", within)).toEqual([]);
  });

  it("finds classes", () => {
    expect(search("cat", within).map((hit) => hit.kind)).toEqual(["class"]);
  });
});
