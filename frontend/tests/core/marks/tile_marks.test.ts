import { describe, expect, it } from "vitest";

import { drawTileMark } from "../../../src/core/marks/tile_marks";
import { RecordingContext } from "../../recording_context";
import { makeOpinion } from "../../marks";

const colors = {
  page: "#fff",
  accent: "#b84300",
  verdict: { useful: "#0f0", useless: "#f00", unsure: "#ff0" },
};

function drawn(stars: number, width: number): RecordingContext {
  const context = new RecordingContext();
  drawTileMark(
    context.canvas(),
    { x: 100, y: 200, width, height: width },
    { opinion: makeOpinion({ stars }), outdated: false, picked: false, colors },
  );
  return context;
}

describe("stars on tiles", () => {
  it.each([1, 2, 3, 4, 5])("are shapes, not letters of a font: %i of them", (stars) => {
    for (const width of [26, 40, 60, 200]) {
      const { calls } = drawn(stars, width);
      expect(calls.map(({ name }) => name)).not.toContain("fillText");
      expect(calls.map(({ name }) => name)).not.toContain("measureText");
      expect(calls.filter(({ name }) => name === "fill").length).toBeGreaterThan(1);
    }
  });

  it("are as many as were given where there is room", () => {
    for (const stars of [1, 3, 5]) {
      // One shape is the ground under them.
      const fills = drawn(stars, 200).calls.filter(({ name }) => name === "fill");
      expect(fills).toHaveLength(stars + 1);
    }
  });

  it("are one, with a number, where there is not", () => {
    const { calls } = drawn(4, 30);
    expect(calls.filter(({ name }) => name === "fill")).toHaveLength(2);
    expect(calls.filter(({ name }) => name === "stroke").length).toBeGreaterThan(0);
  });

  it("lie on the tile", () => {
    for (const width of [26, 40, 72, 80, 200]) {
      for (const stars of [1, 2, 3, 4, 5]) {
        for (const { x, y } of drawn(stars, width).points()) {
          expect(x, `${stars} on ${width}`).toBeGreaterThanOrEqual(100);
          expect(x, `${stars} on ${width}`).toBeLessThanOrEqual(100 + width);
          expect(y).toBeGreaterThanOrEqual(200);
          expect(y).toBeLessThanOrEqual(200 + width);
        }
      }
    }
  });

  it("are not drawn where nothing fits", () => {
    expect(drawn(3, 20).calls.filter(({ name }) => name === "fill")).toEqual([]);
  });
});
