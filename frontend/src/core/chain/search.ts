// Search over layers, filters of the layer, and classes.

import type { ClassProbability, Layer } from "../../wire";

export type Hit =
  | { kind: "layer"; layer: Layer }
  | { kind: "filter"; channel: number }
  | { kind: "class"; entry: ClassProbability };

const MOST_LAYERS = 30;
const MOST_CLASSES = 8;

/**
 * What a text finds: a number is a filter of the selected layer (and the rank of a layer); words
 * must all be in a layer's path or class name, or in a class name.
 */
export function search(
  text: string,
  within: { layers: readonly Layer[]; channels: number; classes: readonly ClassProbability[] },
): Hit[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const hits: Hit[] = [];
  const number = /^#?(\d{1,7})$/.exec(text.trim());
  const channel = number ? Number(number[1]) : NaN;
  if (channel < within.channels) hits.push({ kind: "filter", channel });
  const matches = (name: string) => words.every((word) => name.toLowerCase().includes(word));
  const isNumbered = (layer: Layer) => layer.index === channel;
  // A class name has many layers: those that are themselves called so come first.
  const called = within.layers.filter((layer) => isNumbered(layer) || matches(layer.key));
  const others = within.layers.filter(
    (layer) => !called.includes(layer) && matches(`${layer.key} ${layer.className}`),
  );
  for (const layer of [...called, ...others].slice(0, MOST_LAYERS)) {
    hits.push({ kind: "layer", layer });
  }
  const classes = within.classes.filter((entry) => entry.name !== "" && matches(entry.name));
  return [
    ...hits,
    ...classes.slice(0, MOST_CLASSES).map((entry): Hit => ({ kind: "class", entry })),
  ];
}
