// How values become colors: which palette, up to which range.

import type { Method } from "../../wire";
import type { ScaleMode } from "../words/drawing";
import type { PaletteName } from "./colormaps.gen";
import { buildLut, colorIndex, isDiverging, levelValue, paletteColors, type Pixels } from "./lut";
import { isGradient } from "./method";

export interface ColoringChoices {
  mode: ScaleMode;
  /** Range of the mode "fixed"; null: as the layer. */
  fixed: number | null;
  /** Largest magnitude of the layer. */
  layerRange: number;
  diverging: PaletteName;
  sequential: PaletteName;
  /** Color of values that are not finite: in no palette. */
  flag: number;
}

export interface Coloring {
  readonly flag: number;
  paletteOf(method: Method): PaletteName;
  /** Magnitude at the end of the color scale, for a channel whose own is `scale`. */
  rangeFor(scale: number): number;
  /** The table of a channel; `range` where another than the chosen one is wanted. */
  lutFor(method: Method, channel: { signed: boolean; scale: number; range?: number }): Pixels;
  /** A table for laying over the input image: zero is clear, large values are opaque and strong. */
  overlayFor(method: Method, channel: { signed: boolean; scale: number }, opacity: number): Pixels;
}

/** Strength of color and opacity that a small value gets over an image; it grows from there. */
const WEAKEST_COLOR = 0.45;
const OPAQUE_FROM = 0.6;

export function createColoring(choices: ColoringChoices): Coloring {
  const { mode, fixed, layerRange, diverging, sequential, flag } = choices;
  const paletteOf = (method: Method) => (isGradient(method) ? sequential : diverging);
  const rangeFor = (scale: number) =>
    mode === "filter" ? scale : mode === "layer" ? layerRange : (fixed ?? layerRange);
  return {
    flag,
    paletteOf,
    rangeFor,
    lutFor(method, { signed, scale, range = rangeFor(scale) }) {
      const name = paletteOf(method);
      return buildLut(paletteColors(name), isDiverging(name), { signed, scale, range }, flag);
    },
    overlayFor(method, { signed, scale }, opacity) {
      const name = paletteOf(method);
      const colors = paletteColors(name);
      const range = rangeFor(scale) || 1;
      const lut = new Uint32Array(256);
      lut[0] = flag;
      for (let level = 1; level < 256; level++) {
        const part = Math.max(-1, Math.min(1, levelValue(level, signed, scale) / range));
        const size = Math.abs(part);
        const strong = Math.sign(part) * (WEAKEST_COLOR + (1 - WEAKEST_COLOR) * size);
        const color = colors[colorIndex(strong, 1, isDiverging(name))] ?? flag;
        const alpha = Math.round(255 * opacity * Math.min(1, size / OPAQUE_FROM));
        lut[level] = ((color & 0x00ffffff) | (alpha << 24)) >>> 0;
      }
      return lut;
    },
  };
}
