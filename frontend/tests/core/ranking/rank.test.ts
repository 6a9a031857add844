import { describe, expect, it } from "vitest";

import { cellColor, luminance } from "../../../src/core/pictures/cell_color";
import { PALETTES, type PaletteName } from "../../../src/core/pictures/colormaps.gen";
import { criterionOf } from "../../../src/core/ranking/criteria";
import { CRITERIA } from "../../../src/core/ranking/criteria.gen";
import { notesOf, partnerOf } from "../../../src/core/grid/notes";
import { randomOrder } from "../../../src/core/ranking/random";
import { sortOptions } from "../../../src/core/ranking/sort_options";

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

  it("each have a name and a card", () => {
    for (const { name, title } of CRITERIA) expect(criterionOf(name)?.title).toBe(title);
  });
});

const statistic = (name: string, ...values: (number | null)[]) => ({
  name,
  perInput: false,
  stage: "" as const,
  values,
});

describe("the sort menu", () => {
  it("has the number and every criterion, and says what those need that cannot be", () => {
    const options = sortOptions([statistic("l1", 1, 2), statistic("apoz", null, null)]);
    expect(options.slice(0, 2)).toEqual([
      { name: "index", text: "Number", isMissing: false },
      { name: "l1", text: "Kernel L1", isMissing: false },
    ]);
    expect(options.map(({ name }) => name)).toEqual(["index", ...CRITERIA.map(({ name }) => name)]);
    const [apoz, ablation] = ["apoz", "ablation"].map((wanted) =>
      options.find(({ name }) => name === wanted),
    );
    expect(apoz?.text).toBe("Zeros (APoZ): needs a ReLU or ReLU6 after the layer");
    expect(ablation?.text).toMatch(/^Ablation: needs a test of this layer: convlens ablate/);
    expect([apoz?.isMissing, ablation?.isMissing]).toEqual([true, true]);
  });

  it("has what else was captured, but nothing that is evidence for another statistic", () => {
    const options = sortOptions([
      statistic("saturation", null),
      statistic("own\u202e", 1),
      statistic("redundant_with", 1),
      statistic("kernel_cosine", 1),
    ]);
    expect(options.slice(1 + CRITERIA.length)).toEqual([
      { name: "saturation", text: "Saturation: not defined here", isMissing: true },
      { name: "own\u202e", text: "own\uFFFD", isMissing: false },
    ]);
  });
});

describe("notes beside filters", () => {
  it("are the value, and of a redundant filter which one it is like", () => {
    const statistics = [
      statistic("redundancy", 0.987, null),
      statistic("redundant_with", 5, null),
      statistic("apoz", 0.5, 1),
    ];
    const redundancy = notesOf(statistics, "redundancy");
    expect(redundancy(0)).toEqual({ note: ".99 #5", brief: ".99" });
    expect(redundancy(1)).toEqual({ note: "–", brief: "–" });
    expect(notesOf(statistics, "apoz")(0)).toEqual({ note: "50 %", brief: "50 %" });
    expect(notesOf(statistics, "index")(0)).toEqual({ note: "", brief: "" });
    expect([partnerOf(statistics, 0), partnerOf(statistics, 1)]).toEqual([5, null]);
  });
});

describe("the order by chance", () => {
  it("is the one of the server, for every seed", () => {
    // python -c "from tensorboard_plugin_convlens.core.filters.criteria import random_order
    // print([float(x) for x in random_order(4, SEED)])"
    const expected: [number, number[]][] = [
      [0, [0.3175988495349884, 0.1912347674369812, 0.5232040882110596, 0.1430160105228424]],
      [7, [0.9723677039146423, 0.4718121886253357, 0.13227258622646332, 0.7981464862823486]],
      [
        2 ** 32 - 1,
        [0.9064376354217529, 0.44739723205566406, 0.641235888004303, 0.7126273512840271],
      ],
    ];
    for (const [seed, values] of expected) expect(randomOrder(4, seed)).toEqual(values);
  });
});
