// What the columns of the comparison show of one layer.

import type { CaptureRef } from "../api";
import type { ColumnChoice } from "../core/columns";
import { placementFrame, type Frame } from "../core/frame";
import { counterpart, unmatched } from "../core/matching";
import type { Inputs, Run } from "../wire";
import { findStep, type Captures, type LayerView } from "./captures.svelte";

/** A column that has its layer. */
export interface Column {
  at: CaptureRef;
  view: LayerView | null;
  inputs: Inputs;
  /** What cannot be compared, as sentences. */
  notes: string[];
  /** Whether the pictures are of the same input images as those of A. */
  sameInputs: boolean;
}

/** Loads what a column has of the layer of `a`; `letter` names it in sentences. */
export async function loadColumn(
  captures: Captures,
  a: LayerView,
  { choice, letter }: { choice: ColumnChoice; letter: string },
): Promise<Column> {
  const { library } = captures;
  const run = captures.runs.value?.runs.find((one: Run) => one.run === choice.run);
  const summary = run ? findStep(run.steps, choice.step) : null;
  const here = captures.graph.value;
  if (!run || !summary || !here)
    throw new Error(`Run “${choice.run}” holds no captures here. Choose another for ${letter}.`);
  const at = { run: run.run, step: summary.step, session: summary.session };
  const [graph, inputs, step] = await Promise.all([
    library.graph(run.run, summary.graph),
    library.inputs(run.run, summary.inputs),
    library.step(at),
  ]);
  const notes = unmatched(here, graph, letter);
  const sameInputs = summary.inputs === captures.summary?.inputs;
  if (!sameInputs)
    notes.push(
      `A and ${letter} were captured with different input images: kernels and statistics are compared, no other pictures are subtracted.`,
    );
  const layer = counterpart(a.layer, graph);
  const captured = layer && step.layers.some((one) => one.layer === layer.index);
  if (!layer) notes.push(`“${a.layer.key}” is not in the model of ${letter}.`);
  else if (!captured) notes.push(`“${a.layer.key}” was not captured in ${letter}.`);
  const input = Math.min(choice.input, inputs.inputs.length - 1);
  const view =
    layer && captured
      ? await captures.loadView(at, { layer, input, method: a.method, stage: a.stage })
      : null;
  return { at, view, inputs, notes, sameInputs };
}

/** What a tile of a column covers of its input image. */
export function tileFrame(view: LayerView, inputs: Inputs | null, channel: number): Frame {
  const placement = view.sheet?.placement ?? null;
  const picture = inputs?.inputs[view.input]?.pictures[placement?.source ?? 0];
  return placementFrame(placement, channel, picture ?? { height: 1, width: 1 });
}
