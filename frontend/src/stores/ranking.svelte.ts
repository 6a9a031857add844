// What ranks filters beside the captured statistics: chance, and tests of single filters.
//
// Loaded after the first picture.

import { fetchAblations } from "../api_ranking";
import { filterEffects, type FilterEffects } from "../core/ablations";
import { randomOrder } from "../core/random";
import type { Ablations, Statistic } from "../wire";
import { Resource } from "./resource.svelte";
import type { Session } from "./session.svelte";

export class Ranking {
  /** The tests of verdicts of the run. */
  readonly tests = new Resource<Ablations>();

  /** What the model loses without each filter of the selected layer; null: not measured. */
  readonly effects = $derived.by<FilterEffects | null>(() => {
    const { view } = this.session.captures;
    const { value } = this.tests;
    if (!view.value || value?.run !== view.value.at.run) return null;
    const graph = this.session.captures.graph.valueKey ?? "";
    return filterEffects(value.ablations, graph, view.value.layer.key);
  });

  /** Statistics of the selected layer that were not captured with it. */
  readonly statistics = $derived.by<Statistic[]>(() => {
    const channels = this.session.captures.view.value?.planes?.channels ?? 0;
    const { seed } = this.session.selection.choices;
    const random = { name: "random", perInput: false, values: randomOrder(channels, seed) };
    const loss = this.effects?.changes[0];
    return loss ? [{ name: "ablation", perInput: false, values: loss }, random] : [random];
  });

  constructor(private readonly session: Session) {
    let visit = 0;
    $effect(() => {
      const { run, runs } = session.captures;
      if (!run || !runs.value) return;
      // Tests are added at any time: whoever asks for the runs again wants the new ones.
      visit += 1;
      this.tests.load(`${visit} ${run.run}`, () => fetchAblations(run.run));
    });
  }
}

/** Begins ranking; call it once, when the tab has something to rank. */
export function startRanking(session: Session): Ranking {
  let ranking: Ranking | undefined;
  $effect.root(() => {
    ranking = new Ranking(session);
  });
  if (!ranking) throw new Error("The ranking could not be started.");
  return ranking;
}
