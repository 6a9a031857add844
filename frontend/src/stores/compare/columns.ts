// The columns of the comparison: the capture of each, and what it has of the layer.

import type { CaptureRef } from "../../core/words/capture";
import type { ColumnChoice } from "../../core/compare/columns";
import { countText, plainText } from "../../core/text/format";
import { placementFrame, type Frame } from "../../core/pictures/frame";
import {
  counterpart,
  matchingText,
  matchLayers,
  type Unmatched,
} from "../../core/compare/matching";
import { methodName } from "../../core/pictures/method";
import type { PlacedPlane } from "../../core/pictures/placed";
import type {
  Inputs,
  LayerSummary,
  Layer,
  ModelGraph,
  Prediction,
  Runs,
  StepSummary,
} from "../../wire";
import { findStep, type Captures, type LayerView } from "../data/captures.svelte";

/** What every column shows. */
export type Looked = Pick<LayerView, "method" | "stage"> & { layer: Layer };

/** One capture of the comparison. */
export interface Column {
  letter: string;
  at: CaptureRef;
  graph: ModelGraph;
  /** The hash that names the input images, and they. */
  inputsName: string;
  inputs: Inputs;
  /** Which of them is shown. */
  input: number;
  /** Null where the capture does not have the layer. */
  view: LayerView | null;
  /** Class probabilities of the input image. */
  predictions: readonly Prediction[];
  /** Sentences about missing parts, and about replacements of the request. */
  notes: readonly string[];
}

/** A column whose capture is known, but not yet its content. */
export interface FoundColumn {
  letter: string;
  at: CaptureRef;
  summary: StepSummary;
  input: number;
  notes: readonly string[];
}

/** The capture that a choice names; the nearest step, with a sentence, if its step is missing. */
export function findColumn({ runs }: Runs, choice: ColumnChoice, letter: string): FoundColumn {
  const run = runs.find((one) => one.run === choice.run);
  const summary = run ? findStep(run.steps, choice.step) : null;
  if (!run || !summary)
    throw new Error(
      `Run “${plainText(choice.run, 80)}” has no captures here. Choose another run for ${letter}, or remove the column.`,
    );
  const notes: string[] = [];
  if (choice.step !== null && choice.step !== summary.step)
    notes.push(
      `Step ${countText(choice.step)} was not captured in the run of ${letter}. Step ${countText(summary.step)}, the nearest, is shown.`,
    );
  const at = { run: run.run, step: summary.step, session: summary.session };
  return { letter, at, summary, input: choice.input, notes };
}

/** Loads what a column has of a layer; `layer` is that of A, which B may have under another number. */
export async function loadColumn(
  captures: Captures,
  { letter, at, summary, input: wanted, notes: found }: FoundColumn,
  looked: Looked,
): Promise<Column> {
  const { library } = captures;
  const [graph, inputs, step] = await Promise.all([
    library.graph(at.run, summary.graph),
    library.inputs(at.run, summary.inputs),
    library.step(at),
  ]);
  const notes = [...found];
  const input = Math.max(0, Math.min(wanted, inputs.inputs.length - 1));
  if (input !== wanted)
    notes.push(
      `${letter} has ${inputs.inputs.length} input images but no number ${wanted}. Number ${input} is shown.`,
    );
  const layer = counterpart(looked.layer, graph);
  const captured = step.layers.some((one: LayerSummary) => one.layer === layer?.index);
  const view = layer && captured ? await loadView(captures, at, { ...looked, layer, input }) : null;
  const name = plainText(looked.layer.key, 80);
  const where = `at step ${countText(at.step)} of ${letter}`;
  if (!layer) notes.push(`“${name}” is not in the model of ${letter}.`);
  else if (!captured) notes.push(`“${name}” was not captured ${where}.`);
  else if (!view?.planes)
    notes.push(`${methodName(looked.method)} of “${name}”: not captured ${where}.`);
  const predictions = step.predictions.filter((prediction) => prediction.input === input);
  const inputsName = summary.inputs;
  return { letter, at, graph, inputsName, inputs, input, view, predictions, notes };
}

/** The layer of the grid if it is the same, because its pictures are ready to be drawn. */
async function loadView(
  captures: Captures,
  at: CaptureRef,
  place: Pick<LayerView, "layer" | "input" | "method" | "stage">,
): Promise<LayerView> {
  const name = (of: Pick<LayerView, "layer" | "input" | "method" | "stage">, ref: CaptureRef) =>
    JSON.stringify([ref.run, ref.step, ref.session, of.layer.index, of.input, of.method, of.stage]);
  const { last } = captures.view;
  return last && name(last, last.at) === name(place, at) ? last : captures.loadView(at, place);
}

/** What differs between A and the others, as sentences. */
export function columnNotes([a, ...others]: readonly Column[]): string[] {
  if (!a) return [];
  const differing = others.flatMap((column) => {
    const { letter } = column;
    const models = matchingText(a.graph, column.graph, letter);
    const inputs = haveSameInputs(a, column)
      ? ""
      : `A and ${letter} were captured with different input images: kernels and statistics are compared; other pictures are only shown side by side.`;
    return [models, inputs].filter((sentence) => sentence !== "");
  });
  return [...differing, ...[a, ...others].flatMap(({ notes }) => notes)];
}

/** Every layer that is not compared, with the reason. */
export function unmatchedLayers([a, ...others]: readonly Column[]): Unmatched[] {
  if (!a) return [];
  return others.flatMap(({ graph, letter }) =>
    graph.fingerprint === a.graph.fingerprint ? [] : matchLayers(a.graph, graph, letter).unmatched,
  );
}

export const haveSameInputs = (a: Column, b: Column): boolean => a.inputsName === b.inputsName;

/** The part of its column's input image that the picture of a filter covers. */
export function columnFrame({ view, inputs, input }: Column, channel: number): Frame {
  const placement = view?.sheet?.placement ?? null;
  const picture = inputs.inputs[input]?.pictures[placement?.source ?? 0];
  return placementFrame(placement, channel, picture ?? { height: 1, width: 1 });
}

/** The picture that the grid shows of a filter; null where the column does not have it. */
export function placedPlane(column: Column, channel: number): PlacedPlane | null {
  const planes = column.view?.planes ?? null;
  if (!planes || channel >= planes.channels) return null;
  return { planes, channel, frame: columnFrame(column, channel) };
}

/** A column in words: "digits/train, step 1,200, input 3: seven". */
export function columnText({ at, inputs, input }: Column): string {
  const label = inputs.inputs[input]?.label ?? "";
  return `${plainText(at.run, 60)}, step ${countText(at.step)}, ${plainText(label, 60)}`;
}
