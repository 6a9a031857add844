// What ranks and flags filters besides captured statistics: chance, tests, thresholds.
//
// Loaded after the first picture.

import { fetchAblations, fetchFlags } from "../../api/ranking";
import { filterEffects, type FilterEffects } from "../../core/ranking/ablations";
import { flagsByChannel, flagText } from "../../core/ranking/flags";
import { randomOrder } from "../../core/ranking/random";
import { thresholdParameters } from "../../core/ranking/thresholds";
import { flagColors } from "../../core/grid/theme";
import { drawTileFlags } from "../../core/ranking/tile_flags";
import type { Decoration } from "../../core/grid/tile_renderer";
import type { Ablations, Flag, FlagKind, Flags, Statistic } from "../../wire";
import type { Captures } from "../data/captures.svelte";
import { Resource } from "../data/resource.svelte";
import { inOwnRoot } from "../root.svelte";
import type { Selection } from "../selection.svelte";

export class Ranking {
  /** The tests of verdicts of the run. */
  readonly tests = new Resource<Ablations>();

  /** What the model loses without each filter of the selected layer; null: not measured. */
  readonly effects = $derived.by<FilterEffects | null>(() => {
    const { shown, graph } = this.captures;
    // While the tests are requested again, the known ones stay.
    const { last } = this.tests;
    if (!shown || last?.run !== shown.at.run) return null;
    return filterEffects(last.ablations, graph.key ?? "", shown.layer.key);
  });

  /** Statistics of the selected layer that were not captured with it. */
  readonly statistics = $derived.by<Statistic[]>(() => {
    const channels = this.captures.shown?.planes?.channels ?? 0;
    const { seed } = this.selection.choices;
    const random = {
      name: "random",
      perInput: false,
      stage: "" as const,
      values: randomOrder(channels, seed),
    };
    const loss = this.effects?.changes[0];
    if (!loss) return [random];
    return [{ name: "ablation", perInput: false, stage: "", values: loss }, random];
  });

  /** Flags of the selected layer at thresholds that were moved. */
  readonly #moved = new Resource<Flags>();
  readonly flagsError = $derived(this.#isMoved ? this.#moved.error : null);

  /** The flags of the filters of the selected layer. */
  readonly flags = $derived.by<readonly Flag[]>(() => {
    const { shown } = this.captures;
    if (!shown) return [];
    if (!this.#isMoved) return shown.capture.flags;
    return this.#moved.lastKey === this.#movedKey ? (this.#moved.last?.flags ?? []) : [];
  });

  readonly #byChannel = $derived(flagsByChannel(this.flags));

  constructor(
    private readonly captures: Captures,
    private readonly selection: Selection,
  ) {
    let visit = 0;
    $effect(() => {
      const { run, runs } = captures;
      if (!run || !runs.value) return;
      // Tests may be added at any time, so they are requested again with the runs.
      visit += 1;
      this.tests.load(`${visit} ${run.run}`, () => fetchAblations(run.run));
    });
    $effect(() => {
      const view = captures.shown;
      if (!view || !this.#isMoved) return;
      const { thresholds } = selection.choices;
      this.#moved.load(this.#movedKey, () =>
        fetchFlags(view.at, view.layer.index, thresholdParameters(thresholds)),
      );
    });
  }

  flagsOf(channel: number): readonly Flag[] {
    return this.#byChannel.get(channel) ?? [];
  }

  kindsOf(channel: number): FlagKind[] {
    return this.flagsOf(channel).map(({ kind }) => kind);
  }

  /** What a screen reader adds about a filter. */
  spoken(channel: number): string {
    return this.flagsOf(channel)
      .map((flag) => `, ${flagText(flag)}`)
      .join("");
  }

  /** Draws flags onto tiles; a new function whenever there is something new to draw. */
  decorate(dark: boolean): Decoration {
    const colors = flagColors(dark);
    const flags = this.#byChannel;
    return (context, channel, box) => drawTileFlags(context, box, flags.get(channel) ?? [], colors);
  }

  get #isMoved(): boolean {
    return Object.keys(this.selection.choices.thresholds).length > 0;
  }

  get #movedKey(): string {
    const view = this.captures.shown;
    const { thresholds } = this.selection.choices;
    return JSON.stringify([view?.at, view?.layer.index, thresholds]);
  }
}

/** Begins ranking; call it once, when the tab has something to rank. */
export const startRanking = (captures: Captures, selection: Selection): Ranking =>
  inOwnRoot(() => new Ranking(captures, selection));
