// What a person has chosen: the part of the state that a link contains.

import type { Method } from "../../wire";
import { columnsText, parseColumns, type ColumnChoice } from "../compare/columns";
import type { ScaleMode, Stage } from "../words/drawing";
import { SHOWN, type Shown, type SortKey } from "../grid/order";
import {
  oneOf,
  oneText,
  ownKeys,
  POSITIVE_OR_NULL,
  positiveNumber,
  TEXT,
  TEXT_OR_NULL,
  WHOLE,
  WHOLE_OR_NULL,
  wholeNumber,
  YES_OR_NO,
  type Codec,
  type LinkState,
} from "./codecs";
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
  /** The seed of the random order. */
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

/** How a link holds a choice: its key, its form, and the usual value, which a link leaves out. */
interface Choice<T> {
  key: string;
  codec: Codec<T>;
  usual: T;
}

const choice = <T>(key: string, usual: T, codec: Codec<T>): Choice<T> => ({ key, codec, usual });

/** In a link numbers ascend, everything else descends, unless it says otherwise. */
const SORT: Codec<SortKey> = {
  write(key, { name, descending }, usual) {
    const order: LinkState =
      descending === (name !== "index") ? {} : { descending: String(descending) };
    return { ...(name === usual.name ? {} : { [key]: name }), ...order };
  },
  read(key, state, usual) {
    const name = state[key] ?? usual.name;
    return { name, descending: (state["descending"] ?? String(name !== "index")) === "true" };
  },
};
const SEED = oneText((text) => {
  const seed = wholeNumber(text);
  return seed === null ? null : Math.min(LARGEST_SEED, seed);
});
const SIZE = oneText<TileSize>((text) => (text === "all" ? "all" : positiveNumber(text)));
const COLUMNS: Codec<readonly ColumnChoice[]> = {
  write: (key, columns): LinkState => {
    const text = columnsText(columns);
    return text === null ? {} : { [key]: text };
  },
  read: (key, state) => parseColumns(state[key]),
};
const THRESHOLDS = ownKeys<MovedThresholds>(thresholdParameters, parseThresholds);

/** Every choice, in the order of the link. */
export const CHOICES: { readonly [Name in keyof Choices]: Choice<Choices[Name]> } = {
  run: choice("run", null, TEXT_OR_NULL),
  step: choice("step", null, WHOLE_OR_NULL),
  input: choice("input", 0, WHOLE),
  layer: choice("layer", null, TEXT_OR_NULL),
  channel: choice("filter", null, WHOLE_OR_NULL),
  method: choice("method", "activation", oneText(oneOf(METHODS))),
  stage: choice("stage", "after", oneText(oneOf(STAGES))),
  sort: choice("sort", { name: "l1", descending: true }, SORT),
  seed: choice("seed", 0, SEED),
  shown: choice("show", "all", oneText(oneOf(SHOWN))),
  scale: choice("scale", "filter", oneText(oneOf(SCALE_MODES))),
  fixed: choice("fixed", null, POSITIVE_OR_NULL),
  size: choice("size", "auto", SIZE),
  overlay: choice("overlay", false, YES_OR_NO),
  rgb: choice("rgb", false, YES_OR_NO),
  followers: choice("followers", true, YES_OR_NO),
  tab: choice("tab", "filter", oneText(oneOf(TABS))),
  timeline: choice("timeline", null, oneText<TimelineKind | null>(oneOf(TIMELINES))),
  columns: choice("compare", [], COLUMNS),
  compareBy: choice("by", "index", TEXT),
  swipe: choice("swipe", false, YES_OR_NO),
  thresholds: choice("thresholds", {}, THRESHOLDS),
};

const NAMES = Object.keys(CHOICES) as (keyof Choices)[];

/** Choices made one by one: TypeScript knows no map over keys with a type for each. */
const madeOf = (make: (name: keyof Choices) => unknown): Choices =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as unknown as Choices;

const writeChoice = <Name extends keyof Choices>(name: Name, value: Choices[Name]): LinkState => {
  const { key, codec, usual } = CHOICES[name];
  return codec.write(key, value, usual);
};

export const defaultChoices = (): Choices => madeOf((name) => structuredClone(CHOICES[name].usual));

/** The choices that differ from the usual ones, as keys and values of a link. */
export function toState(choices: Choices): Record<string, string> {
  return Object.assign({}, ...NAMES.map((name) => writeChoice(name, choices[name])));
}

/** Reads a link; what is missing or makes no sense is as usual. */
export const fromState = (state: LinkState): Choices => madeOf((name) => readChoice(name, state));

function readChoice<Name extends keyof Choices>(name: Name, state: LinkState): Choices[Name] {
  const { key, codec, usual } = CHOICES[name];
  return codec.read(key, state, structuredClone(usual));
}
