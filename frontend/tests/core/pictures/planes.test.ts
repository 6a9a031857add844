import { describe, expect, it } from "vitest";

import {
  channelPlanes,
  clippedShare,
  drawablePlanes,
  magnitudePlane,
  meanPlane,
  planesOf,
  planesOfTile,
  reducePlane,
  strongestPlace,
  tileOfSheet,
  valueAt,
} from "../../../src/core/pictures/planes";
import { makePlanes, makeSheet } from "../../fixtures";

describe("planes of a sheet", () => {
  it("refuse bytes of the wrong length with a sentence", () => {
    expect(() => planesOf(makeSheet(), new Uint8Array(7))).toThrow(
      "has 7 bytes. Expected 8 (2 × 1 × 2 × 2)",
    );
  });

  it("of one channel take that channel's scale", () => {
    const planes = planesOfTile(tileOfSheet(makeSheet({ scale: [1, 5] }), 1), new Uint8Array(4));
    expect([planes.channels, planes.scale]).toEqual([1, [5]]);
  });

  it("give values at places", () => {
    const planes = makePlanes([1, 128, 255, 0], { height: 2, width: 2, scale: [2] });
    expect(valueAt(planes, { row: 0, column: 0 })).toBe(-2);
    expect(valueAt(planes, { row: 0, column: 1 })).toBe(0);
    expect(valueAt(planes, { row: 1, column: 1 })).toBeNaN();
  });

  it("are cut by channel without copying", () => {
    const planes = makePlanes([1, 2, 3, 4], { channels: 2, width: 2, scale: [1, 9] });
    const second = channelPlanes(planes, 1);
    expect([...second.levels]).toEqual([3, 4]);
    expect(second.levels.buffer).toBe(planes.levels.buffer);
    expect(second.scale).toEqual([9]);
  });
});

describe("magnitude", () => {
  it("is the largest over the planes, as unsigned levels", () => {
    const planes = makePlanes([1, 128, 128, 192], { planes: 2, width: 2, scale: [3] });
    const magnitude = magnitudePlane(planes);
    expect(valueAt(magnitude, { row: 0, column: 0 })).toBeCloseTo(3);
    expect(valueAt(magnitude, { row: 0, column: 1 })).toBeCloseTo((64 / 127) * 3);
    expect([magnitude.planes, magnitude.signed]).toEqual([1, false]);
  });

  it("stays flagged where one plane is not finite", () => {
    expect([...magnitudePlane(makePlanes([0, 255], { planes: 2, width: 1 })).levels]).toEqual([0]);
  });

  it("is drawn for signed gradients, even of one plane", () => {
    expect(drawablePlanes(makePlanes([1, 255]), "guided").signed).toBe(false);
    expect(drawablePlanes(makePlanes([1, 255]), "activation").signed).toBe(true);
  });
});

describe("mean", () => {
  it("is over the planes, on a scale of its own", () => {
    const mean = meanPlane(makePlanes([255, 128], { planes: 2, width: 1, scale: [4] }));
    expect(mean.scale[0]).toBeCloseTo(2);
    expect(mean.levels[0]).toBe(255);
  });

  it("of zeros is zero", () => {
    const mean = meanPlane(makePlanes([128, 128], { planes: 2, width: 1, scale: [0] }));
    expect([mean.scale[0], mean.levels[0]]).toEqual([0, 128]);
  });
});

describe("reducing", () => {
  it("averages boxes", () => {
    const reduced = reducePlane(
      Uint8Array.from([100, 200, 110, 210]),
      { height: 2, width: 2 },
      { height: 1, width: 2 },
    );
    expect([...reduced]).toEqual([105, 205]);
  });

  it("keeps what is not finite visible", () => {
    const reduced = reducePlane(
      Uint8Array.from([0, 200]),
      { height: 1, width: 2 },
      { height: 1, width: 1 },
    );
    expect([...reduced]).toEqual([0]);
  });

  it("covers every pixel where sizes do not divide", () => {
    const reduced = reducePlane(
      new Uint8Array(49).fill(77),
      { height: 7, width: 7 },
      { height: 3, width: 3 },
    );
    expect([...reduced]).toEqual(new Array(9).fill(77));
  });
});

describe("clipping", () => {
  it("is the share of finite values beyond the range", () => {
    const planes = makePlanes([255, 128, 128, 0], { scale: [2] });
    expect(clippedShare(planes, 1)).toBeCloseTo(1 / 3);
    expect(clippedShare(planes, 2)).toBe(0);
  });
});

describe("the strongest place", () => {
  it("is that of the largest magnitude", () => {
    const planes = makePlanes([130, 10, 128, 128], { height: 2, width: 2 });
    expect(strongestPlace(planes)).toEqual({ row: 0, column: 1 });
  });

  it("does not exist in a map of zeros", () => {
    expect(strongestPlace(makePlanes([128, 128]))).toBeNull();
  });
});
