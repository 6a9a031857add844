// Marks on tiles: a sign for the verdict, stars, and which filters are picked.
//
// Verdicts differ in form as well as in color, also on tiles too small for a letter. All
// of it is drawn as shapes, without a font: the same on every machine.

import type { Verdict } from "../../wire";
import type { Rectangle } from "../words/drawing";
import { STROKE_HEIGHT, strokeText, strokeWidth } from "../pictures/stroke_font";
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
const STAR_RADIUS = 4.4;
const STAR_ADVANCE = 9;

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
  /** Whether the mark was made on other weights. */
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

/** Draws the stars; if they do not fit, their number and one star. */
function drawStars(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  stars: number,
  colors: MarkColors,
): void {
  if (box.width < GROUND_FROM) return;
  const all = box.width >= STARS_FROM + 8 * stars;
  const digits = all ? "" : String(stars);
  const count = all ? stars : 1;
  const before = digits === "" ? 0 : strokeWidth(digits) + 2;
  const width = before + count * STAR_ADVANCE + 5;
  const top = box.y + box.height - 15;
  context.save();
  context.fillStyle = colors.page;
  context.globalAlpha = 0.88;
  context.beginPath();
  context.roundRect(box.x + 2, top, width, 13, 4);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = context.strokeStyle = colors.accent;
  context.lineWidth = 1.3;
  context.lineCap = context.lineJoin = "round";
  if (digits) strokeText(context, digits, box.x + 5, top + (13 - STROKE_HEIGHT) / 2);
  for (let at = 0; at < count; at++) {
    fillStar(context, box.x + 5 + before + STAR_RADIUS + at * STAR_ADVANCE, top + 6.8);
  }
  context.restore();
}

/** A star of five points around a middle. */
function fillStar(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const radius = corner % 2 === 0 ? STAR_RADIUS : 0.4 * STAR_RADIUS;
    const angle = (corner * Math.PI) / 5;
    context.lineTo(x + radius * Math.sin(angle), y - radius * Math.cos(angle));
  }
  context.closePath();
  context.fill();
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
