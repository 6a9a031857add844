// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { ActivationStage } from "./words";

/** Input region of a unit; per axis (height, width), in input pixels. */
export interface ReceptiveField {
  size: number[];
  stride: number[];
  start: number[];
}

/** One node of the model graph. `key` is the path, with `#1` for a second call. */
export interface Layer {
  index: number;
  key: string;
  path: string;
  call: number;
  className: string;
  depth: number;
  inbound: number[];
  outputShape: (number | null)[];
  channels: number | null;
  isConvolution: boolean;
  kernelSize: number[];
  strides: number[];
  dilation: number[];
  padding: string;
  groups: number;
  dataFormat: string;
  activationFunction: string;
  activationStage: ActivationStage;
  parameters: number;
  receptiveField: ReceptiveField | null;
  config: string;
}

/** Answer of /graph: layers in order of computation, edges in `inbound`. */
export interface ModelGraph {
  fingerprint: string;
  name: string;
  layers: Layer[];
}
