// Where the cells of a chain's row lie, and the lines between rows. CSS pixels.

import type { Cell, Chain, ChainNode } from "./chain";

export const ROW_HEIGHT = 48;
export const NODE_HEIGHT = 30;
/** Width of a lane that a link takes beside nodes. */
const LANE_WIDTH = 12;
/** Between the cells of a row. */
export const GAP = 6;

export interface Box {
  left: number;
  width: number;
}

/** A line of a link through the gap below a row. */
export interface Line {
  key: string;
  row: number;
  fromX: number;
  toX: number;
  /** Whether it goes on through the next row, beside that row's nodes. */
  passes: boolean;
  ends: readonly [ChainNode, ChainNode];
}

/** Shares a row between its cells: nodes equally, lanes as little as they need. */
export function placeCells(cells: readonly Cell[], left: number, right: number): Box[] {
  const lanes = cells.filter((cell) => cell.node === null).length;
  const nodes = cells.length - lanes;
  const room = right - left - lanes * LANE_WIDTH - Math.max(0, cells.length - 1) * GAP;
  const width = nodes > 0 ? Math.max(16, room / nodes) : 0;
  let x = left;
  return cells.map((cell) => {
    const box = { left: x, width: cell.node ? width : LANE_WIDTH };
    x += box.width + GAP;
    return box;
  });
}

const middle = (box: Box) => box.left + box.width / 2;

function inside(box: Box, x: number): number {
  const inset = Math.min(12, box.width / 2);
  return Math.max(box.left + inset, Math.min(box.left + box.width - inset, x));
}

/** Lines in the gap between a row and the next one, straight wherever the boxes allow it. */
export function linesBelow(chain: Chain, row: number, boxesOf: (row: number) => Box[]): Line[] {
  const above = chain.rows[row] ?? [];
  const below = chain.rows[row + 1] ?? [];
  const boxesAbove = boxesOf(row);
  const boxesBelow = boxesOf(row + 1);
  const lines: Line[] = [];
  for (const link of chain.links) {
    if (link.from.row > row || link.to.row <= row) continue;
    const start = findCell(above, link.from, link.to);
    const end = findCell(below, link.from, link.to);
    const from = boxesAbove[start];
    const to = boxesBelow[end];
    if (!from || !to) continue;
    const aim = middle(from.width < to.width ? from : to);
    lines.push({
      key: `${link.from.id} ${link.to.id}`,
      row,
      fromX: inside(from, aim),
      toX: inside(to, aim),
      passes: below[end]?.node === null,
      ends: [link.from, link.to],
    });
  }
  return lines;
}

/** The link's own lane in a row, or the node at which it starts or ends. */
function findCell(cells: readonly Cell[], from: ChainNode, to: ChainNode): number {
  const lane = cells.findIndex(
    (cell) => cell.node === null && cell.from === from && cell.to === to,
  );
  return lane >= 0 ? lane : cells.findIndex((cell) => cell.node === from || cell.node === to);
}

/** SVG path of a line from the bottom of one row to the top of the next (or through it). */
export function linePath(line: Line): string {
  const top = line.row * ROW_HEIGHT + NODE_HEIGHT;
  const end = (line.row + 1) * ROW_HEIGHT;
  const bend = (top + end) / 2;
  const curve =
    Math.abs(line.fromX - line.toX) < 0.5
      ? `M${line.fromX} ${top}V${end}`
      : `M${line.fromX} ${top}C${line.fromX} ${bend} ${line.toX} ${bend} ${line.toX} ${end}`;
  return line.passes ? `${curve}v${NODE_HEIGHT}` : curve;
}
