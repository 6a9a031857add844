// What has been fetched and cannot change is kept, so that going back costs no request.

import * as api from "../api";
import type { CaptureRef } from "../api";
import { planesOf, planesOfHistory, type Planes } from "../core/planes";
import type {
  History,
  HistorySheet,
  Inputs,
  LayerCapture,
  ModelGraph,
  PredictionHistory,
  Runs,
  Sheet,
  Step,
} from "../wire";

/** Bytes of sheets and tiles kept; a layer of a large network at 224 pixels has 3 MB. */
const SHEET_BYTES = 192 * 2 ** 20;

type TileSize = Pick<Sheet, "sha256" | "planes" | "height" | "width">;

export class Library {
  readonly #answers = new Map<string, Promise<unknown>>();
  /** Least recently used first. */
  readonly #bytes = new Map<string, Promise<Uint8Array>>();
  readonly #sizes = new Map<string, number>();
  #total = 0;

  runs(): Promise<Runs> {
    return api.fetchRuns();
  }

  /** `version` tells the steps of the run: a new step makes a new history. */
  history(
    run: string,
    place: { layer: number; channel: number; input: number },
    version: string,
  ): Promise<History> {
    return this.#keep(["history", run, place, version], () => api.fetchHistory(run, place));
  }

  predictions(run: string, input: number, version: string): Promise<PredictionHistory> {
    return this.#keep(["predictions", run, input, version], () => api.fetchPredictions(run, input));
  }

  graph(run: string, fingerprint: string): Promise<ModelGraph> {
    return this.#keep(["graph", fingerprint], () => api.fetchGraph(run, fingerprint));
  }

  inputs(run: string, fingerprint: string): Promise<Inputs> {
    return this.#keep(["inputs", fingerprint], () => api.fetchInputs(run, fingerprint));
  }

  step(at: CaptureRef): Promise<Step> {
    return this.#keep(["step", at], () => api.fetchStep(at));
  }

  layer(at: CaptureRef, layer: number, input: number): Promise<LayerCapture> {
    return this.#keep(["layer", at, layer, input], () => api.fetchLayer(at, layer, input));
  }

  /** Every channel of a sheet. */
  async sheet(at: CaptureRef, sheet: Sheet): Promise<Planes> {
    const levels = await this.#keepBytes(sheet.sha256, () => api.fetchSheet(at, sheet.sha256));
    return planesOf(sheet, levels);
  }

  /** One channel of a sheet; from the whole sheet where that is at hand. */
  async tile(at: CaptureRef, sheet: Sheet, channel: number): Promise<Planes> {
    return planesOf(sheet, await this.#tileBytes(at, sheet, channel), channel);
  }

  /** One channel at an earlier or later step. */
  async historyTile(at: CaptureRef, sheet: HistorySheet, channel: number): Promise<Planes> {
    return planesOfHistory(sheet, await this.#tileBytes(at, sheet, channel));
  }

  async #tileBytes(at: CaptureRef, sheet: TileSize, channel: number): Promise<Uint8Array> {
    const whole = this.#bytes.get(sheet.sha256);
    if (whole) {
      const size = sheet.planes * sheet.height * sheet.width;
      return (await whole).subarray(channel * size, (channel + 1) * size);
    }
    const key = `${sheet.sha256}/${channel}`;
    return this.#keepBytes(key, () => api.fetchTile(at, sheet.sha256, channel));
  }

  #keep<T>(key: unknown, fetcher: () => Promise<T>): Promise<T> {
    const text = JSON.stringify(key);
    const known = this.#answers.get(text) as Promise<T> | undefined;
    if (known) return known;
    const answer = fetcher();
    this.#answers.set(text, answer);
    // A failure may pass: the next asker tries again.
    answer.catch(() => this.#answers.delete(text));
    return answer;
  }

  #keepBytes(key: string, fetcher: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#bytes.get(key);
    if (known) {
      this.#bytes.delete(key);
      this.#bytes.set(key, known);
      return known;
    }
    const answer = fetcher();
    this.#bytes.set(key, answer);
    answer.then(
      (levels) => this.#account(key, levels.length),
      () => this.#bytes.delete(key),
    );
    return answer;
  }

  #account(key: string, size: number): void {
    this.#sizes.set(key, size);
    this.#total += size;
    for (const oldest of this.#bytes.keys()) {
      if (this.#total <= SHEET_BYTES || oldest === key) break;
      this.#bytes.delete(oldest);
      this.#total -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
    }
  }
}
