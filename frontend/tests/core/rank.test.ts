import { describe, expect, it } from "vitest";

import { agreementOf, rankCorrelation, ranksOf } from "../../src/core/agreement";
import { cellColor, luminance } from "../../src/core/cell_color";
import { PALETTES, type PaletteName } from "../../src/core/colormaps.gen";
import { criterionOf } from "../../src/core/criteria";

describe("agreement of criteria", () => {
  it("is of ranks, ties sharing their mean", () => {
    expect(ranksOf([10, 30, 20])).toEqual([1, 3, 2]);
    expect(ranksOf([5, 5, 1, 5])).toEqual([3, 3, 1, 3]);
    expect(ranksOf([])).toEqual([]);
  });

  it("is 1 for the same order, whatever the values, and -1 for the opposite", () => {
    expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000])).toBe(1);
    expect(rankCorrelation([1, 2, 3, 4], [9, 7, 2, -5])).toBe(-1);
  });

  it("is what SciPy says", () => {
    // scipy.stats.spearmanr([106, 100, 86, 101, 99, 103, 97, 113, 112, 110],
    //                       [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]).statistic
    const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(rankCorrelation(iq, hours)).toBeCloseTo(-0.17575757575757575, 12);
    // with ties: scipy.stats.spearmanr([1, 2, 2, 3, 5], [2, 2, 1, 4, 4]).statistic
    expect(rankCorrelation([1, 2, 2, 3, 5], [2, 2, 1, 4, 4])).toBeCloseTo(0.7299963950884315, 12);
  });

  it("leaves filters out for which one side is undefined", () => {
    expect(rankCorrelation([1, null, 2, 3], [1, 5, 2, 3])).toBe(1);
    expect(rankCorrelation([1, null, 2], [1, 5, 2])).toBeNull();
  });

  it("is undefined where a criterion is the same everywhere", () => {
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNull();
    const constant = { name: "a", perInput: false, values: [1, 1, 1] };
    const other = { name: "b", perInput: false, values: [1, 2, 3] };
    expect(agreementOf([constant, other])).toEqual([
      [1, null],
      [null, 1],
    ]);
  });
});

describe("cells of the agreement table", () => {
  it("can be read on every diverging palette (WCAG AA)", () => {
    const names = (Object.keys(PALETTES) as PaletteName[]).filter((n) => PALETTES[n].diverging);
    const parts = (css: string): [number, number, number] => {
      const [r = 0, g = 0, b = 0] = css.match(/\d+/g)?.map(Number) ?? [];
      return [r, g, b];
    };
    for (const name of names) {
      for (let value = -1; value <= 1; value += 0.05) {
        const { ground, ink } = cellColor(name, value);
        const [a, b] = [luminance(parts(ground)), ink === "#ffffff" ? 1 : 0];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        expect(contrast, `${name} ${value}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});

describe("criteria", () => {
  it("have a card for what is computed, none for what is not known", () => {
    expect(criterionOf("l1")?.source).toMatch(/Li/);
    expect(criterionOf("constructor")).toBeNull();
  });
});
