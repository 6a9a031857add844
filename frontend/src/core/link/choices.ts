// What a person has chosen: the part of the state that a link carries.

import type { Method } from "../../wire";
import { columnsText, parseColumns, type ColumnChoice } from "../compare/columns";
import type { ScaleMode, Stage } from "../words/drawing";
import { SHOWN, type Shown, type SortKey } from "../grid/order";
import { parseThresholds, thresholdParameters, type MovedThresholds } from "../ranking/thresholds";

export type InspectorTab = "filter" | "layer" | "classes";
export type TimelineKind = "layer" | "network";
export type TileSize = number | "auto" | "all";

export interface Choices {
  /** Null: the run that was written last. */
  run: string | null;
  /** Null: follow the newest step. */
  step: number | null;
  input: number;
  /** Key of a layer; null: the first captured one. */
  layer: string | null;
  /** Null: the first one of the grid. */
  channel: number | null;
  method: Method;
  stage: Stage;
  sort: SortKey;
  /** Of the order by chance. */
  seed: number;
  shown: Shown;
  /** Where flags begin, as far as it is not where it usually is. */
  thresholds: MovedThresholds;
  scale: ScaleMode;
  /** End of the fixed color scale; null: not yet chosen. */
  fixed: number | null;
  size: TileSize;
  /** Whether the magnified map lies over its input image. */
  overlay: boolean;
  /** Whether gradients of three input channels are drawn as red, green and blue. */
  rgb: boolean;
  /** Whether normalization and activation layers are folded into their convolution. */
  followers: boolean;
  tab: InspectorTab;
  /** Which matrix over the steps is open. */
  timeline: TimelineKind | null;
  /** What is compared with the selected capture; empty: nothing. */
  columns: readonly ColumnChoice[];
  /** Order of the filters of the comparison, as `core/compare/compare_order.ts` writes it. */
  compareBy: string;
  /** Whether the inspector lays A over B in the comparison, with a divider. */
  swipe: boolean;
}

/** Seeds of the order by chance are 32 bits at most, as the server takes them. */
export const LARGEST_SEED = 2 ** 32 - 1;

export const METHODS: readonly Method[] = ["activation", "guided", "gradient", "kernel"];
const STAGES: readonly Stage[] = ["before", "after"];
export const SCALE_MODES: readonly ScaleMode[] = ["filter", "layer", "fixed"];
const TABS: readonly InspectorTab[] = ["filter", "layer", "classes"];
const TIMELINES: readonly TimelineKind[] = ["layer", "network"];

/** What comes after one of several choices; after the last, and after none of them, the first. */
export function following<T>(all: readonly T[], current: T): T {
  return all[(all.indexOf(current) + 1) % all.length] ?? current;
}

export function defaultChoices(): Choices {
  return {
    run: null,
    step: null,
    input: 0,
    layer: null,
    channel: null,
    method: "activation",
    stage: "after",
    sort: { name: "l1", descending: true },
    seed: 0,
    shown: "all",
    thresholds: {},
    scale: "filter",
    fixed: null,
    size: "auto",
    overlay: false,
    rgb: false,
    followers: true,
    tab: "filter",
    timeline: null,
    columns: [],
    compareBy: "index",
    swipe: false,
  };
}

/** The choices that differ from the defaults, as keys and values of a link. */
export function toState(choices: Choices): Record<string, string> {
  const base = defaultChoices();
  const state: Record<string, string> = {};
  const put = (key: string, value: unknown, usual: unknown) => {
    if (value !== usual && value !== null) state[key] = String(value);
  };
  put("run", choices.run, base.run);
  put("step", choices.step, base.step);
  put("input", choices.input, base.input);
  put("layer", choices.layer, base.layer);
  put("filter", choices.channel, base.channel);
  put("method", choices.method, base.method);
  put("stage", choices.stage, base.stage);
  put("sort", choices.sort.name, base.sort.name);
  put("descending", choices.sort.descending, choices.sort.name !== "index");
  put("seed", choices.seed, base.seed);
  put("show", choices.shown, base.shown);
  put("scale", choices.scale, base.scale);
  put("fixed", choices.fixed, base.fixed);
  put("size", choices.size, base.size);
  put("overlay", choices.overlay, base.overlay);
  put("rgb", choices.rgb, base.rgb);
  put("followers", choices.followers, base.followers);
  put("tab", choices.tab, base.tab);
  put("timeline", choices.timeline, base.timeline);
  put("compare", columnsText(choices.columns), null);
  put("by", choices.compareBy, base.compareBy);
  put("swipe", choices.swipe, base.swipe);
  return { ...state, ...thresholdParameters(choices.thresholds) };
}

/** Reads a link; what is missing or makes no sense falls back to the default. */
export function fromState(state: Readonly<Record<string, string>>): Choices {
  const base = defaultChoices();
  const sort = state["sort"] ?? base.sort.name;
  const descending = state["descending"] ?? String(sort !== "index");
  const size = state["size"];
  return {
    run: state["run"] ?? base.run,
    step: wholeNumber(state["step"]),
    input: wholeNumber(state["input"]) ?? base.input,
    layer: state["layer"] ?? base.layer,
    channel: wholeNumber(state["filter"]),
    method: oneOf(METHODS, state["method"]) ?? base.method,
    stage: oneOf(STAGES, state["stage"]) ?? base.stage,
    sort: { name: sort, descending: descending === "true" },
    seed: Math.min(LARGEST_SEED, wholeNumber(state["seed"]) ?? base.seed),
    shown: oneOf(SHOWN, state["show"]) ?? base.shown,
    thresholds: parseThresholds(state),
    scale: oneOf(SCALE_MODES, state["scale"]) ?? base.scale,
    fixed: positive(state["fixed"]),
    size: size === "all" ? "all" : (positive(size) ?? base.size),
    overlay: state["overlay"] === "true",
    rgb: state["rgb"] === "true",
    followers: state["followers"] !== "false",
    tab: oneOf(TABS, state["tab"]) ?? base.tab,
    timeline: oneOf(TIMELINES, state["timeline"]),
    columns: parseColumns(state["compare"]),
    compareBy: state["by"] ?? base.compareBy,
    swipe: state["swipe"] === "true",
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : null;
}

function oneOf<T extends string>(values: readonly T[], text: string | undefined): T | null {
  return values.find((value) => value === text) ?? null;
}
