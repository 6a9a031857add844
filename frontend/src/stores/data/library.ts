// Keeps fetched answers that cannot change, so that going back needs no request.

import * as api from "../../api/client";
import type { HistoryPlace, TimelinePlace } from "../../api/client";
import type { CaptureRef, TileRef } from "../../core/words/capture";
import { wantedSheet } from "../../core/pictures/method";
import { planesOf, planesOfTile, tileOfSheet, type Planes } from "../../core/pictures/planes";
import type {
  History,
  Inputs,
  LayerCapture,
  ModelGraph,
  NetworkTimeline,
  PredictionHistory,
  Runs,
  Sheet,
  Step,
  Tile,
  Timeline,
} from "../../wire";
import { Kept } from "./kept";
import { TileQueue } from "./tiles";

/** Bytes of sheets and tiles kept; a layer of a large network at 224 pixels has 3 MB. */
const SHEET_BYTES = 192 * 2 ** 20;
/** Bytes of all other answers; a layer of 512 filters has some 100 KB. */
const ANSWER_BYTES = 64 * 2 ** 20;

interface Bytes {
  levels: Uint8Array;
}

/** One filter: its picture, and what is known about it. */
export interface TilePlanes {
  tile: Tile;
  planes: Planes;
}

export class Library {
  readonly #answers = new Kept(ANSWER_BYTES);
  readonly #bytes = new Kept(SHEET_BYTES);
  readonly #tiles = new TileQueue();

  runs(): Promise<Runs> {
    return api.fetchRuns();
  }

  /** `version` identifies the steps of the run: a new step makes a new history. */
  history(run: string, place: HistoryPlace, version: string): Promise<History> {
    return this.#keep(["history", run, place, version], () => api.fetchHistory(run, place));
  }

  timeline(run: string, place: TimelinePlace, version: string): Promise<Timeline> {
    return this.#keep(["timeline", run, place, version], () => api.fetchTimeline(run, place));
  }

  networkTimeline(run: string, graph: string, version: string): Promise<NetworkTimeline> {
    return this.#keep(["network", run, graph, version], () => api.fetchNetworkTimeline(run, graph));
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

  /** Address of the picture of one input image; the browser keeps the picture. */
  readonly pictureAddress = api.pictureAddress;

  step(at: CaptureRef): Promise<Step> {
    return this.#keep(["step", at], () => api.fetchStep(at));
  }

  layer(at: CaptureRef, layer: number, input: number): Promise<LayerCapture> {
    return this.#keep(["layer", at, layer, input], () => api.fetchLayer(at, layer, input));
  }

  /** Every channel of a sheet. */
  async sheet(at: CaptureRef, sheet: Sheet): Promise<Planes> {
    const { levels } = await this.#bytes.get(sheet.sha256, async () => ({
      levels: await api.fetchSheet(at, sheet.sha256),
    }));
    return planesOf(sheet, levels);
  }

  /** One filter; from the whole sheet if that is loaded. Null if it was not captured. */
  async tile(ref: TileRef): Promise<TilePlanes | null> {
    const here = await this.#tileAtHand(ref);
    if (here) return here;
    const key = JSON.stringify(["tile", ref]);
    const answer = await this.#bytes.get(key, () => this.#tiles.tile(ref));
    return answer && { tile: answer, planes: planesOfTile(answer, answer.levels) };
  }

  async #tileAtHand({ channel, ...ref }: TileRef): Promise<TilePlanes | null> {
    const { run, step, session, layer, input } = ref;
    const at = { run, step, session };
    const capture = this.#answers.peek<LayerCapture>(JSON.stringify(["layer", at, layer, input]));
    if (!capture) return null;
    const sheet = wantedSheet(await capture, ref);
    const whole = sheet && this.#bytes.peek<Bytes>(sheet.sha256);
    if (!whole || channel >= sheet.channels) return null;
    const size = sheet.planes * sheet.height * sheet.width;
    const { levels } = await whole;
    const tile = tileOfSheet(sheet, channel);
    return {
      tile,
      planes: planesOfTile(tile, levels.subarray(channel * size, (channel + 1) * size)),
    };
  }

  #keep<T>(key: unknown, ask: () => Promise<T>): Promise<T> {
    return this.#answers.get(JSON.stringify(key), ask);
  }
}
