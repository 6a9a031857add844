// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { LayerFilters } from "./ranking";

/**
 * Filters that were removed together; `trials` holds a value per metric each.
 *
 * `name` is "marked", "random" (several trials, `filters` are those of the first), or the
 * criterion that chose them. `fill` is what replaced a removed channel.
 */
export interface AblationChoice {
  name: string;
  fill: "zero" | "mean";
  filters: LayerFilters[];
  trials: ((number | null)[])[];
}

/** Every filter of a layer removed alone, its channel at zero: a value per metric each. */
export interface LayerAblation {
  layer: string;
  filters: ((number | null)[])[];
}

/** A test of verdicts on data; the first of `metrics` is the loss. */
export interface Ablation {
  wallTime: number;
  graph: string;
  step: number | null;
  model: string;
  samples: number;
  seed: number;
  metrics: string[];
  baseline: (number | null)[];
  choices: AblationChoice[];
  layers: LayerAblation[];
}

/** Answer of /ablations: the tests of verdicts of a run, the latest first. */
export interface Ablations {
  run: string;
  ablations: Ablation[];
}
