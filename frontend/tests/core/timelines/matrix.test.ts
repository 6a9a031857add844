import { describe, expect, it } from "vitest";

import { paletteColors } from "../../../src/core/pictures/lut";
import {
  cellSize,
  decades,
  labelStride,
  Mark,
  matrixPixels,
  rangeOf,
  rowsByLargest,
  scalePart,
  walk,
  type Matrix,
} from "../../../src/core/timelines/matrix";
import { layerMatrix, networkMatrix } from "../../../src/core/timelines/timeline";
import type { LayerPoint, Timeline } from "../../../src/wire";

const matrix = (columns: number, values: number[]): Matrix => ({
  rows: values.length / columns,
  columns,
  values: Float32Array.from(values),
  marks: new Uint8Array(values.length),
});

describe("the range of a matrix", () => {
  it("is not set by a few cells, which are counted instead", () => {
    const values = Float32Array.from({ length: 100 }, (_, at) => (at < 98 ? 1 : 1000));
    expect(rangeOf(values)).toMatchObject({ end: 1, clipped: 2, hasNegative: false });
  });

  it("leaves out what is not a number", () => {
    const values = Float32Array.from([NaN, -2, Infinity, 1]);
    expect(rangeOf(values)).toMatchObject({ end: 2, clipped: 0, hasNegative: true });
  });

  it("is that of what there is where nearly all is zero", () => {
    const values = Float32Array.from({ length: 100 }, (_, at) => (at === 0 ? 3 : 0));
    expect(rangeOf(values)).toMatchObject({ end: 3, clipped: 0, hasNegative: false });
    expect(rangeOf(new Float32Array([NaN])).end).toBe(0);
  });
});

describe("a logarithmic range", () => {
  it("reaches over whole factors of ten, and each has the same room", () => {
    const range = rangeOf(Float32Array.from([NaN, 0, 2e-5, 3e-4, 0.02]), "log");
    expect(range).toMatchObject({ spacing: "log", clipped: 0 });
    expect([range.start, range.end]).toEqual([1e-5, 0.1]);
    expect(decades(range).map((value) => scalePart(value, range))).toEqual(
      [0, 0.25, 0.5, 0.75, 1].map((part) => expect.closeTo(part) as number),
    );
    expect(scalePart(0, range)).toBe(0);
  });

  it("has no room for what is a millionth of the largest, and none for negative values", () => {
    expect(rangeOf(Float32Array.from([1e-12, 1]), "log").start).toBeCloseTo(1e-6, 12);
    expect(rangeOf(Float32Array.from([-1, 1]), "log").spacing).toBe("linear");
    expect(rangeOf(Float32Array.from([0, NaN]), "log").spacing).toBe("linear");
    expect(decades(rangeOf(Float32Array.from([1, 2])))).toEqual([]);
  });
});

it("orders rows by their largest magnitude, undefined ones last", () => {
  expect(rowsByLargest(matrix(2, [1, NaN, NaN, NaN, -5, 0, 2, 2]))).toEqual([2, 3, 0, 1]);
});

it("colors cells row by row in the given order, empty where there is no number", () => {
  const colors = paletteColors("magma");
  const range = rangeOf(Float32Array.from([0, 2]));
  const options = { palette: "magma", range, empty: 7 } as const;
  expect([...matrixPixels(matrix(2, [0, 2, NaN, 9]), [1, 0], options)]).toEqual([
    7,
    colors[254],
    colors[0],
    colors[254],
  ]);
});

it("makes cells that fill the room within limits", () => {
  expect(cellSize(10, 10, { width: 300, height: 100 })).toEqual({ width: 30, height: 10 });
  expect(cellSize(512, 100, { width: 300, height: 100 })).toEqual({ width: 4, height: 4 });
  expect(cellSize(1, 1, { width: 3000, height: 1000 })).toEqual({ width: 112, height: 36 });
  expect(labelStride(4, 44)).toBe(11);
  expect(labelStride(90, 44)).toBe(1);
});

const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

it("turns a row per step into a row per filter", () => {
  const timeline = {
    filters: 2,
    steps: [{}, {}, {}],
    values: base64(Float32Array.from([1, 2, 3, 4, 5, 6]).buffer),
    states: base64(Uint8Array.from([0, 1, 2, 3, 1, 4]).buffer),
  } as unknown as Timeline;
  const found = layerMatrix(timeline);
  expect([found.rows, found.columns]).toEqual([2, 3]);
  expect([...found.values]).toEqual([1, 3, 5, 2, 4, 6]);
  expect([...found.marks]).toEqual([
    Mark.None,
    Mark.Silent,
    Mark.None,
    Mark.None,
    Mark.FellSilent,
    Mark.Revived,
  ]);
});

it("gives a row to every layer and marks what did not change", () => {
  const point = (change: number | null, unchangedSince: number | null): LayerPoint => ({
    kernelChangeMean: null,
    kernelChangeMedian: change,
    activationChangeMean: null,
    activationChangeMedian: null,
    silent: 0,
    flags: null,
    unchangedSince,
    weightsUnchangedSince: null,
  });
  const step = {
    ...{ step: 0, wallTime: 0, session: "s", graph: "g", inputs: "i" },
    ...{ changesSince: null, changesUnknown: "" },
  };
  const found = networkMatrix(
    {
      run: "r",
      thresholds: { nearSilent: 0.99, saturated: 0.9, profile: 0.99, kernel: 0.99 },
      steps: [step, step],
      layers: [
        { layer: 1, points: [point(null, null), point(0, 0)] },
        { layer: 4, points: [point(0.5, null), point(0.25, null)] },
      ],
    },
    "kernelChangeMedian",
  );
  expect([...found.values]).toEqual([NaN, 0, 0.5, 0.25]);
  expect([...found.marks]).toEqual([Mark.None, Mark.Unchanged, Mark.None, Mark.None]);
});

describe("walking a matrix by keys", () => {
  const order = [4, 0, 2];

  it("goes from row to row in the order of drawing", () => {
    expect(walk("ArrowDown", { row: 4, column: 1 }, order, 3)).toEqual({ row: 0, column: 1 });
    expect(walk("ArrowUp", { row: 2, column: 1 }, order, 3)).toEqual({ row: 0, column: 1 });
  });

  it("stays inside", () => {
    expect(walk("ArrowUp", { row: 4, column: 0 }, order, 3)).toEqual({ row: 4, column: 0 });
    expect(walk("PageDown", { row: 4, column: 0 }, order, 3)).toEqual({ row: 2, column: 0 });
    expect(walk("ArrowRight", { row: 4, column: 2 }, order, 3)).toEqual({ row: 4, column: 2 });
    expect(walk("Home", { row: 0, column: 2 }, order, 3)).toEqual({ row: 0, column: 0 });
    expect(walk("End", { row: 0, column: 0 }, order, 3)).toEqual({ row: 0, column: 2 });
  });

  it("begins at the first row where the selected one is not drawn", () => {
    expect(walk("ArrowDown", { row: 9, column: 0 }, order, 3)).toEqual({ row: 0, column: 0 });
  });

  it("leaves other keys to others", () => {
    expect(walk("t", { row: 4, column: 0 }, order, 3)).toBeNull();
  });
});
