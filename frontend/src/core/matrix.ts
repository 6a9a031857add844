// A matrix of numbers, drawn as one colored cell each: rows of things, columns of steps.

import { colorIndex, isDiverging, paletteColors, type Pixels } from "./lut";
import type { PaletteName } from "./colormaps.gen";

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

export interface Range {
  /** Magnitude at the end of the color scale. */
  end: number;
  /** Cells beyond it. */
  clipped: number;
  hasNegative: boolean;
}

/** Few cells must not take the colors from all others. */
const SHOWN_SHARE = 0.98;

/** End of the color scale: the magnitude that 98 % of the cells do not exceed. */
export function rangeOf(values: Float32Array): Range {
  const sizes = values.filter((value) => Number.isFinite(value)).map(Math.abs);
  sizes.sort();
  const largest = sizes.at(-1) ?? 0;
  const end = sizes[Math.ceil(sizes.length * SHOWN_SHARE) - 1] || largest;
  const clipped = sizes.reduce((count, size) => count + Number(size > end), 0);
  return { end, clipped, hasNegative: values.some((value) => value < 0) };
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
  { palette, end, empty }: { palette: PaletteName; end: number; empty: number },
): Pixels {
  const colors = paletteColors(palette);
  const diverging = isDiverging(palette);
  const pixels = new Uint32Array(order.length * columns);
  order.forEach((row, place) => {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? NaN;
      const color = Number.isNaN(value) ? empty : colors[colorIndex(value, end, diverging)];
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
const LARGEST: CellSize = { width: 90, height: 24 };

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
