// A matrix of numbers, drawn as one colored cell each: rows of things, columns of steps.

import { colorIndex, isDiverging, paletteColors, type Pixels } from "../pictures/lut";
import type { PaletteName } from "../pictures/colormaps.gen";

/** What a cell tells beside its number. */
export enum Mark {
  None,
  Silent,
  FellSilent,
  Revived,
  Unchanged,
}

export interface Matrix {
  rows: number;
  columns: number;
  /** Row by row; NaN where there is no number. */
  values: Float32Array;
  /** A `Mark` per cell. */
  marks: Uint8Array;
}

/** How values are spaced along a color scale: evenly, or so that each factor of ten has equal room. */
export type Spacing = "linear" | "log";

export interface Range {
  spacing: Spacing;
  /** Value at the beginning of the color scale: 0, or of a logarithmic one the smallest. */
  start: number;
  /** Magnitude at its end. */
  end: number;
  /** Cells beyond the end. */
  clipped: number;
  hasNegative: boolean;
}

/** Few cells must not take the colors from all others. */
const SHOWN_SHARE = 0.98;
/** Smaller values than this part of the largest have the color of zero. */
const SMALLEST_PART = 1e-6;

/** A linear range ends at the magnitude that 98 % of the cells do not exceed. */
export function rangeOf(values: Float32Array, spacing: Spacing = "linear"): Range {
  const sizes = values.filter((value) => Number.isFinite(value)).map(Math.abs);
  sizes.sort();
  const hasNegative = values.some((value) => value < 0);
  if (spacing === "log" && !hasNegative) {
    const range = logRange(sizes.filter((size) => size > 0));
    if (range) return range;
  }
  const largest = sizes.at(-1) ?? 0;
  const end = sizes[Math.ceil(sizes.length * SHOWN_SHARE) - 1] || largest;
  const clipped = sizes.reduce((count, size) => count + Number(size > end), 0);
  return { spacing: "linear", start: 0, end, clipped, hasNegative };
}

/** Nearest to 10ⁿ, as a person writes it: `10 ** -5` is a little less in some engines. */
const powerOfTen = (exponent: number): number => Number(`1e${exponent}`);

/** Whole factors of ten around ascending sizes, but for the smallest 2 %; null where there are none. */
function logRange(sizes: Float32Array): Range | null {
  const largest = sizes.at(-1);
  const small = sizes[Math.floor(sizes.length * (1 - SHOWN_SHARE))];
  if (largest === undefined || small === undefined) return null;
  const end = powerOfTen(Math.ceil(Math.log10(largest)));
  const start = powerOfTen(Math.floor(Math.log10(Math.max(small, end * SMALLEST_PART))));
  if (start >= end) return null;
  return { spacing: "log", start, end, clipped: 0, hasNegative: false };
}

/** Part of the way along a color scale, 0 to 1; of a linear one also below 0. */
export function scalePart(value: number, { spacing, start, end }: Range): number {
  if (spacing === "linear") return end > 0 ? value / end : 0;
  if (value <= start) return 0;
  return Math.min(1, Math.log(value / start) / Math.log(end / start));
}

/** Values that a legend names: each factor of ten of a logarithmic scale; else none. */
export function decades({ spacing, start, end }: Range): number[] {
  if (spacing === "linear") return [];
  const first = Math.round(Math.log10(start));
  const count = Math.round(Math.log10(end)) - first + 1;
  return Array.from({ length: count }, (_, at) => powerOfTen(first + at));
}

/** Rows by their largest magnitude, the largest first; rows without a number last. */
export function rowsByLargest({ rows, columns, values }: Matrix): number[] {
  const largest = Array.from({ length: rows }, (_, row) =>
    values
      .subarray(row * columns, (row + 1) * columns)
      .reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), -1),
  );
  return largest
    .map((_, row) => row)
    .sort((a, b) => (largest[b] ?? 0) - (largest[a] ?? 0) || a - b);
}

/** Pixels of the cells in an order of rows, one each; `empty` where there is no number. */
export function matrixPixels(
  { columns, values }: Matrix,
  order: readonly number[],
  { palette, range, empty }: { palette: PaletteName; range: Range; empty: number },
): Pixels {
  const colors = paletteColors(palette);
  const diverging = isDiverging(palette);
  const pixels = new Uint32Array(order.length * columns);
  order.forEach((row, place) => {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? NaN;
      const color = Number.isNaN(value)
        ? empty
        : colors[colorIndex(scalePart(value, range), 1, diverging)];
      pixels[place * columns + column] = color ?? empty;
    }
  });
  return pixels;
}

export interface CellSize {
  width: number;
  height: number;
}

const SMALLEST: CellSize = { width: 4, height: 4 };
const LARGEST: CellSize = { width: 112, height: 36 };

/** Cells that fill a room, within what can be seen and pointed at. */
export function cellSize(rows: number, columns: number, room: CellSize): CellSize {
  const fit = (side: "width" | "height", count: number) =>
    Math.max(SMALLEST[side], Math.min(LARGEST[side], Math.floor(room[side] / Math.max(1, count))));
  return { width: fit("width", columns), height: fit("height", rows) };
}

/** Every how many columns one gets a label, so that labels of a width do not touch. */
export function labelStride(cell: number, label: number): number {
  return Math.max(1, Math.ceil(label / cell));
}

/** A row (by its number, whatever its place) and a column. */
export interface Cell {
  row: number;
  column: number;
}

/** Rows and columns that a key goes on by. */
const STEPS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/** The cell that a key leads to, inside the matrix; null for keys that lead nowhere. */
export function walk(
  key: string,
  from: Cell,
  order: readonly number[],
  columns: number,
): Cell | null {
  const by = STEPS[key];
  if (!by) return null;
  const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
  const place = within(Math.max(0, order.indexOf(from.row)) + by[0], order.length);
  return { row: order[place] ?? 0, column: within(from.column + by[1], columns) };
}
