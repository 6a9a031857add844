import { describe, expect, it } from "vitest";

import {
  columnsText,
  firstColumn,
  nextColumn,
  parseColumns,
  type ColumnChoice,
} from "../../../src/core/compare/columns";
import { layOutComparison } from "../../../src/core/compare/compare_layout";
import {
  compareKeyText,
  hasValues,
  orderRows,
  parseCompareKey,
  statisticChange,
} from "../../../src/core/compare/compare_order";
import { comparedCsv } from "../../../src/core/compare/csv";
import { subtract } from "../../../src/core/pictures/difference";
import { counterpart, matchingText, matchLayers } from "../../../src/core/compare/matching";
import { valueOnInput } from "../../../src/core/pictures/placed";
import type { Planes } from "../../../src/core/pictures/planes";
import { makeLayer } from "../../fixtures";

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

describe("what a comparison begins with", () => {
  const steps = [0, 5, 9].map((step) => ({ step }));

  it("is the step before", () => {
    const column = firstColumn("train", steps, { place: 2, input: 1, inputs: 3 });
    expect(column).toEqual({ run: "train", step: 5, input: 1 });
  });

  it("is the step after the first one", () => {
    const column = firstColumn("train", steps, { place: 0, input: 1, inputs: 3 });
    expect(column).toEqual({ run: "train", step: 5, input: 1 });
  });

  it("is the next input image where there is one step only", () => {
    const column = firstColumn("train", steps.slice(0, 1), { place: 0, input: 2, inputs: 3 });
    expect(column).toEqual({ run: "train", step: null, input: 0 });
  });
});

describe("what a column that is added shows", () => {
  const steps = [0, 5, 9].map((step) => ({ step }));
  const runs = [
    { run: "a", steps },
    { run: "empty", steps: [] },
    { run: "b", steps: steps.slice(1) },
  ];
  const column = (run: string, step: number | null, input = 0): ColumnChoice => ({
    run,
    step,
    input,
  });

  it("is never what another column shows, until everything is shown", () => {
    const shown = [column("a", 9, 1)];
    for (let next; (next = nextColumn(shown, runs, 2)); shown.push(next)) {
      const same = shown.filter((one) => JSON.stringify(one) === JSON.stringify(next));
      expect(same).toEqual([]);
    }
    expect(shown.slice(0, 4)).toEqual([
      column("a", 9, 1),
      column("a", 5, 1),
      column("a", 0, 1),
      column("a", 0, 0),
    ]);
    expect(shown.some(({ run }) => run === "b")).toBe(true);
  });

  it("knows that the newest step is a step with a number", () => {
    expect(nextColumn([column("a", 9), column("a", null)], [{ run: "a", steps }], 1)).toEqual(
      column("a", 5),
    );
    const all = [column("a", 9), column("a", 5), column("a", 0)];
    expect(nextColumn(all, [{ run: "a", steps }], 1)).toBeNull();
  });
});

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
  it("stays pale where it is no larger than what rounding may add", () => {
    const found = subtract(at(plane([200, 200, 200], 1)), at(plane([200, 201, 199], 1)));
    expect(found?.planes.scale[0]).toBeCloseTo(10 * (2 / 254));
    const levels = [...(found?.planes.levels ?? [])];
    expect(levels.every((level) => Math.abs(level - 128) <= 13)).toBe(true);
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
  it("are listed where they have no counterpart, with the reason", () => {
    expect(matchLayers(graph("x", "a", "b"), graph("y", "a", "c"), "B")).toEqual({
      matched: 1,
      unmatched: [
        { layer: "b", reason: "is not in the model of B" },
        { layer: "c", reason: "is not in the model of A" },
      ],
    });
  });
  it("are compared as far as both have filters", () => {
    const [a, b] = [graph("x", "a"), graph("y", "a")];
    b.layers[0] = { ...b.layers[0]!, channels: 6 };
    expect(matchLayers(a, b, "B").unmatched[0]?.reason).toContain("the first 4 filters");
    b.layers[0] = { ...b.layers[0], isConvolution: false, className: "Dense" };
    expect(matchLayers(a, b, "B").unmatched[0]?.reason).toBe("is a Dense without filters in B");
  });
  it("are spoken of only where the models differ", () => {
    expect(matchingText(graph("x", "a"), graph("x", "b"), "B")).toBe("");
    // Names that Keras gives by itself differ where nothing else does.
    expect(matchingText(graph("x", "a"), graph("y", "a"), "B")).toBe("");
    expect(matchingText(graph("x", "a"), graph("y", "a", "b"), "C")).toBe(
      "A and C are different models: 1 layer with filters is in both, matched by path and call.",
    );
  });
});

describe("the order of the rows", () => {
  const statistic = (values: (number | null)[]) => [
    { name: "l1", perInput: false, stage: "" as const, values },
  ];
  const numbers = {
    statistics: [statistic([1, 3, null]), statistic([5, 3, 2])],
    pictures: [0.1, 0.2, 0.3],
  };
  const order = (text: string) => orderRows(3, parseCompareKey(text), numbers);
  it("is by the number, a statistic of a column, or a change, the largest first", () => {
    expect(order("index")).toEqual([0, 1, 2]);
    expect(order("pictures")).toEqual([2, 1, 0]);
    expect(order("A.l1")).toEqual([1, 0, 2]);
    expect(order("B.l1")).toEqual([0, 1, 2]);
    expect(order("A-B.l1")).toEqual([0, 1, 2]);
  });
  it("comes back from a link as it was written, and is by number where that makes no sense", () => {
    for (const text of ["index", "pictures", "D.a.b\n", "A-B.=x"])
      expect(compareKeyText(parseCompareKey(text))).toBe(text);
    for (const text of ["", "A.", "E.l1", "a.l1", "l1"])
      expect(parseCompareKey(text)).toEqual({ kind: "index" });
  });
  it("takes no difference of numbers of filters, which are names", () => {
    const named = [{ name: "redundant_with", perInput: false, stage: "" as const, values: [3] }];
    const both = { statistics: [named, named], pictures: [] };
    expect(statisticChange(both, { name: "redundant_with", channel: 0 })).toBeNull();
    expect(statisticChange(numbers, { name: "l1", channel: 0 })).toBe(-4);
  });
  it("has nothing to go by where no filter has a value", () => {
    expect(hasValues(parseCompareKey("C.l1"), numbers, 3)).toBe(false);
    expect(hasValues(parseCompareKey("A.l1"), numbers, 3)).toBe(true);
  });
});

it("is saved as a table with a column for each capture, and one for the change", () => {
  const named = (values: (number | null)[]) => [
    { name: "=x", perInput: false, stage: "" as const, values },
  ];
  const two = { statistics: [named([1, null]), named([3, 4])], pictures: [] };
  expect(comparedCsv(two, [1, 0])).toBe("filter,A =x,B =x,A-B =x\r\n1,,4,\r\n0,1,3,-2\r\n");
  const three = { ...two, statistics: [...two.statistics, []] };
  expect(comparedCsv(three, [0])).toBe("filter,A =x,B =x,C =x\r\n0,1,3,\r\n");
});

describe("the layout of the comparison", () => {
  const request = { height: 560, rows: 10, ratio: 1, size: null, statistics: 12, lines: 3 };
  const overlaps = (width: number, pictures: number) => {
    const { grid, statisticsLeft, statistics, statisticWidth } = layOutComparison({
      ...request,
      width,
      pictures,
    });
    expect(grid.tileWidth).toBeLessThan(grid.pitchX);
    expect(grid.left + pictures * grid.pitchX).toBeLessThanOrEqual(statisticsLeft + 1);
    return { end: statisticsLeft + statistics * statisticWidth, statistics, grid };
  };
  it("keeps pictures and statistics beside each other and in the pane", () => {
    for (const width of [500, 724, 812, 1400])
      for (const pictures of [2, 3, 4])
        expect(overlaps(width, pictures).end).toBeLessThanOrEqual(width);
  });
  it("gives statistics room in a usual pane, more of it in a wide one, none in a narrow one", () => {
    expect(overlaps(812, 3).statistics).toBe(2);
    expect(overlaps(1500, 3).statistics).toBeGreaterThan(5);
    expect(overlaps(330, 3).statistics).toBe(0);
  });
  it("shows some rows however low the pane is", () => {
    for (const height of [280, 420, 700])
      expect(
        layOutComparison({ ...request, height, width: 1400, pictures: 3 }).grid.pitchY * 2.9,
      ).toBeLessThanOrEqual(height);
  });
  it("has rows that hold all lines of a statistic however small the pictures are", () => {
    expect(layOutComparison({ ...request, width: 812, pictures: 3, size: 8 }).grid.pitchY).toBe(61);
  });
});

describe("values at a place of the input image", () => {
  const placed = (frame = whole) => ({ planes: plane([255, 1], 2), channel: 0, frame });
  it("are those of the cell there, zero outside of a crop, and none outside of the image", () => {
    expect(valueOnInput(placed(), { x: 0.7, y: 0.5 })).toBe(-2);
    expect(valueOnInput(placed({ ...whole, width: 0.5 }), { x: 0.7, y: 0.5 })).toBe(0);
    expect(valueOnInput(placed({ ...whole, width: 0.5 }), { x: 0.2, y: 0.5 })).toBe(2);
    expect(valueOnInput(placed(), { x: 1.2, y: 0.5 })).toBeNaN();
  });
});
