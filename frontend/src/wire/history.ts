// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { Prediction } from "./steps";

/** The statistics of one filter at one step; its pictures are at /tiles. */
export interface HistoryPoint {
  step: number;
  session: string;
  wallTime: number;
  statistics: Record<string, number | null>;
}

/** Answer of /history: one filter over all steps of a run, ascending. */
export interface History {
  run: string;
  layer: number;
  channel: number;
  input: number;
  points: HistoryPoint[];
}

/** The predictions of one step. */
export interface PredictionPoint {
  step: number;
  wallTime: number;
  predictions: Prediction[];
}

/** Answer of /predictions: those of one input image over all steps, ascending. */
export interface PredictionHistory {
  run: string;
  input: number;
  points: PredictionPoint[];
}
