// What can be folded: nested models, residual blocks, and the layers that follow a convolution.

import type { Layer } from "../../wire";

/** Layers that fold into one node. Groups nest; they never overlap otherwise. */
export interface Group {
  id: string;
  name: string;
  kind: "model" | "block";
  /** Indices of layers, ascending. */
  layers: number[];
}

/** Every group of a model graph, larger ones first. */
export function findGroups(layers: readonly Layer[]): Group[] {
  const models = findModels(layers);
  const blocks = findBlocks(layers).filter((block) =>
    models.every((model) => agrees(block, model)),
  );
  return [...models, ...blocks].sort((a, b) => b.layers.length - a.layers.length);
}

/** Nested models: layers whose paths share a prefix that ends in a slash, in one call. */
function findModels(layers: readonly Layer[]): Group[] {
  const found = new Map<string, Group>();
  for (const layer of layers) {
    const parts = layer.path.split("/");
    for (let length = 1; length < parts.length; length++) {
      const path = parts.slice(0, length).join("/");
      const id = `model:${path}#${layer.call}`;
      const name = layer.call > 0 ? `${path}#${layer.call}` : path;
      const group = found.get(id) ?? { id, name, kind: "model", layers: [] };
      group.layers.push(layer.index);
      found.set(id, group);
    }
  }
  return [...found.values()].filter((group) => group.layers.length > 1);
}

/** Whether two groups are apart, or one lies inside the other without being equal. */
function agrees(block: Group, model: Group): boolean {
  const inside = new Set(model.layers);
  const shared = block.layers.filter((layer) => inside.has(layer)).length;
  if (shared === 0) return true;
  return shared === block.layers.length
    ? shared < model.layers.length
    : shared === model.layers.length;
}

/**
 * Stretches with branches, between two layers that every path runs through: residual blocks,
 * inception modules, dense layers. The layer that joins the branches belongs to the block.
 */
function findBlocks(layers: readonly Layer[]): Group[] {
  const blocks: Group[] = [];
  let inner: Layer[] = [];
  for (const { layer, isCut } of cuts(layers)) {
    if (!isCut) {
      inner.push(layer);
      continue;
    }
    if (inner.length > 0 && layer.inbound.length > 1) {
      const members = [...inner, layer];
      const name = blockName(inner, layer);
      blocks.push({
        id: `block:${name}@${layer.index}`,
        name,
        kind: "block",
        layers: members.map((m) => m.index),
      });
    }
    inner = [];
  }
  return blocks;
}

/** Tells of each layer whether every path runs through it: no edge passes it by. */
function cuts(layers: readonly Layer[]): { layer: Layer; isCut: boolean }[] {
  const lastReader = new Map<number, number>();
  for (const layer of layers) {
    for (const source of layer.inbound) lastReader.set(source, layer.index);
  }
  let reach = -1;
  return layers.map((layer) => {
    const isCut = reach <= layer.index;
    reach = Math.max(reach, lastReader.get(layer.index) ?? -1);
    return { layer, isCut };
  });
}

/** What the layers' names have in common; else the name of the layer that joins them. */
function blockName(inner: readonly Layer[], join: Layer): string {
  let common = join.path;
  for (const { path } of inner) {
    let length = 0;
    while (length < common.length && common[length] === path[length]) length++;
    common = common.slice(0, length);
  }
  const trimmed = common.replace(/[_./\d-]*$/, (tail) =>
    /\d/.test(tail) ? tail.replace(/[_./-]*$/, "") : "",
  );
  return trimmed.length >= 3 && !trimmed.endsWith("/") && /[a-z]/i.test(trimmed)
    ? trimmed
    : join.path;
}

const FOLLOWERS = new Set([
  "BatchNormalization",
  "LayerNormalization",
  "GroupNormalization",
  "Activation",
  "ReLU",
  "LeakyReLU",
  "PReLU",
  "ELU",
  "Softmax",
  "Dropout",
  "SpatialDropout2D",
]);

/**
 * For each layer the convolution that it folds into, or itself. A layer folds where it is a
 * normalization, activation or dropout layer and the only reader of what it reads.
 */
export function foldFollowers(layers: readonly Layer[]): number[] {
  const readers = layers.map(() => 0);
  for (const layer of layers) {
    for (const source of layer.inbound) readers[source] = (readers[source] ?? 0) + 1;
  }
  const head = layers.map((layer) => layer.index);
  for (const layer of layers) {
    const source = layer.inbound[0];
    if (source === undefined || layer.inbound.length !== 1) continue;
    const into = head[source] ?? source;
    const follows = FOLLOWERS.has(layer.className) && readers[source] === 1;
    if (follows && layers[into]?.isConvolution) head[layer.index] = into;
  }
  return head;
}
