// Flags on tiles: what is conspicuous about a filter, in a corner that marks leave free.
//
// Drawn as shapes, without a font: the same on every machine.

import type { Flag } from "../../wire";
import { flagSign } from "./flags";
import { STROKE_HEIGHT, strokeText, strokeWidth } from "../pictures/stroke_font";
import type { Rectangle } from "../words/drawing";

export interface FlagColors {
  page: string;
  flag: string;
}

/** A tile below this width has room for a corner alone, not for a sign. */
const SIGN_FROM = 26;
const CORNER = 7;
const HEIGHT = 13;

export function drawTileFlags(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  flags: readonly Flag[],
  colors: FlagColors,
): void {
  if (flags.length === 0) return;
  context.save();
  if (box.width < SIGN_FROM) drawCorner(context, box, colors);
  else drawSigns(context, box, flags, colors);
  context.restore();
}

/** Draws as many signs as there is room for, at the lower right. */
function drawSigns(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  flags: readonly Flag[],
  { page, flag }: FlagColors,
): void {
  const signs = flags.map(flagSign);
  const widthOf = (texts: readonly string[]) => Math.ceil(strokeWidth(texts.join(" "))) + 6;
  while (signs.length > 1 && widthOf(signs) > box.width - 4) signs.pop();
  const width = widthOf(signs);
  // Half a pixel off: the rim fills whole pixels.
  const left = box.x + box.width - width - 2.5;
  const top = box.y + box.height - HEIGHT - 2.5;
  context.fillStyle = page;
  context.strokeStyle = flag;
  context.beginPath();
  context.roundRect(left, top, width, HEIGHT, 3);
  context.fill();
  context.stroke();
  context.lineWidth = 1.3;
  context.lineCap = "round";
  context.lineJoin = "round";
  strokeText(context, signs.join(" "), left + 3, top + (HEIGHT - STROKE_HEIGHT) / 2);
}

function drawCorner(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  { page, flag }: FlagColors,
): void {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  context.fillStyle = flag;
  context.strokeStyle = page;
  context.beginPath();
  context.moveTo(right, bottom);
  context.lineTo(right - CORNER, bottom);
  context.lineTo(right, bottom - CORNER);
  context.closePath();
  context.fill();
  context.stroke();
}
