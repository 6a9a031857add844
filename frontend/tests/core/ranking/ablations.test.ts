import { describe, expect, it } from "vitest";

import {
  ablateCommand,
  changeText,
  choiceName,
  effectRange,
  effectText,
  extremesOf,
  conclusionSentence,
  effectsOf,
  filterEffects,
  testText,
  usualMetric,
  verdictSentence,
} from "../../../src/core/ranking/ablations";
import type { Ablation, AblationChoice } from "../../../src/wire";

const choice = (
  name: string,
  trials: (number | null)[][],
  changes: Partial<AblationChoice> = {},
): AblationChoice => ({
  name,
  fill: "zero",
  filters: [
    { layer: "conv1", channels: [0, 2] },
    { layer: "conv2", channels: [5] },
  ],
  trials,
  ...changes,
});

const test = (...choices: AblationChoice[]): Ablation => ({
  wallTime: 0,
  graph: "g",
  step: 3,
  model: "digits.keras",
  samples: 100,
  seed: 0,
  metrics: ["loss", "accuracy"],
  baseline: [0.5, 0.9],
  choices,
  layers: [],
});

const whole = test(
  choice("marked", [[0.51, 0.899]]),
  choice("random", [
    [0.7, 0.86],
    [0.8, 0.88],
    [0.9, 0.9],
  ]),
  choice("marked", [[0.6, 0.5]], { fill: "mean" }),
);

describe("tests of verdicts", () => {
  it("are of the accuracy where there is one, else of the loss", () => {
    expect(usualMetric(whole)).toBe(1);
    expect(usualMetric({ ...whole, metrics: ["loss", "mae"] })).toBe(0);
  });

  it("give the mean of the trials against the whole model, and how they scatter", () => {
    const [marked, random] = effectsOf(whole, 1, "zero");
    expect(marked?.change).toBeCloseTo(-0.001, 12);
    expect([marked?.deviation, marked?.filters]).toEqual([null, 3]);
    expect(random?.change).toBeCloseTo(-0.02, 12);
    // Of 0.86, 0.88, 0.90, by hand: sqrt((0.02² + 0 + 0.02²) / 2).
    expect(random?.deviation).toBeCloseTo(0.02, 12);
  });

  it("tell zeros from means", () => {
    expect(effectsOf(whole, 1, "mean").map(({ name }) => name)).toEqual(["marked"]);
  });

  it("say what verdicts are worth", () => {
    expect(verdictSentence(effectsOf(whole, 1, "zero"), "accuracy")).toBe(
      "Without your 3 useless filters: accuracy −0.1 %. Without 3 random ones: −2.0 % ± 2.0.",
    );
    expect(verdictSentence([], "accuracy")).toBe("");
  });

  it("hold where nothing changes without the marked filters", () => {
    const nothing = test(choice("marked", [[0.5 + 1e-7, 0.9]]), whole.choices[1] as AblationChoice);
    expect(conclusionSentence(nothing, 1, "zero")).toBe(
      "Nothing changes without them: the verdicts hold on this data. 2 of 3 random choices cost more.",
    );
    expect(conclusionSentence(nothing, 0, "zero")).toMatch(/^Nothing .* 3 of 3 random/);
  });

  it("are compared with chance where something changes", () => {
    expect(conclusionSentence(whole, 0, "zero")).toBe("3 of 3 random choices cost more.");
    expect(conclusionSentence(whole, 1, "zero")).toBe("2 of 3 random choices cost more.");
    expect(conclusionSentence(whole, 0, "mean")).toBe("");
    // Nobody knows whether more of it is better.
    expect(conclusionSentence({ ...whole, metrics: ["loss", "sparsity"] }, 1, "zero")).toBe("");
    expect(conclusionSentence({ ...whole, baseline: [null, null] }, 0, "zero")).toBe("");
  });

  it("say nothing of what is not finite", () => {
    const broken = test(
      choice("random", [
        [null, 0.9],
        [0.1, 0.9],
      ]),
    );
    const [loss] = effectsOf(broken, 0, "zero");
    expect([loss?.change, loss?.deviation]).toEqual([null, null]);
    expect(changeText(null, "loss")).toBe("–");
  });

  it("write shares in percent and a loss as it is, each with its sign", () => {
    expect(changeText(0.0123, "val_accuracy")).toBe("+1.2 %");
    expect(changeText(-0.00001, "accuracy")).toBe("0 %");
    expect(changeText(0.12345, "loss")).toBe("+0.123");
    expect(changeText(-2, "loss")).toBe("−2");
    expect(changeText(-0.0000109, "loss")).toBe("−1.1e−5");
    expect([changeText(5e-8, "loss"), changeText(0, "loss")]).toEqual(["0", "0"]);
  });

  it("of single filters are against the whole model, of the latest test of the layer", () => {
    const layer = {
      layer: "conv1",
      filters: [
        [0.5, 0.9],
        [0.75, null],
      ],
    };
    const older = { ...test(), layers: [{ ...layer, filters: [[9, 9]] }] };
    const other = { ...test(), graph: "another", layers: [layer] };
    const latest = { ...test(), layers: [{ ...layer, layer: "conv2" }, layer] };
    const found = filterEffects([test(), other, latest, older], "g", "conv1");
    expect(found?.test).toBe(latest);
    expect(found?.changes).toEqual([
      [0, 0.25],
      [0, null],
    ]);
    expect(found && effectText(found, 1)).toBe("loss +0.25 · accuracy –");
    expect(filterEffects([latest], "g", "conv9")).toBeNull();
    expect(filterEffects([latest], "h", "conv1")).toBeNull();
  });

  it("say which single filter costs the least, and which the most", () => {
    const filters = [
      [0.75, 1],
      [0.25, 1],
      [null, 1],
      [0.75, 1],
    ];
    const measured = {
      ...test(),
      layers: [
        { layer: "conv1", filters },
        { layer: "broken", filters: [[null, null]] },
      ],
    };
    expect(extremesOf(measured)).toEqual([
      {
        layer: "conv1",
        filters: 4,
        least: { channel: 1, change: -0.25 },
        most: { channel: 0, change: 0.25 },
      },
    ]);
  });

  it("say what they were measured with", () => {
    expect(testText(test())).toBe("Measured with digits.keras on 100 inputs, step 3.");
    expect(testText({ ...test(), step: null, samples: 1 })).toBe(
      "Measured with digits.keras on 1 input.",
    );
  });

  it("name the criterion that chose", () => {
    const [one] = effectsOf(test(choice("l1", [[0.5, 0.9]])), 0, "zero");
    expect(one && choiceName(one)).toBe("3 by Kernel L1");
  });

  it("are drawn on an axis with zero on it", () => {
    const range = effectRange(effectsOf(whole, 1, "zero"));
    expect(range.high).toBeCloseTo(0, 12);
    expect(range.low).toBeCloseTo(-0.04, 12);
    expect(effectRange([])).toEqual({ low: -1, high: 1 });
  });

  it("can be made by a command, whatever the run is called", () => {
    expect(ablateCommand("digits/train")).toMatch(/--run digits\/train$/);
    expect(ablateCommand("a'b; rm -rf")).toMatch(/--run 'a'\\''b; rm -rf'$/);
  });
});
