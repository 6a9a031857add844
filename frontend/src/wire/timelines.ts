// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { Thresholds } from "./ranking";
import type { FlagCounts } from "./steps";

/** A statistic that /timeline can return; `perInput` as in `Statistic`. */
export interface TimelineStatistic {
  name: string;
  perInput: boolean;
}

/**
 * A step, and the step with which its filters were compared.
 *
 * `changesSince` is the newest earlier step of the run, when it was captured, with the same
 * model graph and input images, or `null` if there was none. `changesUnknown` is a sentence:
 * why the change of some filters is unknown; empty if it is known. Captures of earlier
 * releases have neither.
 */
export interface ComparedStep {
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
  changesSince: number | null;
  changesUnknown: string;
}

/** One row of a timeline: a `ComparedStep`; the last two are those of `LayerSummary`. */
export interface TimelineStep {
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
  changesSince: number | null;
  changesUnknown: string;
  unchangedSince: number | null;
  weightsUnchangedSince: number | null;
}

/**
 * Answer of /timeline: one statistic of every filter of a layer over all steps.
 *
 * Steps ascend; those of another model graph are left out. `statistics` are those that
 * were captured, at any step. Two matrices, row by row, a row per step with a number per
 * filter, little-endian and in base64: `values` float32, NaN if not defined or not
 * captured; `states` uint8: 0 unknown, 1 responding, 2 silent (zero at every
 * captured input), 3 fell silent (silent, and responding at the step before), 4 revived.
 */
export interface Timeline {
  run: string;
  layer: number;
  input: number;
  statistic: string;
  statistics: TimelineStatistic[];
  filters: number;
  steps: TimelineStep[];
  values: string;
  states: string;
}

/**
 * One layer at one step of a network's timeline.
 *
 * `flags` are counted at the thresholds of the answer. Mean and median are over the filters
 * for which the change is defined; `null` if there is none. `silent` is `null` if it is
 * unknown.
 */
export interface LayerPoint {
  kernelChangeMean: number | null;
  kernelChangeMedian: number | null;
  activationChangeMean: number | null;
  activationChangeMedian: number | null;
  silent: number | null;
  flags: FlagCounts | null;
  unchangedSince: number | null;
  weightsUnchangedSince: number | null;
}

/** One layer over all steps; `points` are in the order of `NetworkTimeline.steps`. */
export interface LayerTimeline {
  layer: number;
  points: LayerPoint[];
}

/** Answer of /network_timeline: every captured layer over the steps of a model graph. */
export interface NetworkTimeline {
  run: string;
  thresholds: Thresholds;
  steps: ComparedStep[];
  layers: LayerTimeline[];
}
