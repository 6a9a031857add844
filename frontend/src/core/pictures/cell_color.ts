// Colors of table cells that hold a value from -1 to 1, with ink that can be read on them.

import type { PaletteName } from "./colormaps.gen";
import { colorIndex, paletteColors } from "./lut";

export interface CellColor {
  ground: string;
  ink: string;
}

const BLACK = "#000000";
const WHITE = "#ffffff";

/** The color of a value on a diverging palette, and black or white, whichever reads better. */
export function cellColor(palette: PaletteName, value: number): CellColor {
  const color = paletteColors(palette)[colorIndex(value, 1, true)] ?? 0;
  const parts = [color & 255, (color >> 8) & 255, (color >> 16) & 255] as const;
  const light = luminance(parts);
  const onWhite = 1.05 / (light + 0.05);
  const onBlack = (light + 0.05) / 0.05;
  return { ground: `rgb(${parts.join(" ")})`, ink: onBlack >= onWhite ? BLACK : WHITE };
}

/** Relative luminance of WCAG 2, 0 to 1. */
export function luminance([red, green, blue]: readonly [number, number, number]): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
