// Where pictures of a filter lie on the input image, in shares of its width and height.

import type { Picture, Placement, ReceptiveField } from "../../wire";

/** A rectangle on the input image; 0 to 1 is the whole image, and it may reach beyond. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const WHOLE: Frame = { left: 0, top: 0, width: 1, height: 1 };

/** What the crop of a channel covers. */
export function placementFrame(
  placement: Placement | null,
  channel: number,
  picture: Picture,
): Frame {
  if (!placement) return WHOLE;
  return {
    left: (placement.left[channel] ?? 0) / picture.width,
    top: (placement.top[channel] ?? 0) / picture.height,
    width: placement.width / picture.width,
    height: placement.height / picture.height,
  };
}

/** What the unit at a row and column of a feature map sees. */
export function unitFrame(
  field: ReceptiveField,
  unit: { row: number; column: number },
  picture: Picture,
): Frame {
  const [height = 0, width = 0] = field.size;
  const [strideY = 0, strideX = 0] = field.stride;
  const [startY = 0, startX = 0] = field.start;
  return {
    left: (startX + unit.column * strideX) / picture.width,
    top: (startY + unit.row * strideY) / picture.height,
    width: width / picture.width,
    height: height / picture.height,
  };
}

/** The smallest frame that holds both. */
export function unionFrame(a: Frame, b: Frame): Frame {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

/** Where a frame lies in another one, as shares of that. */
export function frameWithin(frame: Frame, outer: Frame): Frame {
  return {
    left: (frame.left - outer.left) / outer.width,
    top: (frame.top - outer.top) / outer.height,
    width: frame.width / outer.width,
    height: frame.height / outer.height,
  };
}

/** The part of a frame that lies on the image. */
export function clipFrame(frame: Frame): Frame {
  const left = Math.max(0, frame.left);
  const top = Math.max(0, frame.top);
  return {
    left,
    top,
    width: Math.max(0, Math.min(1, frame.left + frame.width) - left),
    height: Math.max(0, Math.min(1, frame.top + frame.height) - top),
  };
}

/** Row and column of a map that covers a frame, at a place of the input; null outside. */
export function cellAt(
  frame: Frame,
  map: { height: number; width: number },
  place: { x: number; y: number },
): { row: number; column: number } | null {
  const x = (place.x - frame.left) / frame.width;
  const y = (place.y - frame.top) / frame.height;
  if (x < 0 || y < 0 || x >= 1 || y >= 1) return null;
  return { row: Math.floor(y * map.height), column: Math.floor(x * map.width) };
}

/** CSS of a frame inside the box of the input image. */
export function frameStyle(frame: Frame): string {
  const percent = (share: number) => `${(100 * share).toFixed(3)}%`;
  return `left:${percent(frame.left)};top:${percent(frame.top)};width:${percent(frame.width)};height:${percent(frame.height)}`;
}
