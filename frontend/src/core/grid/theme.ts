// Colors of what is painted on canvases; views take theirs from CSS.

import { pixel } from "../pictures/lut";
import type { FlagColors } from "../ranking/tile_flags";
import type { MarkColors } from "../marks/tile_marks";
import type { GridColors } from "./tile_renderer";

const LIGHT: GridColors = {
  background: pixel(255, 255, 255),
  unresponsive: pixel(246, 246, 248),
  hatch: pixel(205, 205, 212),
  flag: pixel(30, 60, 10),
  text: "#1d1d21",
  muted: "#5b5c66",
  accent: "#b84300",
  border: "rgb(0 0 0 / 12%)",
  page: "#ffffff",
};

const DARK: GridColors = {
  background: pixel(28, 28, 31),
  unresponsive: pixel(38, 38, 43),
  hatch: pixel(74, 74, 82),
  flag: pixel(20, 50, 10),
  text: "#ececf1",
  muted: "#a9a9b5",
  accent: "#ff9d52",
  border: "rgb(255 255 255 / 12%)",
  page: "#1c1c1f",
};

const LIGHT_MARKS: MarkColors = {
  page: "#ffffff",
  accent: "#b84300",
  verdict: { useful: "#17694f", useless: "#a3324a", unsure: "#6a5200" },
};

const DARK_MARKS: MarkColors = {
  page: "#1c1c1f",
  accent: "#ff9d52",
  verdict: { useful: "#5fd0a8", useless: "#ff8fa3", unsure: "#e8b64c" },
};

const LIGHT_FLAGS: FlagColors = { page: "#ffffff", flag: "#7a2f8f" };
const DARK_FLAGS: FlagColors = { page: "#1c1c1f", flag: "#e0a3f0" };

export function flagColors(dark: boolean): FlagColors {
  return dark ? DARK_FLAGS : LIGHT_FLAGS;
}

export function markColors(dark: boolean): MarkColors {
  return dark ? DARK_MARKS : LIGHT_MARKS;
}

export function gridColors(dark: boolean): GridColors {
  return dark ? DARK : LIGHT;
}
