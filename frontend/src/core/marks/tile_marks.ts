// Marks on tiles: a sign for the verdict, stars, and which filters are picked.
//
// Verdicts differ in form as well as in color, also on tiles too small for a letter.

import type { Verdict } from "../../wire";
import type { Rectangle } from "../words/drawing";
import type { Opinion } from "../words/mark";

export interface MarkColors {
  page: string;
  accent: string;
  verdict: Record<Verdict, string>;
}

/** A tile below this width has room for the sign alone, not for a ground under it. */
const GROUND_FROM = 26;
const SMALLEST_SIGN = 6;
const STARS_FROM = 40;
const STAR_FONT = '10px system-ui, "Segoe UI", Roboto, sans-serif';

/** Strokes of the signs in a square from 0 to 1. */
const STROKES: Record<Verdict, readonly (readonly [number, number])[][]> = {
  useful: [
    [
      [0.18, 0.55],
      [0.42, 0.78],
      [0.84, 0.24],
    ],
  ],
  useless: [
    [
      [0.22, 0.22],
      [0.78, 0.78],
    ],
    [
      [0.78, 0.22],
      [0.22, 0.78],
    ],
  ],
  unsure: [
    [
      [0.3, 0.34],
      [0.38, 0.2],
      [0.6, 0.18],
      [0.7, 0.32],
      [0.52, 0.52],
      [0.5, 0.64],
    ],
    [
      [0.5, 0.82],
      [0.5, 0.86],
    ],
  ],
};

interface TileMark {
  opinion: Opinion | null;
  /** Whether it was said of other weights. */
  outdated: boolean;
  picked: boolean;
  colors: MarkColors;
}

export function drawTileMark(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  { opinion, outdated, picked, colors }: TileMark,
): void {
  if (picked) drawPick(context, box, colors);
  if (!opinion) return;
  if (opinion.verdict) drawVerdict(context, box, { verdict: opinion.verdict, outdated }, colors);
  if (opinion.stars > 0) drawStars(context, box, opinion.stars, colors);
  const more = opinion.tags.length > 0 || opinion.note !== "";
  if (more && box.width >= GROUND_FROM) drawCorner(context, box, colors);
}

function drawPick(context: CanvasRenderingContext2D, box: Rectangle, colors: MarkColors): void {
  context.save();
  context.globalAlpha = 0.22;
  context.fillStyle = colors.accent;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.setLineDash([5, 3]);
  context.strokeStyle = colors.accent;
  context.strokeRect(box.x - 1.5, box.y - 1.5, box.width + 3, box.height + 3);
  context.restore();
}

/** Side of the sign of a verdict on a tile. */
export function signSize(box: Pick<Rectangle, "width" | "height">): number {
  const side = Math.min(box.width, box.height);
  return Math.round(Math.max(SMALLEST_SIGN, Math.min(18, side * 0.34)));
}

/** A filled sign; of other weights a hollow one, with a broken rim. */
function drawVerdict(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  { verdict, outdated }: { verdict: Verdict; outdated: boolean },
  colors: MarkColors,
): void {
  const side = signSize(box);
  const grounded = box.width >= GROUND_FROM;
  const inset = grounded ? 2 : 0;
  const left = box.x + box.width - side - inset;
  const top = box.y + inset;
  context.save();
  if (grounded) {
    const { page } = colors;
    const ink = colors.verdict[verdict];
    context.fillStyle = outdated ? page : ink;
    context.strokeStyle = outdated ? ink : page;
    context.setLineDash(outdated ? [2, 2] : []);
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(left, top, side, side, 4);
    context.fill();
    context.stroke();
    context.setLineDash([]);
  }
  context.lineCap = "round";
  context.lineJoin = "round";
  if (!grounded) {
    // A rim of the page's color tells the sign from the picture under it.
    strokeSign(context, verdict, { left, top, side }, [colors.page, 4]);
  }
  const color = grounded && !outdated ? colors.page : colors.verdict[verdict];
  strokeSign(context, verdict, { left, top, side }, [color, Math.max(1.6, side / 9)]);
  context.restore();
}

function strokeSign(
  context: CanvasRenderingContext2D,
  verdict: Verdict,
  { left, top, side }: { left: number; top: number; side: number },
  [color, width]: [string, number],
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  for (const stroke of STROKES[verdict]) {
    context.beginPath();
    for (const [x, y] of stroke) context.lineTo(left + x * side, top + y * side);
    context.stroke();
  }
}

function drawStars(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  stars: number,
  colors: MarkColors,
): void {
  if (box.width < GROUND_FROM) return;
  const text = box.width >= STARS_FROM + 8 * stars ? "★".repeat(stars) : `${stars}★`;
  context.save();
  context.font = STAR_FONT;
  const width = context.measureText(text).width + 6;
  const top = box.y + box.height - 15;
  context.fillStyle = colors.page;
  context.globalAlpha = 0.88;
  context.beginPath();
  context.roundRect(box.x + 2, top, width, 13, 4);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = colors.accent;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, box.x + 5, top + 7);
  context.restore();
}

/** A folded corner: tags or a note are written about the filter. */
function drawCorner(context: CanvasRenderingContext2D, box: Rectangle, colors: MarkColors): void {
  context.save();
  context.fillStyle = colors.accent;
  context.strokeStyle = colors.page;
  context.beginPath();
  context.moveTo(box.x, box.y);
  context.lineTo(box.x + 10, box.y);
  context.lineTo(box.x, box.y + 10);
  context.closePath();
  context.fill();
  context.stroke();
  context.restore();
}
