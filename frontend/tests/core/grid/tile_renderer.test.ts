import { describe, expect, it } from "vitest";

import { layOutGrid } from "../../../src/core/grid/grid";
import { gridColors } from "../../../src/core/grid/theme";
import { TileRenderer, type GridTile } from "../../../src/core/grid/tile_renderer";
import { makePlanes } from "../../fixtures";

const SIZE = 60;
const TILE = 24;

/** A canvas that keeps what was painted on it; what is drawn over that is let go. */
function paintedCanvas(): { canvas: HTMLCanvasElement; pixels: () => Uint32Array } {
  let painted = new Uint8ClampedArray(0);
  const context = {
    createImageData: (width: number, height: number) => ({
      width,
      height,
      data: new Uint8ClampedArray(4 * width * height),
    }),
    putImageData: (image: { data: Uint8ClampedArray }) => (painted = image.data.slice()),
    measureText: () => ({ width: 6 }),
  };
  const drawn = new Proxy(context, {
    get: (target, name) => (name in target ? target[name as keyof typeof target] : () => undefined),
    set: () => true,
  });
  const canvas = { width: 0, height: 0, getContext: () => drawn };
  return {
    canvas: canvas as unknown as HTMLCanvasElement,
    pixels: () => new Uint32Array(painted.buffer),
  };
}

/** One row through the middle of the first tile, in pixels of a screen of this ratio. */
function middleRow(ratio: number, changes: Partial<GridTile>): number[] {
  const { canvas, pixels } = paintedCanvas();
  const renderer = new TileRenderer(canvas);
  const grid = layOutGrid({
    paneWidth: SIZE,
    paneHeight: SIZE,
    count: 1,
    mapWidth: 2,
    mapHeight: 2,
    size: TILE,
  });
  const tile: GridTile = {
    planes: makePlanes([0, 0, 0, 0], { height: 2, width: 2 }),
    channel: 0,
    lut: new Uint32Array(256),
    unresponsive: false,
    flagged: false,
    label: "0",
    note: "",
    emphasis: "none",
    ...changes,
  };
  renderer.resize(SIZE, SIZE, ratio);
  renderer.draw({ grid, scrollTop: 0, tileAt: () => tile, colors: gridColors(false) });
  const row = Math.round((grid.top + TILE / 2) * ratio);
  const start = row * SIZE * ratio + Math.round(grid.left * ratio);
  return [...pixels().slice(start, start + TILE * ratio)];
}

/** Lengths of the runs of a color that neither end of the row cuts. */
function runsOf(color: number, row: readonly number[]): number[] {
  const letters = row.map((pixel) => (pixel === color ? "#" : ".")).join("");
  return letters
    .split(/(?<=\.)(?=#)|(?<=#)(?=\.)/)
    .slice(1, -1)
    .filter((run) => run.startsWith("#"))
    .map((run) => run.length);
}

const { flag, hatch } = gridColors(false);

describe("hatching", () => {
  it.each([1, 2, 3])(
    "of values that are not finite is 2 CSS pixels wide, 4 apart, at %d device pixels each",
    (ratio) => {
      const row = middleRow(ratio, { flagged: true });
      const runs = runsOf(flag, row);
      expect(runs.length).toBeGreaterThanOrEqual(4);
      expect(new Set(runs)).toEqual(new Set([2 * ratio]));
      expect(row.filter((pixel) => pixel === flag).length).toBe((TILE * ratio) / 2);
    },
  );

  it.each([1, 2, 3])(
    "of filters without a response is 1 CSS pixel wide, 8 apart, at %d device pixels each",
    (ratio) => {
      const row = middleRow(ratio, { unresponsive: true });
      expect(new Set(runsOf(hatch, row))).toEqual(new Set([ratio]));
      expect(row.filter((pixel) => pixel === hatch).length).toBe((TILE * ratio) / 8);
    },
  );
});
