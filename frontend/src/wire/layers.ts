// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { Failure } from "./failure";
import type { Flag } from "./ranking";
import type { Form, MapStage, Method, Target } from "./words";

/**
 * Where the crop of each channel lies in the input, and its target unit.
 *
 * `height` and `width` are what one plane covers, in input pixels: the plane itself may
 * be smaller (a reduced magnitude). All lists have one entry per channel. `source` is
 * the index of the picture in `InputImage.pictures` that the crop lies in. `cropped` is false
 * if the planes cover the whole input; outside of a crop the gradient is zero.
 */
export interface Placement {
  source: number;
  cropped: boolean;
  height: number;
  width: number;
  top: number[];
  left: number[];
  unitRow: number[];
  unitColumn: number[];
}

/**
 * One sheet; its planes are at /sheet: `uint8 [channels, planes, height, width]`.
 *
 * Level 0 is "not finite". Signed: value = (level - 128) / 127 * scale. Unsigned:
 * value = (level - 1) / 254 * scale. `scale`, `nan`, `infinite`: one per channel.
 * `stage` says where feature maps stand: a layer may have a sheet "before" and one "after"
 * the activation function that a later layer applies. "": no maps, or unknown.
 */
export interface Sheet {
  method: Method;
  form: Form;
  sha256: string;
  byteLength: number;
  channels: number;
  planes: number;
  height: number;
  width: number;
  signed: boolean;
  scale: number[];
  nan: number[];
  infinite: number[];
  target: Target;
  stage: MapStage;
  placement: Placement | null;
}

/**
 * One number per filter; `perInput` tells whether it describes the requested input image.
 *
 * `stage` is that of the feature map that it describes, as in a `Sheet`; "" if there is none,
 * or if it is an old capture without stages.
 */
export interface Statistic {
  name: string;
  perInput: boolean;
  stage: MapStage;
  values: (number | null)[];
}

/** Guided `guided` of `rectifiers`; activation functions without a gate by name. */
export interface Guidance {
  guided: number;
  rectifiers: number;
  ungated: string[];
}

/**
 * Answer of /layer: one layer, at one step, for one input image.
 *
 * `flags` are over all captured inputs, at the default thresholds of /flags.
 */
export interface LayerCapture {
  run: string;
  step: number;
  layer: number;
  input: number;
  sheets: Sheet[];
  statistics: Statistic[];
  flags: Flag[];
  guidance: Guidance | null;
}

/**
 * One filter of a sheet: the fields of `Sheet` for its channel alone.
 *
 * The lists of `placement` have one entry.
 */
export interface Tile {
  method: Method;
  form: Form;
  planes: number;
  height: number;
  width: number;
  signed: boolean;
  scale: number;
  stage: MapStage;
  placement: Placement | null;
}

/**
 * Head of the answer of /tiles: one entry per requested tile, in their order.
 *
 * `null`: not captured. A failure: it could not be read, and why. After the head the levels
 * of every `Tile` follow in the same order, each `uint8 [planes, height, width]`.
 */
export interface Tiles {
  tiles: (Tile | Failure | null)[];
}
