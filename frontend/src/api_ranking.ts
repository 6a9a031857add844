// What the server is asked about rankings and their tests. Loaded with what shows it.

import { json, type CaptureRef } from "./api";
import type { Ablations, Agreement, Flags } from "./wire";

export const fetchAblations = (run: string): Promise<Ablations> => json("ablations", { run });

/** `seed` is that of the order by chance. */
export const fetchAgreement = (at: CaptureRef, layer: number, seed: number): Promise<Agreement> =>
  json("agreement", { ...at, layer, seed });

export const fetchFlags = (at: CaptureRef, layer: number): Promise<Flags> =>
  json("flags", { ...at, layer });
