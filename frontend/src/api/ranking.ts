// What the server is asked about rankings and their tests. Loaded with what shows it.

import { json, type CaptureRef } from "./client";
import { thresholdParameters, type MovedThresholds } from "../core/ranking/thresholds";
import type { Ablations, Agreement, Flags, NetworkTimeline } from "../wire";

export const fetchAblations = (run: string): Promise<Ablations> => json("ablations", { run });

/** `seed` is that of the order by chance. */
export const fetchAgreement = (at: CaptureRef, layer: number, seed: number): Promise<Agreement> =>
  json("agreement", { ...at, layer, seed });

export const fetchFlags = (at: CaptureRef, layer: number, moved: MovedThresholds): Promise<Flags> =>
  json("flags", { ...at, layer, ...thresholdParameters(moved) });

/** Counts of flags of every layer at every step of a model graph. */
export const fetchFlagCounts = (
  run: string,
  graph: string,
  moved: MovedThresholds,
): Promise<NetworkTimeline> =>
  json("network_timeline", { run, graph, ...thresholdParameters(moved) });
