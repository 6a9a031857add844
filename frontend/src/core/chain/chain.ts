// The layer chain: which nodes are visible, in which row, and beside which others.
//
// A row per depth. Within a row nodes lie side by side; a link that skips rows runs beside the
// nodes of the rows that it passes, in a lane of its own.

import type { Layer } from "../../wire";
import { findGroups, foldFollowers, type Group } from "./groups";

/** A layer (with what is folded into it), or a closed group. */
export interface ChainNode {
  id: string;
  /** Layers in the node, ascending; a layer's followers come after it. */
  layers: number[];
  group: Group | null;
  row: number;
}

/** What a row holds at a place: a node, or a link on its way to a later row. */
export interface Cell {
  node: ChainNode | null;
  /** Where the link comes from and goes to, for cells without a node. */
  from: ChainNode;
  to: ChainNode;
}

export interface Link {
  from: ChainNode;
  to: ChainNode;
}

/** The extent of an open group, for its bracket: rows from first to last. */
export interface Bracket {
  group: Group;
  first: number;
  last: number;
  /** 0 for the outermost. */
  level: number;
}

export interface Chain {
  nodes: ChainNode[];
  rows: Cell[][];
  links: Link[];
  brackets: Bracket[];
  /** Node of each layer. */
  nodeOf: ChainNode[];
}

export interface Folding {
  /** Ids of closed groups. */
  closed: ReadonlySet<string>;
  /** Whether normalization and activation layers fold into their convolution. */
  followers: boolean;
}

/** Lanes for links beside the nodes of one row; a link beyond them is not drawn. */
const LANES = 6;

export function buildChain(
  layers: readonly Layer[],
  folding: Folding,
  groups = findGroups(layers),
): Chain {
  const nodeOf = assignNodes(layers, folding, groups);
  const nodes = [...new Set(nodeOf)];
  const links = contractLinks(layers, nodeOf);
  setRows(nodes, links);
  const rows = fillRows(nodes, links);
  return { nodes, rows, links, nodeOf, brackets: findBrackets(groups, folding.closed, nodeOf) };
}

function assignNodes(
  layers: readonly Layer[],
  folding: Folding,
  groups: readonly Group[],
): ChainNode[] {
  const heads = folding.followers ? foldFollowers(layers) : layers.map((layer) => layer.index);
  const groupOf = new Map<number, Group>();
  // Larger groups come first, so the outermost closed one wins.
  for (const group of groups) {
    if (!folding.closed.has(group.id)) continue;
    for (const layer of group.layers) if (!groupOf.has(layer)) groupOf.set(layer, group);
  }
  const byId = new Map<string, ChainNode>();
  return layers.map((layer) => {
    const head = heads[layer.index] ?? layer.index;
    const group = groupOf.get(layer.index) ?? groupOf.get(head) ?? null;
    const id = group ? group.id : `layer:${head}`;
    const node = byId.get(id) ?? { id, layers: [], group, row: 0 };
    node.layers.push(layer.index);
    byId.set(id, node);
    return node;
  });
}

function contractLinks(layers: readonly Layer[], nodeOf: readonly ChainNode[]): Link[] {
  const seen = new Set<string>();
  const links: Link[] = [];
  for (const layer of layers) {
    const to = nodeOf[layer.index];
    for (const source of layer.inbound) {
      const from = nodeOf[source];
      if (!from || !to || from === to) continue;
      const key = `${from.id}\n${to.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      links.push({ from, to });
    }
  }
  return links;
}

/** Longest path from a start, in nodes. Links that would close a circle are ignored. */
function setRows(nodes: readonly ChainNode[], links: readonly Link[]): void {
  const waiting = new Map(nodes.map((node) => [node, 0]));
  const readers = new Map<ChainNode, ChainNode[]>(nodes.map((node) => [node, []]));
  for (const { from, to } of links) {
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
    readers.get(from)?.push(to);
  }
  const ready = nodes.filter((node) => waiting.get(node) === 0);
  for (let next = 0; next < ready.length; next++) {
    const node = ready[next];
    if (!node) break;
    for (const reader of readers.get(node) ?? []) {
      reader.row = Math.max(reader.row, node.row + 1);
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
}

function fillRows(nodes: readonly ChainNode[], links: readonly Link[]): Cell[][] {
  const rows: Cell[][] = [];
  for (const node of nodes) (rows[node.row] ??= []).push({ node, from: node, to: node });
  for (let row = 0; row < rows.length; row++) rows[row] ??= [];
  for (const { from, to } of links) {
    for (let row = from.row + 1; row < to.row; row++) {
      const cells = rows[row];
      if (cells && cells.filter((cell) => !cell.node).length < LANES)
        cells.push({ node: null, from, to });
    }
  }
  orderRows(rows, links);
  return rows;
}

/** Orders each row by the mean place of what its cells come from, so that links cross little. */
function orderRows(rows: Cell[][], links: readonly Link[]): void {
  const sources = new Map<ChainNode, ChainNode[]>();
  for (const { from, to } of links) sources.set(to, [...(sources.get(to) ?? []), from]);
  rows.forEach((cells, row) => {
    const above = rows[row - 1] ?? [];
    const placeAbove = (from: ChainNode, to: ChainNode): number => {
      const lane = above.findIndex((cell) => !cell.node && cell.from === from && cell.to === to);
      return lane >= 0 ? lane : above.findIndex((cell) => cell.node === from);
    };
    const weight = (cell: Cell): number => {
      if (!cell.node) return placeAbove(cell.from, cell.to);
      const places = (sources.get(cell.node) ?? [])
        .map((from) => placeAbove(from, cell.node as ChainNode))
        .filter((place) => place >= 0);
      return places.length ? places.reduce((sum, place) => sum + place, 0) / places.length : 0;
    };
    const weights = new Map(cells.map((cell) => [cell, weight(cell)]));
    cells.sort(
      (a, b) =>
        (weights.get(a) ?? 0) - (weights.get(b) ?? 0) ||
        Number(a.node === null) - Number(b.node === null) ||
        (a.node?.layers[0] ?? 0) - (b.node?.layers[0] ?? 0),
    );
  });
}

function findBrackets(
  groups: readonly Group[],
  closed: ReadonlySet<string>,
  nodeOf: readonly ChainNode[],
): Bracket[] {
  const brackets: Bracket[] = [];
  for (const group of groups) {
    const hidden = group.layers.some((layer) => nodeOf[layer]?.group);
    const folded =
      closed.has(group.id) ||
      (hidden &&
        group.layers.every(
          (layer) => nodeOf[layer]?.group === nodeOf[group.layers[0] ?? 0]?.group,
        ));
    if (folded) continue;
    const rows = group.layers.map((layer) => nodeOf[layer]?.row ?? 0);
    const level = brackets.filter((other) => containsAll(other.group, group)).length;
    brackets.push({ group, first: Math.min(...rows), last: Math.max(...rows), level });
  }
  return brackets;
}

function containsAll(outer: Group, inner: Group): boolean {
  const members = new Set(outer.layers);
  return inner.layers.every((layer) => members.has(layer));
}

/** Ids of the groups that hide a layer: those to open before it can be seen. */
export function groupsAround(groups: readonly Group[], layer: number): string[] {
  return groups.filter((group) => group.layers.includes(layer)).map((group) => group.id);
}

/** Blocks start closed in networks with more layers than a person reads through. */
const MANY_LAYERS = 400;

/** Ids of the groups that start closed: never one that hides the selected layer. */
export function closedAtFirst(
  layers: number,
  groups: readonly Group[],
  selected: Layer | null,
): Set<string> {
  if (layers <= MANY_LAYERS) return new Set();
  const around = selected ? groupsAround(groups, selected.index) : [];
  const blocks = groups.filter(({ kind, id }) => kind === "block" && !around.includes(id));
  return new Set(blocks.map((group) => group.id));
}

/** The captured layer nearest after (`by` > 0) or before the one of this index; null for none. */
export function nextCaptured(
  layers: readonly Layer[],
  captured: ReadonlyMap<number, unknown>,
  { from, by }: { from: number; by: number },
): Layer | null {
  const found = layers.filter((layer) => captured.has(layer.index));
  const next =
    by > 0 ? found.find(({ index }) => index > from) : found.findLast(({ index }) => index < from);
  return next ?? null;
}

/** Last part of a path, for a node inside its model. */
export function shortName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

export type Direction = "up" | "down" | "left" | "right";

/** The nearest node of layers in a direction; closed groups are passed by. */
export function neighborOf(chain: Chain, node: ChainNode, direction: Direction): ChainNode | null {
  const inRow = (row: number): ChainNode[] =>
    (chain.rows[row] ?? []).flatMap((cell) => (cell.node && !cell.node.group ? [cell.node] : []));
  if (direction === "left" || direction === "right") {
    const beside = inRow(node.row);
    return beside[beside.indexOf(node) + (direction === "right" ? 1 : -1)] ?? null;
  }
  const by = direction === "down" ? 1 : -1;
  for (let row = node.row + by; row >= 0 && row < chain.rows.length; row += by) {
    const found = inRow(row)[0];
    if (found) return found;
  }
  return null;
}
