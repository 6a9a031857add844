// Color tables: from the levels of a sheet to pixels.
//
// A level is what `core/pictures/quantize.py` writes: 0 is "not finite"; signed sheets hold
// (level - 128) / 127 * scale, unsigned ones (level - 1) / 254 * scale.

import { PALETTES, type PaletteName } from "./colormaps.gen";

/** Pixels as canvases store them: 0xAABBGGRR on every machine that runs browsers. */
export type Pixels = Uint32Array<ArrayBuffer>;

/** How the levels of one channel become colors. */
export interface LevelScale {
  signed: boolean;
  /** Largest magnitude of the channel: the value of its top level. */
  scale: number;
  /** Magnitude at the end of the color scale; larger values are clipped. */
  range: number;
}

const COLORS = 255;
const CENTER = 127;

export function pixel(red: number, green: number, blue: number): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A pixel as CSS writes it. */
export const pixelStyle = (color: number): string =>
  `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;

const stepAt = (steps: string, at: number) => steps.charCodeAt(at) - 79;

/** The 255 colors of a map, entry i at i / 254 of its length. */
export function paletteColors(name: PaletteName): Pixels {
  const { first, steps } = PALETTES[name];
  const start = parseInt(first, 16);
  let [red, green, blue] = [start >> 16, (start >> 8) & 255, start & 255];
  const colors = new Uint32Array(COLORS);
  colors[0] = pixel(red, green, blue);
  for (let i = 1; i < COLORS; i++) {
    red += stepAt(steps, i - 1);
    green += stepAt(steps, i + COLORS - 2);
    blue += stepAt(steps, i + 2 * COLORS - 3);
    colors[i] = pixel(red, green, blue);
  }
  return colors;
}

export function isDiverging(name: PaletteName): boolean {
  return PALETTES[name].diverging;
}

/** The value that a level stands for; NaN for level 0. */
export function levelValue(level: number, signed: boolean, scale: number): number {
  if (level === 0) return NaN;
  return signed ? ((level - 128) / 127) * scale : ((level - 1) / 254) * scale;
}

/** Entry of the palette for a value; zero is the center of a diverging one. */
export function colorIndex(value: number, range: number, diverging: boolean): number {
  const part = range > 0 ? value / range : 0;
  const index = diverging ? CENTER + CENTER * part : (COLORS - 1) * Math.abs(part);
  return Math.max(0, Math.min(COLORS - 1, Math.round(index)));
}

/** 256 pixels, one per level; level 0 gets the flag color. */
export function buildLut(
  colors: Pixels,
  diverging: boolean,
  { signed, scale, range }: LevelScale,
  flag: number,
): Pixels {
  const lut = new Uint32Array(256);
  lut[0] = flag;
  for (let level = 1; level < 256; level++) {
    const value = levelValue(level, signed, scale);
    lut[level] = colors[colorIndex(value, range, diverging)] ?? flag;
  }
  return lut;
}

/** Levels of a channel whose magnitude exceeds the range, as a flag per level. */
export function clippedLevels({ signed, scale, range }: LevelScale): Uint8Array {
  const clipped = new Uint8Array(256);
  // Half a level of slack: rounding is not clipping.
  const slack = scale / (signed ? 254 : 508);
  for (let level = 1; level < 256; level++) {
    if (Math.abs(levelValue(level, signed, scale)) > range + slack) clipped[level] = 1;
  }
  return clipped;
}
