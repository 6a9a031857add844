// A value that is fetched: what is known of it, and how the fetching goes.

import { untrack } from "svelte";

/** A selection that changes again within this many milliseconds has not settled. */
const SETTLING = 150;

/**
 * For what is fetched beside the main thing: does it at once after a rest, and while changes
 * come fast, as of a held key, only after the last of them. The result calls it off.
 */
export function settling(): (action: () => void) => () => void {
  let last = -Infinity;
  return (action) => {
    const rested = performance.now() - last > SETTLING;
    last = performance.now();
    if (rested) action();
    const timer = rested ? undefined : setTimeout(action, SETTLING);
    return () => clearTimeout(timer);
  };
}

/** Keeps the last good value while the next one loads, so that a view need not go blank. */
export class Resource<T> {
  /** The last good value, perhaps of an earlier key. */
  value = $state.raw<T | null>(null);
  /** Key of `value`. */
  valueKey = $state<string | null>(null);
  loading = $state(false);
  /** A sentence, where the present key could not be had. */
  error = $state<string | null>(null);

  #key: string | null = null;
  #fetcher: (() => Promise<T>) | null = null;
  #next: { key: string; fetcher: () => Promise<T> } | null = null;

  /** Loads the value of a key; does nothing where it is loaded or on its way. */
  load(key: string, fetcher: () => Promise<T>): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#fetcher = fetcher;
    void this.#run(key, fetcher);
  }

  /**
   * As `load`, but one at a time: of the keys that come while one is on its way, as from a control
   * that is dragged, only the last is fetched.
   */
  follow(key: string, fetcher: () => Promise<T>): void {
    this.#next = null;
    if (untrack(() => this.loading) && key !== this.#key) this.#next = { key, fetcher };
    else this.load(key, fetcher);
  }

  /** Fetches again, after a failure or because the server has more. */
  reload(): void {
    if (this.#key !== null && this.#fetcher) void this.#run(this.#key, this.#fetcher);
  }

  clear(): void {
    this.#next = null;
    this.#key = null;
    this.#fetcher = null;
    this.value = null;
    this.valueKey = null;
    this.loading = false;
    this.error = null;
  }

  async #run(key: string, fetcher: () => Promise<T>): Promise<void> {
    this.loading = true;
    this.error = null;
    try {
      const value = await fetcher();
      if (key !== this.#key) return;
      this.value = value;
      this.valueKey = key;
    } catch (error) {
      if (key !== this.#key) return;
      this.error = error instanceof Error ? error.message : String(error);
    }
    if (key !== this.#key) return;
    this.loading = false;
    const next = this.#next;
    this.#next = null;
    if (next) this.load(next.key, next.fetcher);
  }
}
