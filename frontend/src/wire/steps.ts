// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { Method } from "./words";

/** What was requested but not captured, and why. */
export interface Skipped {
  what: string;
  reason: string;
}

/** One class of a prediction. */
export interface ClassProbability {
  classIndex: number;
  name: string;
  probability: number;
}

/**
 * The most probable classes, descending, and how many are left out.
 *
 * `classes` has at most 50; `omitted` says how many more there are and
 * `omittedProbability` their sum.
 */
export interface Prediction {
  input: number;
  output: string;
  classes: ClassProbability[];
  omitted: number;
  omittedProbability: number;
}

/**
 * How many filters of a layer have each flag, at the default thresholds of /flags.
 *
 * `null` in its place: no statistics were captured.
 */
export interface FlagCounts {
  silent: number;
  nearSilent: number;
  saturated: number;
  duplicate: number;
  notFinite: number;
}

/**
 * What was captured of one layer at a step: enough for the layer chain.
 *
 * `silent` counts filters whose feature map is zero for every captured input, `weak` those
 * whose strongest response is below 1 % of the layer's strongest; both are counted after the
 * activation function where such maps were captured. `unchangedSince`: the step since which
 * nothing changed that the layer's pictures depend on, so that they are that step's;
 * `weightsUnchangedSince`: the same for the layer's own weights alone. `weights` is their
 * SHA-256, or `null` if it is unknown.
 */
export interface LayerSummary {
  layer: number;
  weights: string | null;
  methods: Method[];
  filters: number;
  silent: number;
  weak: number;
  flags: FlagCounts | null;
  guided: number | null;
  rectifiers: number | null;
  unchangedSince: number | null;
  weightsUnchangedSince: number | null;
}

/**
 * Answer of /step: one capture without pictures.
 *
 * `remark` is empty, except at a step that a training left after its last update: there it
 * describes the model.
 */
export interface Step {
  run: string;
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
  iterations: number | null;
  seconds: number;
  layers: LayerSummary[];
  predictions: Prediction[];
  skipped: Skipped[];
  remark: string;
}
