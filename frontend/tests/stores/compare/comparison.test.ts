import { afterEach, describe, expect, it } from "vitest";

import { makeStatistic, closeAll, openSession, until } from "../../session.svelte";
import type { Session } from "../../../src/stores/session.svelte";
import { comparisonOf, type Comparison } from "../../../src/stores/compare/comparison.svelte";
import { comparedFilterOf } from "../../../src/stores/compare/compared_filter.svelte";
import { hold } from "../../server";

afterEach(closeAll);

const capture = { statistics: [makeStatistic("l1", 1, 2)] };

/** Begins to compare as the views do. */
async function compare(link: string): Promise<{ session: Session; comparison: Comparison }> {
  const { session } = await openSession(link, { capture });
  await session.toCompare(() => Promise.resolve());
  return { session, comparison: comparisonOf(session) };
}

const beside = (...columns: [string, number | null, number][]) =>
  `p.convlens.compare=${encodeURIComponent(JSON.stringify(columns))}`;

describe("captures side by side", () => {
  it("begin with the step before, and end where they began", async () => {
    const { session, comparison } = await compare("");
    session.toggleCompare();
    await until(() => comparison.isLoaded);
    expect(comparison.columns.map(({ letter, at }) => [letter, at.step])).toEqual([
      ["A", 2],
      ["B", 1],
    ]);
    session.toggleCompare();
    expect(comparison.columns).toEqual([]);
    expect(session.list.target?.channel).toBe(1);
  });

  it("have no change if the pictures are the same", async () => {
    const { comparison } = await compare(beside(["run", null, 0]));
    await until(() => comparison.isLoaded);
    expect(comparison.subtracted).toBe(true);
    expect(comparison.differences.map((one) => one?.mean)).toEqual([0, 0]);
    expect(comparison.spoken(0)).toMatch(/change 0$/);
  });

  it("follow their columns in a second comparison of a visit, too", async () => {
    const { session, comparison } = await compare("");
    for (const step of [1, 0]) {
      session.toggleCompare();
      await until(() => comparison.isLoaded);
      session.selection.choices.columns = [{ run: "run", step, input: 0 }];
      await until(() => comparison.columns[1]?.at.step === step);
      session.toggleCompare();
      expect(session.list.order).toEqual([1, 0]);
      session.selection.choices.sort = { name: "index", descending: step === 1 };
      expect(session.list.order).toEqual(step === 1 ? [1, 0] : [0, 1]);
      session.selection.choices.sort = { name: "l1", descending: true };
    }
  });

  it("are sorted by their change, or by a statistic of one", async () => {
    const { session, comparison } = await compare(beside(["run", 0, 0]));
    await until(() => comparison.isLoaded);
    expect(comparison.order).toEqual([0, 1]);
    session.selection.choices.compareBy = "A.l1";
    expect([comparison.order, session.list.order]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(comparison.spoken(1)).toContain("Filter 1, 1 of 2, Kernel L1: A 2");
    session.selection.choices.compareBy = "A.nothing";
    expect(comparison.order).toEqual([0, 1]);
  });

  it("report missing parts of a link, and what is shown instead", async () => {
    const { comparison } = await compare(beside(["run", 40, 9]));
    await until(() => comparison.isLoaded);
    expect(comparison.notes).toEqual([
      "Step 40 was not captured in the run of B. Step 2, the nearest, is shown.",
      "B has 1 input images but no number 9. Number 0 is shown.",
    ]);
  });

  it("report a missing run, and recover once another is chosen", async () => {
    const { session, comparison } = await compare(beside(["nowhere", null, 0]));
    await until(() => comparison.loaded.error !== null);
    expect(comparison.loaded.error).toMatch(/^Run “nowhere” has no captures here\./);
    expect(comparison.columns).toEqual([]);
    session.selection.choices.columns = [{ run: "run", step: 0, input: 0 }];
    await until(() => comparison.columns.length === 2);
  });

  it("are not confused with those of other columns while these load", async () => {
    const { session, comparison } = await compare(beside(["run", 0, 0]));
    await until(() => session.list.target !== null && comparison.isLoaded);
    const letGo = hold("layer");
    session.selection.choices.columns = [{ run: "run", step: 1, input: 0 }];
    expect(comparison.isLoaded).toBe(false);
    expect(session.list.target).toBeNull();
    letGo();
    await until(() => session.list.target !== null);
    expect(comparison.columns[1]?.at.step).toBe(1);
  });
});

describe("the selected filter side by side", () => {
  it("is there in every column, with its change, and read at one place", async () => {
    const { session, comparison } = await compare(beside(["run", 0, 0]));
    await until(() => session.comparedFilter?.isCurrent === true);
    const filter = comparedFilterOf(session);
    expect(filter.columns.map((one) => one?.letter)).toEqual(["A", "B"]);
    expect(filter.change?.letter).toBe("A − B");
    const [a, b] = filter.valuesAt({ x: 0.25, y: 0.25 });
    expect(a).toBe(b);
    expect(comparison.valuesAt(session.captures.channel, { x: 0.25, y: 0.25 })).toHaveLength(2);
  });

  it("is not there before anything is compared", async () => {
    const { session } = await openSession("");
    expect(() => comparedFilterOf(session)).toThrow("Nothing is compared yet.");
    expect(() => comparisonOf(session)).toThrow("Nothing is compared yet.");
  });
});
