// The picture of the selected filter, in full size.

import type { Captures } from "./captures.svelte";
import { loadPicture, pictureKey, type FilterPicture } from "./magnified.svelte";
import { Resource } from "./resource.svelte";

export class SelectedFilter {
  readonly picture = new Resource<FilterPicture | null>();

  readonly #key = $derived.by(() => {
    const { current, channel } = this.captures;
    return current?.planes ? pictureKey({ ...current, channel }) : null;
  });

  /** Whether the picture on screen is that of the selection. */
  readonly isCurrent = $derived(this.#key !== null && this.picture.lastKey === this.#key);

  /**
   * What is on screen: the picture of the selection, or still that of the same filter at another
   * step, by another method, for another input. Never one of another filter.
   */
  readonly shown = $derived.by<FilterPicture | null>(() => {
    const { last } = this.picture;
    const { shown, channel } = this.captures;
    if (this.isCurrent || !last || this.picture.error) return this.isCurrent ? last : null;
    const same = last.at.run === shown?.at.run && last.layer === shown.layer;
    return same && last.channel === channel ? last : null;
  });

  constructor(private readonly captures: Captures) {}

  /**
   * Loads the picture whenever the selection is another, unless something else is on screen; call
   * it inside an effect root.
   */
  watch(isHidden: () => boolean): void {
    $effect(() => {
      const { current, channel } = this.captures;
      if (this.#key === null || !current || isHidden()) return;
      this.picture.load(this.#key, () => loadPicture(this.captures, { ...current, channel }));
    });
  }
}
