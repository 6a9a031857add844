// A fetched value: its latest content, and whether it is loading or failed.

import { untrack } from "svelte";

import { later } from "../../browser/settled";

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
    const callOff = rested ? undefined : later(action, SETTLING);
    return () => callOff?.();
  };
}

/**
 * A value that is fetched by a key, which identifies the wanted value.
 *
 * `value` is that of the wanted key or null, so that no view shows the value of one thing under
 * the name of another. A view that need not go blank while the next value loads takes `last`, and
 * says of what it is.
 */
export class Resource<T> {
  /** The wanted key. */
  key = $state<string | null>(null);
  /** The last good value, perhaps of an earlier key. */
  last = $state.raw<T | null>(null);
  /** Key of `last`. */
  lastKey = $state<string | null>(null);
  loading = $state(false);
  /** A sentence, where the wanted value could not be had. */
  error = $state<string | null>(null);

  #begun: string | null = null;
  #fetcher: (() => Promise<T>) | null = null;
  #next: { key: string; fetcher: () => Promise<T> } | null = null;

  /** The value of the wanted key; null if it is loading or could not be loaded. */
  get value(): T | null {
    return this.isCurrent ? this.last : null;
  }

  /** Whether the wanted value is here. */
  get isCurrent(): boolean {
    return this.key !== null && this.lastKey === this.key;
  }

  /** Sets the wanted key, before it can be fetched. */
  expect(key: string | null): void {
    if (untrack(() => this.key) === key) return;
    this.key = key;
    this.error = null;
  }

  /** Loads the value of a key; does nothing if it is loaded or loading. */
  load(key: string, fetcher: () => Promise<T>): void {
    this.expect(key);
    const settled = untrack(() => this.loading || this.isCurrent || this.error !== null);
    if (key === this.#begun && settled) return;
    void this.#run(key, fetcher);
  }

  /**
   * As `load`, but one at a time: of the keys that come while one is on its way, as from a control
   * that is dragged, only the last is fetched.
   */
  follow(key: string, fetcher: () => Promise<T>): void {
    this.#next = null;
    if (untrack(() => this.loading) && key !== this.#begun) {
      this.expect(key);
      this.#next = { key, fetcher };
    } else this.load(key, fetcher);
  }

  /** Fetches again, after a failure or because the server has more. */
  reload(): void {
    if (this.#begun !== null && this.#fetcher) void this.#run(this.#begun, this.#fetcher);
  }

  async #run(key: string, fetcher: () => Promise<T>): Promise<void> {
    this.#begun = key;
    this.#fetcher = fetcher;
    this.loading = true;
    this.error = null;
    try {
      const value = await fetcher();
      if (key !== this.#begun) return;
      this.last = value;
      this.lastKey = key;
    } catch (error) {
      if (key !== this.#begun) return;
      if (key === this.key) this.error = error instanceof Error ? error.message : String(error);
    }
    if (key !== this.#begun) return;
    this.loading = false;
    const next = this.#next;
    this.#next = null;
    if (next) this.load(next.key, next.fetcher);
  }
}
