// Which layers of two model graphs are the same: by path and call.

import { plural } from "./format";
import type { Layer, ModelGraph } from "../wire";

const NAMED = 4;

function named(layers: readonly Layer[]): string {
  const names = layers.slice(0, NAMED).map((layer) => layer.key);
  const more = layers.length > NAMED ? ` and ${layers.length - NAMED} more` : "";
  return names.join(", ") + more;
}

/** The layer of the same path and call that has filters too; null where there is none. */
export function counterpart(layer: Layer, graph: ModelGraph): Layer | null {
  return graph.layers.find((other) => other.key === layer.key && other.isConvolution) ?? null;
}

/** What of two models is not compared, a sentence for each reason; nothing for equal graphs. */
export function unmatched(a: ModelGraph, b: ModelGraph, letter: string): string[] {
  if (a.fingerprint === b.fingerprint) return [];
  const only = (from: ModelGraph, other: ModelGraph) =>
    from.layers.filter((layer) => layer.isConvolution && !counterpart(layer, other));
  const sentences: string[] = [];
  const say = (layers: Layer[], here: string, there: string) => {
    if (layers.length === 0) return;
    const have = layers.length === 1 ? "has" : "have";
    sentences.push(
      `${plural(layers.length, "layer")} of ${here} ${have} no counterpart in ${there}: ${named(layers)}.`,
    );
  };
  say(only(a, b), "A", letter);
  say(only(b, a), letter, "A");
  const resized = a.layers.filter((layer) => {
    const other = layer.isConvolution ? counterpart(layer, b) : null;
    return other !== null && other.channels !== layer.channels;
  });
  if (resized.length > 0) {
    sentences.push(
      `${plural(resized.length, "layer")} with another number of filters in ${letter}, of which the common ones are compared: ${named(resized)}.`,
    );
  }
  return sentences;
}
