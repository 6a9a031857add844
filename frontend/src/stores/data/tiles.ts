// Single tiles: those requested at the same time come in one answer.

import { fetchTiles, RequestError, type FetchedTile } from "../../api/client";
import { later } from "../../browser/settled";
import type { TileRef } from "../../core/words/capture";

/** The server takes 64; the address stays short enough for every proxy. */
const MOST_AT_ONCE = 40;
/** The status of an answer that is too large; half of the pictures may fit. */
const TOO_LARGE = 413;

interface Waiting {
  ref: TileRef;
  resolve: (answer: FetchedTile | null) => void;
  reject: (error: unknown) => void;
}

export class TileQueue {
  #waiting: Waiting[] = [];

  /** Fetches a tile together with all others of the same filter that are asked for now. */
  tile(ref: TileRef): Promise<FetchedTile | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) later(() => this.#send());
      this.#waiting.push({ ref, resolve, reject });
    });
  }

  #send(): void {
    const filters = new Map<string, Waiting[]>();
    for (const one of this.#waiting.splice(0)) {
      const { run, layer, channel } = one.ref;
      const key = JSON.stringify([run, layer, channel]);
      filters.set(key, [...(filters.get(key) ?? []), one]);
    }
    for (const all of filters.values()) {
      for (let at = 0; at < all.length; at += MOST_AT_ONCE)
        void this.#ask(all.slice(at, at + MOST_AT_ONCE));
    }
  }

  async #ask(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await fetchTiles(batch.map(({ ref }) => ref));
      batch.forEach(({ resolve, reject }, place) => {
        const answer = answers[place] ?? null;
        if (answer && "error" in answer) reject(new RequestError(answer.error, 410));
        else resolve(answer);
      });
    } catch (error) {
      if (error instanceof RequestError && error.status === TOO_LARGE && batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        await Promise.all([this.#ask(batch.slice(0, half)), this.#ask(batch.slice(half))]);
      } else for (const { reject } of batch) reject(error);
    }
  }
}
