import { afterEach, describe, it } from "vitest";

import { watchMarkHistory } from "../../../src/stores/marks/mark_history.svelte";
import { watchAgreement } from "../../../src/stores/ranking/agreement.svelte";
import { watchFlagCounts } from "../../../src/stores/ranking/flag_counts.svelte";
import { watchVerdictTests } from "../../../src/stores/ranking/verdict_tests.svelte";
import { makeFilter } from "../../marks";
import { makeRun } from "../../server";
import { closeAll, inTestRoot, openSession, until } from "../../session.svelte";

afterEach(closeAll);

const answers = {
  agreement: { criteria: [] },
  network_timeline: { layers: [] },
  ablations: { run: "run", ablations: [] },
  mark_history: { events: [] },
};

describe("what is asked for when it is first shown", () => {
  it("has the agreement of the criteria of the selected layer, and requests it again for another seed", async () => {
    const { session, asked } = await openSession("", { answers });
    const found = inTestRoot(() => watchAgreement(session.captures, session.selection));
    await until(() => found.isCurrent);
    session.selection.choices.seed = 5;
    await until(() => found.isCurrent && asked.at(-1)?.endsWith("seed=5") === true);
    session.moveLayer(1);
    await until(() => asked.some((address) => /^agreement\?.*layer=2/.test(address)));
  });

  it("has the flags of all layers at thresholds that were moved", async () => {
    const { session, asked } = await openSession("", { answers });
    const found = inTestRoot(() => watchFlagCounts(session.captures, session.selection));
    await until(() => found.isCurrent);
    session.selection.choices.thresholds = { nearSilent: 0.2 };
    await until(() => found.isCurrent && /near_silent=0\.2/.test(asked.at(-1) ?? ""));
  });

  it("has the tests of verdicts of the selected run", async () => {
    const runs = ["one", "two"].map((run) => ({ ...makeRun({ layers: [], steps: [0] }), run }));
    const { session, asked } = await openSession("p.convlens.run=one", {
      answers: { ...answers, runs: { runs, version: "1" } },
    });
    const found = inTestRoot(() => watchVerdictTests(session.captures));
    await until(() => found.isCurrent);
    session.selection.choices.run = "two";
    await until(() => found.isCurrent && asked.includes("ablations?run=two"));
  });

  it("has the history of a filter, and that of another as soon as one is selected", async () => {
    const { session, asked } = await openSession("", { answers });
    const of = () => ({ filter: makeFilter(session.captures.channel), sequence: 1 });
    const found = inTestRoot(() => watchMarkHistory(of));
    await until(() => found.isCurrent);
    session.list.select(1);
    await until(() => found.isCurrent && /^mark_history\?.*channel=1/.test(asked.at(-1) ?? ""));
  });
});
