// How values become colors: which palette, up to which range.

import type { Method } from "../wire";
import type { ScaleMode } from "./choices";
import type { PaletteName } from "./colormaps.gen";
import { buildLut, isDiverging, paletteColors, type Pixels } from "./lut";
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
}

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
  };
}
