// A − B of two pictures of one filter, from their dequantized values.

import type { Frame } from "./frame";
import { levelValue } from "./lut";
import { planeLevels, type Planes } from "./planes";

/** One channel, and what it covers of the input image. */
export interface PlacedPlane {
  planes: Planes;
  channel: number;
  frame: Frame;
}

export interface Difference {
  /** One signed plane; level 0 where A or B is not finite. */
  planes: Planes;
  frame: Frame;
  /** Mean of the magnitudes of the finite differences. */
  mean: number;
}

/** Crops that lie apart are sampled on no more than this many cells a side. */
const MOST_CELLS = 128;

/** What is between a stored value and the captured one, at most, for A − B. */
export function differenceError(a: PlacedPlane, b: PlacedPlane): number {
  const half = ({ planes, channel }: PlacedPlane) =>
    (planes.scale[channel] ?? 0) / (planes.signed ? 254 : 508);
  return half(a) + half(b);
}

function union(a: Frame, b: Frame): Frame {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

const cells = (whole: number, part: number, count: number) =>
  Math.max(1, Math.min(MOST_CELLS, Math.round((whole / part) * count)));

/** Reads a plane at shares of the input image; a gradient is zero outside of its crop. */
function reader({ planes, channel, frame }: PlacedPlane): (x: number, y: number) => number {
  const levels = planeLevels(planes, channel);
  const scale = planes.scale[channel] ?? 0;
  const values = Float64Array.from({ length: 256 }, (_, level) =>
    levelValue(level, planes.signed, scale),
  );
  return (x, y) => {
    const column = Math.floor(((x - frame.left) / frame.width) * planes.width);
    const row = Math.floor(((y - frame.top) / frame.height) * planes.height);
    const outside = row < 0 || column < 0 || row >= planes.height || column >= planes.width;
    return outside ? 0 : (values[levels[row * planes.width + column] ?? 0] ?? NaN);
  };
}

/**
 * A − B where both lie on the input image: cell by cell where they cover the same part of it,
 * else on the smallest frame that holds both. Null where planes of one frame differ in size:
 * their cells do not stand for the same places.
 */
export function subtract(a: PlacedPlane, b: PlacedPlane): Difference | null {
  const frame = union(a.frame, b.frame);
  const sameFrame = frame.width === a.frame.width && frame.height === a.frame.height;
  const sameSize = a.planes.width === b.planes.width && a.planes.height === b.planes.height;
  if (!sameSize) return null;
  const width = sameFrame ? a.planes.width : cells(frame.width, a.frame.width, a.planes.width);
  const height = sameFrame ? a.planes.height : cells(frame.height, a.frame.height, a.planes.height);
  const [readA, readB] = [reader(a), reader(b)];
  const values = new Float64Array(width * height);
  let [largest, sum, finite] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = frame.left + (((i % width) + 0.5) / width) * frame.width;
    const y = frame.top + ((Math.floor(i / width) + 0.5) / height) * frame.height;
    const value = readA(x, y) - readB(x, y);
    values[i] = value;
    if (!Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    sum += Math.abs(value);
    finite += 1;
  }
  const levels = Uint8Array.from(values, (value) =>
    Number.isFinite(value) ? 128 + (largest > 0 ? Math.round((127 * value) / largest) : 0) : 0,
  );
  const planes = { levels, channels: 1, planes: 1, height, width, signed: true, scale: [largest] };
  return { planes, frame, mean: finite > 0 ? sum / finite : NaN };
}
