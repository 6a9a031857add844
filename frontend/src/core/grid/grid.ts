// Geometry of the filter grid: where tiles lie, which tile is under a point, how keys move.

/** Everything in CSS pixels. */
export interface Grid {
  count: number;
  columns: number;
  rows: number;
  /** Left edge of the first column. */
  left: number;
  top: number;
  tileWidth: number;
  tileHeight: number;
  pitchX: number;
  pitchY: number;
  /** Height of the label under a tile; 0 where tiles are too small for one. */
  labelHeight: number;
  /** Height of the whole grid. */
  height: number;
}

export interface GridRequest {
  paneWidth: number;
  paneHeight: number;
  count: number;
  mapWidth: number;
  mapHeight: number;
  /** Longest side of a tile; "auto" fills the pane, "all" shows every filter at once. */
  size: number | "auto" | "all";
}

export const SMALLEST_TILE = 8;
export const LARGEST_TILE = 320;
const AUTO_SMALLEST = 48;
const AUTO_LARGEST = 240;
const PADDING = 10;
const LABELED_FROM = 30;
const LABEL_HEIGHT = 17;

function place(request: GridRequest, size: number): Grid {
  const { paneWidth, count, mapWidth, mapHeight } = request;
  const longest = Math.max(1, mapWidth, mapHeight);
  const smallest = Math.min(size, 14);
  const tileWidth = Math.max(smallest, Math.round((size * mapWidth) / longest));
  const tileHeight = Math.max(smallest, Math.round((size * mapHeight) / longest));
  const labelHeight = tileWidth >= LABELED_FROM ? LABEL_HEIGHT : 0;
  const gap = labelHeight > 0 ? Math.max(6, Math.min(12, Math.round(size / 9))) : 3;
  const inner = Math.max(tileWidth, paneWidth - 2 * PADDING);
  const columns = Math.max(1, Math.floor((inner + gap) / (tileWidth + gap)));
  const rows = Math.ceil(count / columns);
  // What is left over goes between the columns, so that the grid fills the pane.
  const spare = columns > 1 && rows > 1 ? (inner - columns * tileWidth) / (columns - 1) : gap;
  const pitchX = tileWidth + Math.min(spare, gap * 2.5);
  const pitchY = tileHeight + labelHeight + (labelHeight > 0 ? 5 : gap);
  return {
    count,
    columns,
    rows,
    left: PADDING,
    top: PADDING,
    tileWidth,
    tileHeight,
    pitchX,
    pitchY,
    labelHeight,
    height: rows * pitchY + 2 * PADDING,
  };
}

/** The largest size between two bounds at which every tile is seen; else the smaller bound. */
function largestThatFits(request: GridRequest, smallest: number, largest: number): number {
  for (let size = largest; size > smallest; size -= 2) {
    if (place(request, size).height <= request.paneHeight) return size;
  }
  return smallest;
}

export function layOutGrid(request: GridRequest): Grid {
  if (request.size === "auto") {
    return place(request, largestThatFits(request, AUTO_SMALLEST, AUTO_LARGEST));
  }
  if (request.size === "all") {
    return place(request, largestThatFits(request, SMALLEST_TILE, AUTO_LARGEST));
  }
  return place(request, Math.max(SMALLEST_TILE, Math.min(LARGEST_TILE, request.size)));
}

/** The next larger or smaller size of tiles. */
export function resizedTile(size: number, by: 1 | -1): number {
  const next = Math.round(by > 0 ? size * 1.25 : size / 1.25);
  return Math.max(SMALLEST_TILE, Math.min(LARGEST_TILE, next));
}

/** Left and top edge of the tile at a place in the order. */
export function tileOrigin(grid: Grid, place: number): { x: number; y: number } {
  const row = Math.floor(place / grid.columns);
  const column = place % grid.columns;
  return { x: grid.left + column * grid.pitchX, y: grid.top + row * grid.pitchY };
}

/** Place of the tile (its label counts) at a point of the grid, or null between tiles. */
export function placeAt(grid: Grid, x: number, y: number): number | null {
  const column = Math.floor((x - grid.left) / grid.pitchX);
  const row = Math.floor((y - grid.top) / grid.pitchY);
  if (column < 0 || column >= grid.columns || row < 0) return null;
  const insideX = x - grid.left - column * grid.pitchX <= grid.tileWidth;
  const insideY = y - grid.top - row * grid.pitchY <= grid.tileHeight + grid.labelHeight;
  const place = row * grid.columns + column;
  return insideX && insideY && place < grid.count ? place : null;
}

export type GridMove = "left" | "right" | "up" | "down" | "pageUp" | "pageDown" | "first" | "last";

/** Place after a move; stays inside the grid. `pageRows` is how many rows are in view. */
export function movePlace(grid: Grid, place: number, move: GridMove, pageRows = 1): number {
  const last = grid.count - 1;
  const page = grid.columns * Math.max(1, pageRows - 1);
  const target = {
    left: place - 1,
    right: place + 1,
    up: place - grid.columns,
    down: place + grid.columns,
    pageUp: place - page,
    pageDown: place + page,
    first: 0,
    last,
  }[move];
  if (move === "up" && target < 0) return place;
  if (move === "down" && target > last) {
    const inLastRow = Math.floor(place / grid.columns) === grid.rows - 1;
    return inLastRow ? place : last;
  }
  return Math.max(0, Math.min(last, target));
}

/** Scroll position at which the tile is wholly in view, nearest to the present one. */
export function scrollToPlace(
  grid: Grid,
  place: number,
  view: { top: number; height: number },
): number {
  const { y } = tileOrigin(grid, place);
  const bottom = y + grid.tileHeight + grid.labelHeight;
  if (y - grid.top < view.top) return Math.max(0, y - grid.top);
  if (bottom + grid.top > view.top + view.height) return bottom + grid.top - view.height;
  return view.top;
}

/** Places whose tiles touch the view. */
export function placesInView(
  grid: Grid,
  view: { top: number; height: number },
): { first: number; end: number } {
  const firstRow = Math.max(0, Math.floor((view.top - grid.top) / grid.pitchY));
  const endRow = Math.ceil((view.top + view.height - grid.top) / grid.pitchY);
  const end = Math.min(grid.count, Math.max(0, endRow) * grid.columns);
  return { first: Math.min(end, firstRow * grid.columns), end };
}
