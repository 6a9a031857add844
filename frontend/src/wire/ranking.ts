// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { FlagCounts } from "./steps";
import type { FlagKind } from "./words";

/** Some filters of a layer, by its key. */
export interface LayerFilters {
  layer: string;
  channels: number[];
}

/** Thresholds of flags, each from 0 to 1 (see `core/filters/flags.py`). */
export interface Thresholds {
  nearSilent: number;
  saturated: number;
  profile: number;
  kernel: number;
}

/**
 * What is conspicuous about a filter, with the numbers that it rests on.
 *
 * `other` is the filter that a duplicate resembles. `evidence` has, by flag: silent `inputs`;
 * nearSilent `inputs`, `apoz`; saturated `inputs`, `saturation`; duplicate `profile`,
 * `kernel`; notFinite, by statistic, at how many inputs it is not finite.
 */
export interface Flag {
  channel: number;
  kind: FlagKind;
  other: number | null;
  evidence: Record<string, number>;
}

/** Answer of /flags: those of one layer at a step, by channel, over all captured inputs. */
export interface Flags {
  run: string;
  step: number;
  layer: number;
  thresholds: Thresholds;
  flags: Flag[];
  counts: FlagCounts;
}

/**
 * How the values of a criterion are distributed over a layer's filters.
 *
 * `quartiles` are minimum, lower quartile, median, upper quartile, maximum; `variation` is
 * the standard deviation over the magnitude of the mean, `smallest` the minimum magnitude
 * over the maximum.
 */
export interface Spread {
  criterion: string;
  defined: number;
  quartiles: (number | null)[];
  variation: number | null;
  smallest: number | null;
}

/**
 * Answer of /agreement: Spearman's rank correlation of the criteria of a layer.
 *
 * `ablation` is one of them if a test of verdicts removed the filters one by one; `random`
 * has the requested seed. Rows and columns of `correlations`, and `spreads` and
 * `values`, are in the order of `criteria`. `values` are over all captured inputs, one per
 * filter. `null`: fewer than three filters for which both are defined, or the same value for
 * all of them.
 */
export interface Agreement {
  run: string;
  step: number;
  layer: number;
  criteria: string[];
  correlations: ((number | null)[])[];
  spreads: Spread[];
  values: ((number | null)[])[];
}
