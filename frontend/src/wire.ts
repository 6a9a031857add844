// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

/**
 * Filters that were removed together; `trials` holds a value per metric each.
 *
 * `name` is "marked", "random" (several trials, `filters` are those of the first), or the
 * criterion that chose them. `fill` is what stood in place of a removed channel.
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

/** Body of every answer that is not 2xx: a sentence for people. */
export interface Failure {
  error: string;
}

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
 * Answer of /inputs. `classNames` is empty where they are not known.
 *
 * `colorOrder` is that of the input's channels as the model takes them, and so of the planes
 * of gradients and of kernels that read the input; pictures are RGB always.
 */
export interface Inputs {
  fingerprint: string;
  inputs: InputImage[];
  classNames: string[];
  colorOrder: ColorOrder;
}

/**
 * Where the crop of each channel lies in the input, and its target unit.
 *
 * `height` and `width` are what one plane covers, in input pixels: the plane itself may
 * be smaller (a reduced magnitude). All lists have one entry per channel. `source` is
 * the index of the picture in `InputImage.pictures` that the crop lies in. `cropped` is false
 * where the planes cover the whole input: nothing is left out then; outside of a crop the
 * gradient is zero.
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
 * the activation function that a later layer applies. "": no maps, or not noted.
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

/** One number per filter; `perInput` tells whether it is of the asked input image. */
export interface Statistic {
  name: string;
  perInput: boolean;
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
 * Head of the answer of /tiles: one entry per asked tile, in their order.
 *
 * `null`: not captured. A failure: it could not be read, and why. After the head the levels
 * of every `Tile` follow in the same order, each `uint8 [planes, height, width]`.
 */
export interface Tiles {
  tiles: (Tile | Failure | null)[];
}

/**
 * What is said about a filter, by whom, when, and what they looked at.
 *
 * `stars` is 1 to 5, or 0 for none. A mark that says nothing was removed. `step`, `graph`
 * and `weights` are of the capture that the mark was made on; where `weights` differs from
 * `LayerSummary.weights`, the layer's weights have changed since. `sequence` is that of the
 * last change, `operation` what it was part of.
 */
export interface Mark {
  run: string;
  path: string;
  call: number;
  channel: number;
  verdict: Verdict | null;
  stars: number;
  tags: string[];
  note: string;
  author: string;
  wallTime: number;
  step: number | null;
  graph: string | null;
  weights: string | null;
  sequence: number;
  operation: string;
}

/** Whether marks can be changed; if not, `reason` is a sentence to show. */
export interface Writing {
  allowed: boolean;
  reason: string;
}

/**
 * Answer of /marks, /mark and /undo: the marks of a run that changed after `since`.
 *
 * `since` is 0 where these are all of them; removed ones are then left out. Ask next time
 * with this `sequence` and `store`. `author` is whom to take for the author unless people
 * say otherwise; empty where that cannot be known.
 */
export interface Marks {
  run: string;
  store: string;
  sequence: number;
  since: number;
  marks: Mark[];
  writing: Writing;
  author: string;
}

/** The whole new mark of one filter; without verdict, stars, tags and note it is removed. */
export interface MarkChange {
  path: string;
  call: number;
  channel: number;
  verdict: Verdict | null;
  stars: number;
  tags: string[];
  note: string;
}

/**
 * Body of /mark: changes that are made, and undone, together.
 *
 * `operation` is an id of the asker's choice (a random UUID): the same request again, after
 * an answer that never came, does nothing twice. `base` is the `sequence` up to which the
 * asker knows the marks of the run: a filter that was changed after it is a conflict.
 * `step` and `session` name the capture that the asker looked at.
 */
export interface MarkRequest {
  operation: string;
  base: number;
  run: string;
  step: number;
  session: string;
  author: string;
  changes: MarkChange[];
}

/**
 * Body of /undo: every filter of the operation `undoes` gets the mark it had before.
 *
 * `operation` as in `MarkRequest`; `since` says which marks the answer holds.
 */
export interface UndoRequest {
  operation: string;
  undoes: string;
  run: string;
  since: number;
  author: string;
}

/**
 * One change of a mark: who asked for it, when, and the mark from then on.
 *
 * `undoes` is the operation that an undo undid. `author` and `wallTime` are of the
 * operation; of an undo or an import they may differ from the mark's.
 */
export interface MarkEvent {
  kind: OperationKind;
  undoes: string | null;
  author: string;
  wallTime: number;
  mark: Mark;
}

/** Answer of /mark_history: every change of the mark of one filter, the first one first. */
export interface MarkHistory {
  run: string;
  path: string;
  call: number;
  channel: number;
  events: MarkEvent[];
}

/** Body of an answer 409: somebody was quicker; `marks` are the filters' marks of now. */
export interface MarkConflict {
  error: string;
  marks: Mark[];
}

/** Some filters of a layer, by its key. */
export interface LayerFilters {
  layer: string;
  channels: number[];
}

/** Where flags begin; each from 0 to 1 (`core/flags.py` says of what). */
export interface Thresholds {
  nearSilent: number;
  saturated: number;
  profile: number;
  kernel: number;
}

/**
 * What is conspicuous about a filter, with the numbers that it rests on.
 *
 * `other` is the filter that a duplicate is like. `evidence` has, by flag: silent `inputs`;
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
 * `quartiles` are least, lower quartile, median, upper quartile, largest; `variation` is
 * the standard deviation over the magnitude of the mean, `smallest` the least magnitude
 * over the largest.
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
 * `ablation` is one of them where a test of verdicts removed the filters one by one;
 * `random` is of the asked seed. Rows and columns of `correlations`, and `spreads` and
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

/** One captured step of a run. */
export interface StepSummary {
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
}

/** One run that holds captures; `steps` ascend. `problems` are sentences to show. */
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

/** What was asked for and not captured, and why. */
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
 * The most probable classes, descending, and what is left out of them.
 *
 * `classes` holds 50 at most; `omitted` says how many more there are and
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
 * all that the layer's pictures depend on is the same, so that they are that step's;
 * `weightsUnchangedSince`: likewise of the layer's own weights alone. `weights` names them
 * (SHA-256), `null` where it is not known.
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

/** Answer of /step: one capture without pictures. */
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
}

/** A statistic that can be asked of /timeline; `perInput` as in `Statistic`. */
export interface TimelineStatistic {
  name: string;
  perInput: boolean;
}

/** One row of a timeline; the last two are those of `LayerSummary`. */
export interface TimelineStep {
  step: number;
  wallTime: number;
  session: string;
  graph: string;
  inputs: string;
  unchangedSince: number | null;
  weightsUnchangedSince: number | null;
}

/**
 * Answer of /timeline: one statistic of every filter of a layer over all steps.
 *
 * Steps ascend; those of another model graph are left out. `statistics` are those that
 * were captured, at any step. Two matrices, row by row, a row per step with a number per
 * filter, little-endian and in base64: `values` float32, NaN where not defined or not
 * captured; `states` uint8: 0 not known, 1 responding, 2 silent (zero at every
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
 * for which the change is defined; `null` where there is none. `silent` is `null` where it is
 * not known.
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
  steps: StepSummary[];
  layers: LayerTimeline[];
}

export type Method = "activation" | "guided" | "gradient" | "kernel";

export type Form = "values" | "magnitude";

export type ActivationStage = "before" | "after" | "none";

export type MapStage = "" | "before" | "after" | "none";

export type ColorOrder = "rgb" | "bgr";

export type Target = "" | "max" | "sum";

export type Verdict = "useful" | "useless" | "unsure";

export type OperationKind = "mark" | "undo" | "import";

export type FlagKind = "silent" | "nearSilent" | "saturated" | "duplicate" | "notFinite";
