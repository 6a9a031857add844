// Sentences about requested runs, steps or layers that do not exist, and what is shown instead.

import type { Choices } from "./choices";
import { plainText } from "../text/format";

/** What is on screen; null for what is not known yet, or still loading. */
export interface Shown {
  run: string | null;
  step: number | null;
  /** Key of the layer. */
  layer: string | null;
}

/** One sentence for everything that was asked for and not found. */
export function substitutions(
  asked: Pick<Choices, "run" | "step" | "layer">,
  shown: Shown,
): string[] {
  const sentences: string[] = [];
  const name = (text: string) => `“${plainText(text, 80)}”`;
  if (shown.run !== null && asked.run !== null && shown.run !== asked.run) {
    sentences.push(`Run ${name(asked.run)} has no captures here. Run ${name(shown.run)} is shown.`);
  }
  if (shown.step !== null && asked.step !== null && shown.step !== asked.step) {
    sentences.push(
      `Step ${asked.step} was not captured in this run. Step ${shown.step}, the nearest, is shown.`,
    );
  }
  if (shown.layer !== null && asked.layer !== null && shown.layer !== asked.layer) {
    sentences.push(
      `Layer ${name(asked.layer)} is not in this model. Layer ${name(shown.layer)} is shown.`,
    );
  }
  return sentences;
}
