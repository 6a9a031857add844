// Which layers of two models are the same: by path and call.

import { plural } from "../text/format";
import type { Layer, ModelGraph } from "../../wire";

/** A layer that is not compared, or not in full, and why. */
export interface Unmatched {
  layer: string;
  reason: string;
}

/** How the layers of two models match. */
export interface Matching {
  /** Layers with filters that both models have. */
  matched: number;
  unmatched: readonly Unmatched[];
}

/** The layer of the same path and call that has filters too; null where there is none. */
export function counterpart(layer: Layer, graph: ModelGraph): Layer | null {
  return graph.layers.find((other) => other.key === layer.key && other.isConvolution) ?? null;
}

/** What of two models is compared, and what is not; `letter` names the second one. */
export function matchLayers(a: ModelGraph, b: ModelGraph, letter: string): Matching {
  const pairs = a.layers
    .filter((layer) => layer.isConvolution)
    .map((layer) => ({ layer, other: counterpart(layer, b) }));
  const onlyA = pairs.flatMap(({ layer, other }) =>
    other ? [] : [{ layer: layer.key, reason: missing(layer, b, letter) }],
  );
  const onlyB = b.layers
    .filter((layer) => layer.isConvolution && !counterpart(layer, a))
    .map((layer) => ({ layer: layer.key, reason: missing(layer, a, "A") }));
  const resized = pairs.flatMap(({ layer, other }) =>
    other && other.channels !== layer.channels
      ? [{ layer: layer.key, reason: resizedText(layer, other, letter) }]
      : [],
  );
  const matched = pairs.filter(({ other }) => other).length;
  return { matched, unmatched: [...onlyA, ...onlyB, ...resized] };
}

function missing(layer: Layer, graph: ModelGraph, letter: string): string {
  const namesake = graph.layers.find((other) => other.key === layer.key);
  return namesake
    ? `is a ${namesake.className} without filters in ${letter}`
    : `is not in the model of ${letter}`;
}

function resizedText(layer: Layer, other: Layer, letter: string): string {
  const [here, there] = [layer.channels ?? 0, other.channels ?? 0];
  const common = plural(Math.min(here, there), "filter");
  return `has ${here} filters in A and ${there} in ${letter}: the first ${common} are compared`;
}

/** How two models match, as a sentence; nothing where all layers with filters do. */
export function matchingText(a: ModelGraph, b: ModelGraph, letter: string): string {
  if (a.fingerprint === b.fingerprint) return "";
  const { matched, unmatched } = matchLayers(a, b, letter);
  if (unmatched.length === 0) return "";
  const named = matched === 1 ? "1 layer with filters is" : `${matched} layers with filters are`;
  return `A and ${letter} are different models: ${named} in both, matched by path and call.`;
}
