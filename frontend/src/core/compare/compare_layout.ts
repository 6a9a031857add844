// Geometry of the comparison: a row per filter, its pictures, and its statistics beside them.

import { LARGEST_TILE, type Grid } from "../grid/grid";

/** Everything in CSS pixels. */
export interface CompareLayout {
  grid: Grid;
  /** Left edge of the first statistic. */
  statisticsLeft: number;
  statisticWidth: number;
  /** How many statistics have room. */
  statistics: number;
}

export interface CompareRequest {
  /** The width and height of the pane. */
  width: number;
  height: number;
  /** Filters. */
  rows: number;
  /** Pictures of a row. */
  pictures: number;
  /** Height of a picture over its width. */
  ratio: number;
  /** Longest side of a picture; null: so that some rows are in view. */
  size: number | null;
  /** Statistics that there are. */
  statistics: number;
  /** Lines of a statistic: one per column, one for their difference. */
  lines: number;
}

const LEFT = 12;
const TOP = 8;
const GAP = 16;
const LABEL = 20;
const ROW_GAP = 10;
const LINE = 17;
const STATISTIC = 104;
const SMALLEST = 24;
/** A picture of the size that suits the pane, and how many rows of them are then in view. */
const USUAL = { smallest: 64, largest: 180, rows: 3 };
/** A wider column has no use for its room. */
const WIDEST_PITCH = 216;

/** How many statistics a pane has room for beside pictures that can be looked at. */
function wantedStatistics(inner: number, statistics: number): number {
  const wanted = inner >= 620 ? 2 : inner >= 420 ? 1 : 0;
  return Math.min(wanted, statistics);
}

/** Longest side of a picture in a pane of a height. */
const usualSize = (height: number): number =>
  Math.max(USUAL.smallest, Math.min(USUAL.largest, height / USUAL.rows - LABEL - ROW_GAP));

export function layOutComparison(request: CompareRequest): CompareLayout {
  const { rows, pictures, ratio, size, statistics, lines } = request;
  const inner = Math.max(SMALLEST, request.width - 2 * LEFT);
  const share = (inner - wantedStatistics(inner, statistics) * STATISTIC) / pictures;
  const longest = Math.min(size ?? usualSize(request.height), LARGEST_TILE) / Math.max(1, ratio);
  const tileWidth = Math.round(Math.max(SMALLEST, Math.min(share - GAP, longest)));
  const tileHeight = Math.max(1, Math.round(tileWidth * ratio));
  const pitchX = Math.max(tileWidth + GAP, Math.min(share, WIDEST_PITCH));
  const pitchY = Math.max(tileHeight + LABEL, lines * LINE) + ROW_GAP;
  const statisticsLeft = LEFT + pictures * pitchX;
  const room = Math.max(0, Math.floor((LEFT + inner - statisticsLeft) / STATISTIC));
  const grid: Grid = {
    count: rows * pictures,
    columns: pictures,
    rows,
    left: LEFT,
    top: TOP,
    tileWidth,
    tileHeight,
    pitchX,
    pitchY,
    labelHeight: LABEL,
    height: rows * pitchY + 2 * TOP,
  };
  const shown = Math.min(statistics, room);
  return { grid, statisticsLeft, statisticWidth: STATISTIC, statistics: shown };
}
