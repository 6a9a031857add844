// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { ColorOrder } from "./words";

/** Size in pixels of the picture of one input tensor; its PNG is at /picture. */
export interface Picture {
  height: number;
  width: number;
}

/** One captured input: a picture per input tensor of the model (nearly always one). */
export interface InputImage {
  index: number;
  label: string;
  pictures: Picture[];
  classIndex: number | null;
}

/**
 * Answer of /inputs. `classNames` is empty if they are unknown.
 *
 * `colorOrder` is that of the input's channels as the model takes them, and so of the planes
 * of gradients and of kernels that read the input; pictures are always RGB.
 */
export interface Inputs {
  fingerprint: string;
  inputs: InputImage[];
  classNames: string[];
  colorOrder: ColorOrder;
}
