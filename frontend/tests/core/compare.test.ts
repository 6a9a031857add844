import { describe, expect, it } from "vitest";

import { columnsText, parseColumns } from "../../src/core/columns";
import { subtract } from "../../src/core/difference";
import { counterpart, unmatched } from "../../src/core/matching";
import type { Planes } from "../../src/core/planes";
import { makeLayer } from "../fixtures";

const plane = (levels: number[], scale: number, signed = true): Planes => ({
  levels: Uint8Array.from(levels),
  channels: 1,
  planes: 1,
  height: 1,
  width: levels.length,
  signed,
  scale: [scale],
});
const whole = { left: 0, top: 0, width: 1, height: 1 };
const at = (planes: Planes, frame = whole) => ({ planes, channel: 0, frame });

describe("the columns of a link", () => {
  it("come back as they were written", () => {
    const columns = [
      { run: 'a"b=&', step: null, input: 2 },
      { run: "x", step: 7, input: 0 },
    ];
    expect(parseColumns(columnsText(columns) ?? "")).toEqual(columns);
  });
  it("are none where the text makes no sense", () => {
    for (const text of [undefined, "{", "3", '[["x",-1,0]]', '[["x",1.5,0]]', "[[1,2,3]]"])
      expect(parseColumns(text)).toEqual([]);
  });
});

describe("A − B", () => {
  it("is taken of values, not of levels", () => {
    const found = subtract(at(plane([255, 128, 1], 2)), at(plane([255, 255, 1], 1)));
    expect(found?.planes.scale[0]).toBeCloseTo(1);
    expect([...(found?.planes.levels ?? [])]).toEqual([255, 1, 1]);
    expect(found?.mean).toBeCloseTo(1);
  });
  it("is not finite where one of both is not", () => {
    expect(subtract(at(plane([0, 128], 1)), at(plane([128, 128], 1)))?.planes.levels[0]).toBe(0);
  });
  it("places crops in the input first: outside of a crop a gradient is zero", () => {
    const [left, right] = [
      { ...whole, width: 0.25 },
      { ...whole, left: 0.75, width: 0.25 },
    ];
    const found = subtract(at(plane([255], 1, false), left), at(plane([255], 1, false), right));
    expect([...(found?.planes.levels ?? [])]).toEqual([255, 128, 128, 1]);
  });
  it("is none of pictures that differ in size", () => {
    expect(subtract(at(plane([1, 2], 1)), at(plane([1], 1)))).toBeNull();
  });
});

describe("layers of two models", () => {
  const graph = (fingerprint: string, ...paths: string[]) => ({
    fingerprint,
    name: "m",
    layers: paths.map((path, index) => makeLayer(index, [], { path })),
  });
  it("match by path", () => {
    expect(counterpart(makeLayer(0, [], { path: "b" }), graph("x", "a", "b"))?.index).toBe(1);
  });
  it("are named where they have no counterpart", () => {
    const found = unmatched(graph("x", "a", "b"), graph("y", "a", "c"), "B");
    expect(found).toEqual([
      "1 layer of A has no counterpart in B: b.",
      "1 layer of B has no counterpart in A: c.",
    ]);
    expect(unmatched(graph("x", "a"), graph("x", "a"), "B")).toEqual([]);
  });
});
