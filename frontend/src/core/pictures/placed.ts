// A plane and its place on the input image: reads one place in several pictures.

import { cellAt, type Frame } from "./frame";
import { valueAt, type Planes } from "./planes";

/** One channel, and what it covers of the input image. */
export interface PlacedPlane {
  planes: Planes;
  channel: number;
  frame: Frame;
}

/**
 * The value at a place of the input image. A crop leaves out only zeros; beyond a plane that
 * covers the whole image, and where nothing finite stands, it is NaN.
 */
export function valueOnInput(
  { planes, channel, frame }: PlacedPlane,
  place: { x: number; y: number },
): number {
  const cell = cellAt(frame, planes, place);
  if (cell) return valueAt(planes, { channel, ...cell });
  const onImage = place.x >= 0 && place.y >= 0 && place.x < 1 && place.y < 1;
  return onImage ? 0 : NaN;
}
