// What the server is asked about rankings and their tests. Loaded with what shows it.

import { json, type CaptureRef } from "./api";
import type { Ablations, Flags } from "./wire";

export const fetchAblations = (run: string): Promise<Ablations> => json("ablations", { run });

export const fetchFlags = (at: CaptureRef, layer: number): Promise<Flags> =>
  json("flags", { ...at, layer });
