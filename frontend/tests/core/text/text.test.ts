import { describe, expect, it } from "vitest";

import { className, showClasses } from "../../../src/core/text/classes";
import { fileName, statisticsCsv } from "../../../src/core/compare/csv";
import {
  briefKind,
  configText,
  layerAttributes,
  layerLine,
  summaryText,
} from "../../../src/core/text/describe";
import {
  briefText,
  compactCount,
  countText,
  plainText,
  plural,
  shareText,
  shortenMiddle,
  valueText,
} from "../../../src/core/text/format";
import { guidanceText, methodName } from "../../../src/core/pictures/method";
import { makeCapture, makeLayer, makeSheet } from "../../fixtures";

describe("numbers", () => {
  it("have three significant digits", () => {
    expect([0.123456, 12.3456, -1234.5, 1e-7, 123456789, 0].map(valueText)).toEqual([
      "0.123",
      "12.3",
      "−1230",
      "1.0e−7",
      "1.2e8",
      "0",
    ]);
  });

  it("that do not exist are a dash", () => {
    expect([null, undefined, NaN].map(valueText)).toEqual(["–", "–", "–"]);
  });

  it("are brief on tiles", () => {
    expect([0.5, 0.0123, 12.34, -0.25].map(briefText)).toEqual([".5", ".012", "12", "−.25"]);
  });

  it("are shares in percent", () => {
    expect([0, 0.0001, 0.034, 0.62, 1].map(shareText)).toEqual([
      "0 %",
      "< 0.1 %",
      "3.4 %",
      "62 %",
      "100 %",
    ]);
  });

  it("are counts in little room", () => {
    expect([0, 584, 590080, 2359808].map(compactCount)).toEqual(["0", "584", "590K", "2.36M"]);
  });

  it("are counted with their noun", () => {
    expect([plural(1, "filter"), plural(2048, "filter"), countText(12000)]).toEqual([
      "1 filter",
      "2,048 filters",
      "12,000",
    ]);
  });
});

describe("text from logs", () => {
  it("loses what would turn or break a line", () => {
    expect(plainText("a\u202Eb\nc\u0000")).toBe("a�b�c�");
  });

  it("is cut where it is endless", () => {
    expect(plainText("x".repeat(5000), 80)).toBe(`${"x".repeat(80)}…`);
  });

  it("is shortened in the middle, so that its end is seen", () => {
    expect(shortenMiddle("conv2_block3_1_conv", 12)).toBe("conv…_1_conv");
    expect(shortenMiddle("conv2", 5)).toBe("conv2");
    expect(shortenMiddle("conv2_block3_1_conv", 0)).toBe("…nv");
  });

  it("keeps markup as text", () => {
    expect(plainText('"><img onerror=alert(1)>')).toBe('"><img onerror=alert(1)>');
  });
});

describe("layers in words", () => {
  const layer = makeLayer(3, [2], { strides: [2, 2], activationFunction: "relu", groups: 4 });

  it("say in a line what differs from the usual", () => {
    expect(layerLine(layer)).toBe("Conv2D 3×3 · stride 2×2 · 4 groups · relu");
  });

  it("list only attributes that have a value", () => {
    const names = layerAttributes(layer).map((row) => row.name);
    expect(names).toContain("Groups");
    expect(names).not.toContain("Receptive field");
  });

  it("are named in a few letters in little room", () => {
    expect(briefKind(layer)).toBe("3×3");
    expect(briefKind(makeLayer(1, [], { kernelSize: [], className: "MaxPooling2D" }))).toBe(
      "MaxPoo",
    );
  });

  it("tell how their filters fare", () => {
    const summary = {
      layer: 1,
      methods: [],
      filters: 64,
      silent: 3,
      weak: 0,
      flags: { silent: 1, nearSilent: 0, saturated: 0, duplicate: 0, notFinite: 0 },
      guided: null,
      rectifiers: null,
      unchangedSince: null,
      weights: null,
      weightsUnchangedSince: null,
    };
    expect(summaryText(summary)).toBe("64 filters, 3 silent");
  });

  it("show their configuration, indented, and survive one that is not JSON", () => {
    expect(configText('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(configText("{broken")).toBe("{broken");
  });
});

describe("guidance", () => {
  it("says how many rectifiers were guided, and what was not gated", () => {
    expect(guidanceText({ guided: 2, rectifiers: 3, ungated: ["silu"] })).toBe(
      "Guided 2 of 3 rectifiers between this layer and the input. Not gated: silu.",
    );
  });

  it("never calls a gradient guided that guided nothing", () => {
    expect(methodName("guided", { guided: 0, rectifiers: 0, ungated: [] })).toContain(
      "Plain gradient",
    );
  });
});

describe("classes", () => {
  const prediction = {
    input: 0,
    output: "o",
    classes: [0.6, 0.3, 0.05].map((probability, classIndex) => ({
      classIndex,
      name: "",
      probability,
    })),
    omitted: 7,
    omittedProbability: 0.05,
  };

  it("below the threshold are left out and counted", () => {
    const shown = showClasses(prediction, 5, 0.1);
    expect(shown.classes).toHaveLength(2);
    expect(shown.omitted).toBe(8);
    expect(shown.omittedProbability).toBeCloseTo(0.1);
  });

  it("beyond the number asked for are left out too", () => {
    expect(showClasses(prediction, 1, 0).omitted).toBe(9);
  });

  it("without a name are numbered", () => {
    expect(className({ classIndex: 7, name: "", probability: 0 })).toBe("class 7");
  });
});

describe("tables", () => {
  const capture = makeCapture({
    sheets: [makeSheet()],
    statistics: [{ name: "=mean,x", perInput: true, stage: "" as const, values: [0.5, null] }],
  });

  it("have a line per filter, in the order of the grid", () => {
    const lines = statisticsCsv(capture, [1, 0]).split("\r\n");
    expect(lines.slice(1)).toEqual(["1,0,", "0,1,0.5", ""]);
  });

  it("disarm formulas and quote commas", () => {
    expect(statisticsCsv(capture, []).split("\r\n")[0]).toBe(`filter,largest_magnitude,"'=mean,x"`);
  });

  it("get names that no file system minds", () => {
    expect(fileName("../r<un>", "a/b", 3)).toBe("__r_un_-a_b-3");
  });
});
