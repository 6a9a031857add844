// The captured steps, one after the other.

import type { Captures } from "./data/captures.svelte";
import type { Selection } from "./selection.svelte";

/** Milliseconds that a step stays on screen. */
const INTERVAL = 700;

export class Player {
  playing = $state(false);

  /** Place of the selected step among those that were captured. */
  readonly place = $derived.by(() => {
    const { summary, steps } = this.captures;
    return summary ? steps.indexOf(summary) : 0;
  });

  constructor(
    private readonly captures: Captures,
    private readonly selection: Selection,
  ) {}

  /** Goes on to the next step once the current one is on screen; call it inside an effect root. */
  watch(): void {
    $effect(() => {
      const { captures, place } = this;
      if (!this.playing || captures.view.loading || captures.step.loading) return undefined;
      const timer = setTimeout(() => {
        if (place >= captures.steps.length - 1) this.playing = false;
        else this.select(place + 1);
      }, INTERVAL);
      return () => clearTimeout(timer);
    });
  }

  /** Selects a captured step by its place; the newest one is followed from then on. */
  select(place: number): void {
    const { steps } = this.captures;
    const step = steps[place];
    if (step) this.selection.choices.step = place === steps.length - 1 ? null : step.step;
  }

  move(by: number): void {
    const last = this.captures.steps.length - 1;
    this.select(Math.max(0, Math.min(last, this.place + by)));
  }

  /** Plays, from the first step where the last is selected; or stops. */
  toggle(): void {
    const last = this.captures.steps.length - 1;
    if (!this.playing && this.place === last) this.select(0);
    this.playing = !this.playing && last > 0;
  }
}
