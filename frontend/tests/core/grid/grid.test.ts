import { describe, expect, it } from "vitest";

import {
  layOutGrid,
  movePlace,
  placeAt,
  placesInView,
  resizedTile,
  scrollToPlace,
  tileOrigin,
  type GridRequest,
} from "../../../src/core/grid/grid";

const request: GridRequest = {
  paneWidth: 812,
  paneHeight: 700,
  count: 64,
  mapWidth: 56,
  mapHeight: 56,
  size: "auto",
};

describe("the grid", () => {
  it("fills the pane with few filters", () => {
    const grid = layOutGrid(request);
    expect(grid.height).toBeLessThanOrEqual(700);
    expect(grid.tileWidth).toBeGreaterThan(60);
  });

  it("does not shrink tiles beyond reading for many filters", () => {
    expect(layOutGrid({ ...request, count: 2048 }).tileWidth).toBe(48);
  });

  it("shows all 2048 filters at once where asked", () => {
    const grid = layOutGrid({ ...request, count: 2048, size: "all" });
    expect(grid.height).toBeLessThanOrEqual(700);
    expect(grid.labelHeight).toBe(0);
  });

  it("keeps the shape of maps that are not square", () => {
    const grid = layOutGrid({ ...request, mapWidth: 100, mapHeight: 50, size: 80 });
    expect([grid.tileWidth, grid.tileHeight]).toEqual([80, 40]);
  });

  it("keeps maps of one row visible", () => {
    expect(layOutGrid({ ...request, mapWidth: 128, mapHeight: 1, size: 100 }).tileHeight).toBe(14);
  });

  it("never reaches beyond the pane", () => {
    for (const size of [8, 31, 48, 97, 160, 320]) {
      const grid = layOutGrid({ ...request, size });
      const { x } = tileOrigin(grid, grid.columns - 1);
      expect(x + grid.tileWidth).toBeLessThanOrEqual(812);
    }
  });

  it("survives a pane without size", () => {
    expect(layOutGrid({ ...request, paneWidth: 0, paneHeight: 0 }).columns).toBe(1);
  });
});

describe("places", () => {
  const grid = layOutGrid({ ...request, size: 60 });

  it("are found under the middle of each tile", () => {
    for (const place of [0, grid.columns, 63]) {
      const { x, y } = tileOrigin(grid, place);
      expect(placeAt(grid, x + 30, y + 30)).toBe(place);
    }
  });

  it("are none between tiles and after the last one", () => {
    const { x, y } = tileOrigin(grid, 0);
    expect(placeAt(grid, x + grid.tileWidth + 1, y + 5)).toBeNull();
    expect(placeAt(grid, -5, y)).toBeNull();
    expect(placeAt(grid, x, 10_000)).toBeNull();
  });

  it("move by keys and stay inside", () => {
    expect(movePlace(grid, 0, "left")).toBe(0);
    expect(movePlace(grid, 0, "right")).toBe(1);
    expect(movePlace(grid, 0, "up")).toBe(0);
    expect(movePlace(grid, 0, "down")).toBe(grid.columns);
    expect(movePlace(grid, 63, "down")).toBe(63);
    expect(movePlace(grid, 5, "last")).toBe(63);
  });

  it("move down into a last row that is not full", () => {
    const last = 63 - (64 % grid.columns || grid.columns);
    expect(movePlace(grid, last, "down")).toBe(63);
  });

  it("scroll as little as needed", () => {
    const view = { top: 0, height: 200 };
    expect(scrollToPlace(grid, 0, view)).toBe(0);
    const { y } = tileOrigin(grid, 63);
    expect(scrollToPlace(grid, 63, view)).toBeGreaterThan(y - 200);
    expect(scrollToPlace(grid, 0, { top: 500, height: 200 })).toBe(0);
  });

  it("in view cover the view", () => {
    const { first, end } = placesInView(grid, { top: 100, height: 100 });
    expect(tileOrigin(grid, first).y).toBeLessThanOrEqual(100);
    expect(tileOrigin(grid, end).y).toBeGreaterThanOrEqual(200);
  });
});

describe("the size of tiles", () => {
  it("changes by a quarter, up and down", () => {
    expect(resizedTile(80, 1)).toBe(100);
    expect(resizedTile(100, -1)).toBe(80);
  });

  it("stays within what can be seen and what is useful", () => {
    expect(resizedTile(8, -1)).toBe(8);
    expect(resizedTile(320, 1)).toBe(320);
  });
});
