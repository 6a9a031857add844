// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

/** One captured step of a run. */
export interface StepSummary {
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
}

/** One run with captures; `steps` ascend. `problems` are sentences to show. */
export interface Run {
  run: string;
  steps: StepSummary[];
  problems: string[];
}

/** Answer of /runs. */
export interface Runs {
  runs: Run[];
  version: string;
}
