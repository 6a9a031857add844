import { describe, expect, it } from "vitest";

import { PALETTES, type PaletteName } from "../../../src/core/pictures/colormaps.gen";
import {
  buildLut,
  clippedLevels,
  colorIndex,
  isDiverging,
  levelValue,
  paletteColors,
  pixel,
} from "../../../src/core/pictures/lut";

const names = Object.keys(PALETTES) as PaletteName[];
const diverging = names.filter(isDiverging);
const FLAG = pixel(1, 2, 3);
const channels = (color: number) => [color & 255, (color >> 8) & 255, (color >> 16) & 255] as const;
const lightness = (color: number) => {
  const [red, green, blue] = channels(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

describe("levels", () => {
  it("mean their value in signed sheets", () => {
    expect(levelValue(128, true, 5)).toBe(0);
    expect(levelValue(255, true, 5)).toBe(5);
    expect(levelValue(1, true, 5)).toBe(-5);
  });

  it("mean their value in unsigned sheets", () => {
    expect(levelValue(1, false, 5)).toBe(0);
    expect(levelValue(255, false, 5)).toBe(5);
  });

  it("are not a number at 0", () => {
    expect(levelValue(0, true, 5)).toBeNaN();
    expect(levelValue(0, false, 5)).toBeNaN();
  });
});

describe("palettes", () => {
  it.each(names)("%s has 255 opaque colors", (name) => {
    const colors = paletteColors(name);
    expect(colors).toHaveLength(255);
    expect(colors.every((color) => color >>> 24 === 255)).toBe(true);
  });

  it("begin and end as their originals do", () => {
    expect(channels(paletteColors("magma")[0] ?? 0)).toEqual([0, 0, 4]);
    expect(channels(paletteColors("viridis")[254] ?? 0)).toEqual([253, 231, 37]);
    expect(channels(paletteColors("vik")[0] ?? 0)).toEqual([0, 18, 97]);
  });

  it.each(diverging)("%s is lightest or darkest at zero", (name) => {
    const colors = paletteColors(name);
    const center = lightness(colors[127] ?? 0);
    const [low, high] = [lightness(colors[40] ?? 0), lightness(colors[214] ?? 0)];
    expect(Math.sign(low - center)).toBe(Math.sign(high - center));
  });

  it("keep the meaning of the sign between light and dark", () => {
    for (const name of ["vik", "berlin"] as const) {
      const [redLow, , blueLow] = channels(paletteColors(name)[60] ?? 0);
      const [redHigh, , blueHigh] = channels(paletteColors(name)[194] ?? 0);
      expect(blueLow).toBeGreaterThan(redLow);
      expect(redHigh).toBeGreaterThan(blueHigh);
    }
  });

  it("of one sign grow lighter all the way", () => {
    for (const name of names.filter((other) => !isDiverging(other))) {
      const colors = [...paletteColors(name)].map(lightness);
      const dips = colors.filter((value, at) => value < (colors[at - 1] ?? 0) - 1.5);
      expect(dips).toEqual([]);
    }
  });
});

describe("color tables", () => {
  it.each(diverging)("put zero in the center of %s, signed or not", (name) => {
    const colors = paletteColors(name);
    const signed = buildLut(colors, true, { signed: true, scale: 3, range: 3 }, FLAG);
    const unsigned = buildLut(colors, true, { signed: false, scale: 3, range: 3 }, FLAG);
    expect(signed[128]).toBe(colors[127]);
    expect(unsigned[1]).toBe(colors[127]);
  });

  it("use the positive half only for unsigned values", () => {
    const colors = paletteColors("vik");
    const lut = buildLut(colors, true, { signed: false, scale: 1, range: 1 }, FLAG);
    const negative = new Set(colors.subarray(0, 127));
    expect([...lut.subarray(1)].some((color) => negative.has(color))).toBe(false);
    expect(lut[255]).toBe(colors[254]);
  });

  it("flag what is not finite", () => {
    const lut = buildLut(
      paletteColors("magma"),
      false,
      { signed: false, scale: 1, range: 1 },
      FLAG,
    );
    expect(lut[0]).toBe(FLAG);
  });

  it("color a channel by the range of the layer", () => {
    const colors = paletteColors("vik");
    const lut = buildLut(colors, true, { signed: true, scale: 1, range: 2 }, FLAG);
    expect(lut[255]).toBe(colors[colorIndex(1, 2, true)]);
    expect(lut[255]).not.toBe(colors[254]);
  });

  it("clip beyond the range at the ends", () => {
    const colors = paletteColors("vik");
    const lut = buildLut(colors, true, { signed: true, scale: 4, range: 1 }, FLAG);
    expect(lut[255]).toBe(colors[254]);
    expect(lut[1]).toBe(colors[0]);
  });

  it("show the center where the range is zero", () => {
    expect(colorIndex(0, 0, true)).toBe(127);
    expect(colorIndex(0, 0, false)).toBe(0);
  });
});

describe("clipped levels", () => {
  it("are none where the range is the scale", () => {
    expect(clippedLevels({ signed: true, scale: 2, range: 2 }).some(Boolean)).toBe(false);
  });

  it("are both ends of a signed sheet beyond the range", () => {
    const clipped = clippedLevels({ signed: true, scale: 2, range: 1 });
    expect([clipped[1], clipped[128], clipped[255]]).toEqual([1, 0, 1]);
  });
});
