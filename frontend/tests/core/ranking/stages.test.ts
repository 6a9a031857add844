import { describe, expect, it } from "vitest";

import { stageOf, stagePhrase, statisticsAt, stageTag } from "../../../src/core/ranking/stages";
import { statisticsCsv } from "../../../src/core/compare/csv";
import type { MapStage, Statistic } from "../../../src/wire";
import { makeCapture } from "../../fixtures";

const of = (name: string, value: number, stage: MapStage): Statistic => ({
  name,
  perInput: true,
  stage,
  values: [value],
});
const before = { activationStage: "before" } as const;
const after = { activationStage: "after" } as const;
const both = [of("mean", 1, "after"), of("mean", -1, "before"), of("apoz", 0.5, "after")];
const values = (statistics: readonly Statistic[]) =>
  statistics.map(({ name, stage, values: [value] }) => [name, stage, value]);

describe("statistics of a layer with feature maps of two stages", () => {
  it("are those of the stage that is looked at", () => {
    expect(values(statisticsAt(both, "after", before))).toEqual([
      ["mean", "after", 1],
      ["apoz", "after", 0.5],
    ]);
    expect(values(statisticsAt(both.toReversed(), "before", before))).toEqual([
      ["apoz", "after", 0.5],
      ["mean", "before", -1],
    ]);
  });

  it("say the stage that an old capture has them of", () => {
    const old = [of("mean", 2, ""), of("apoz", 0.5, ""), of("l1", 3, "")];
    expect(values(statisticsAt(old, "after", before))).toEqual([
      ["mean", "before", 2],
      ["apoz", "after", 0.5],
      ["l1", "", 3],
    ]);
  });

  it("name it beside their value, and only there", () => {
    expect(stageTag(of("mean", 1, "before"), before)).toBe("before");
    expect(stageTag(of("l1", 1, ""), before)).toBe("");
    expect(stageTag(of("mean", 1, "after"), after)).toBe("");
    expect(stagePhrase(of("mean", 1, "after"), before)).toBe("after the activation function");
    expect(stageOf(of("mean", 1, ""), { activationStage: "none" })).toBe("none");
  });

  it("are told apart in a table for other programs", () => {
    const table = statisticsCsv(makeCapture({ statistics: both }), [0]);
    expect(table.split("\r\n")[0]).toBe("filter,largest_magnitude,mean_after,mean_before,apoz");
  });
});
