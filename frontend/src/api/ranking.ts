// Requests about rankings and their tests. Loaded with what shows it.

import { json } from "./client";
import type { CaptureRef } from "../core/words/capture";
import type { Ablations, Agreement, Flags, NetworkTimeline } from "../wire";

export const fetchAblations = (run: string): Promise<Ablations> => json("ablations", { run });

/** `seed` is that of the order by chance. */
export const fetchAgreement = (at: CaptureRef, layer: number, seed: number): Promise<Agreement> =>
  json("agreement", { ...at, layer, seed });

/** Thresholds that were moved, by the names that the server has for them. */
type Moved = Readonly<Record<string, string>>;

export const fetchFlags = (at: CaptureRef, layer: number, moved: Moved): Promise<Flags> =>
  json("flags", { ...at, layer, ...moved });

/** Counts of flags of every layer at every step of a model graph. */
export const fetchFlagCounts = (
  run: string,
  graph: string,
  moved: Moved,
): Promise<NetworkTimeline> => json("network_timeline", { run, graph, ...moved });
