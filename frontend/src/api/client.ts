// The only file that sends requests to the server. Addresses are relative: the page's <base> is the
// plugin's route, also under a path prefix.

import { during } from "../browser/settled";
import type { CaptureRef, TileRef } from "../core/words/capture";
import type { Stage } from "../core/words/drawing";
import type {
  Failure,
  History,
  Inputs,
  LayerCapture,
  ModelGraph,
  NetworkTimeline,
  PredictionHistory,
  Runs,
  Step,
  Tile,
  Tiles,
  Timeline,
} from "../wire";

export type FetchedTile = Tile & { levels: Uint8Array };

/** A tile; why it could not be read; null where it was not captured. */
export type TileAnswer = FetchedTile | Failure | null;

/** An answer that is not 2xx, or none at all. The message is a sentence for people. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 where the server did not answer. */
    readonly status: number,
    /** What the server sent with it. */
    readonly answer: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | readonly string[]>;

function address(route: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === "object") value.forEach((one) => parameters.append(name, one));
    else parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? route : `${route}?${text}`;
}

async function request(route: string, query: Query, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(route, query), init);
  } catch {
    throw new RequestError(
      "TensorBoard does not answer. Check that it is running, then reload.",
      0,
    );
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response: Response): Promise<RequestError> {
  const { status, statusText } = response;
  try {
    const answer = (await response.json()) as Partial<Failure>;
    if (typeof answer.error === "string") return new RequestError(answer.error, status, answer);
  } catch {
    // Not JSON: the answer of a proxy, or of TensorBoard itself.
  }
  return new RequestError(
    `The server answered ${status} ${statusText}. Reload, or see TensorBoard's log.`,
    status,
  );
}

/** Asks a route for JSON; `init` for what is more than a question. */
export async function json<T>(route: string, query: Query = {}, init?: RequestInit): Promise<T> {
  return during(request(route, query, init).then((response) => response.json() as Promise<T>));
}

async function bytes(route: string, query: Query): Promise<Uint8Array> {
  const body = request(route, query).then((response) => response.arrayBuffer());
  return new Uint8Array(await during(body));
}

export const fetchRuns = (): Promise<Runs> => json("runs");

export const fetchGraph = (run: string, fingerprint: string): Promise<ModelGraph> =>
  json("graph", { run, fingerprint });

export const fetchInputs = (run: string, fingerprint: string): Promise<Inputs> =>
  json("inputs", { run, fingerprint });

export const fetchStep = (at: CaptureRef): Promise<Step> => json("step", { ...at });

export const fetchLayer = (at: CaptureRef, layer: number, input: number): Promise<LayerCapture> =>
  json("layer", { ...at, layer, input });

export const fetchSheet = (at: CaptureRef, sha256: string): Promise<Uint8Array> =>
  bytes("sheet", { ...at, sha256 });

/** Tiles of one filter of one layer of one run: all of them in one answer. */
export async function fetchTiles(refs: readonly TileRef[]): Promise<TileAnswer[]> {
  const [first] = refs;
  if (!first) return [];
  const { run, layer, channel } = first;
  const tile = refs.map(({ step, session, input, method, form, stage }) =>
    [step, session, input, method, form, stage].join("."),
  );
  const answer = await bytes("tiles", { run, layer, channel, tile });
  const start = 4 + new DataView(answer.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(answer.subarray(4, start))) as Tiles;
  let place = start;
  return head.tiles.map((entry) => {
    if (!entry || "error" in entry) return entry;
    const levels = answer.subarray(place, (place += entry.planes * entry.height * entry.width));
    return { ...entry, levels };
  });
}

/** Which filter, for which input image; its statistics are those of `stage`. */
export interface HistoryPlace {
  layer: number;
  channel: number;
  input: number;
  stage: Stage;
}

export const fetchHistory = (run: string, place: HistoryPlace): Promise<History> =>
  json("history", { run, ...place });

export const fetchPredictions = (run: string, input: number): Promise<PredictionHistory> =>
  json("predictions", { run, input });

/** Which statistic of which layer, over the steps of a model graph. */
export interface TimelinePlace {
  graph: string;
  layer: number;
  input: number;
  statistic: string;
  stage: Stage;
}

export const fetchTimeline = (run: string, place: TimelinePlace): Promise<Timeline> =>
  json("timeline", { run, ...place });

export const fetchNetworkTimeline = (run: string, graph: string): Promise<NetworkTimeline> =>
  json("network_timeline", { run, graph });

/** Address of the picture of one input image, for <img>. */
export const pictureAddress = (
  run: string,
  { fingerprint, index, source }: { fingerprint: string; index: number; source: number },
): string => address("picture", { run, fingerprint, index, source });
