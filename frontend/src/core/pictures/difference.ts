// A − B of two pictures of one filter, from their dequantized values.

import { unionFrame, type Frame } from "./frame";
import { levelValue } from "./lut";
import type { PlacedPlane } from "./placed";
import { planeLevels, type Planes } from "./planes";

export interface Difference {
  /** One signed plane; level 0 where A or B is not finite. */
  planes: Planes;
  frame: Frame;
  /** Mean of the magnitudes of the finite differences. */
  mean: number;
}

/** Crops that lie apart are sampled on no more than this many cells a side. */
const MOST_CELLS = 128;

/** The scale is at least this many times what rounding may add, lest that looks like a change. */
const ABOVE_ROUNDING = 10;

/** What is between a stored value and the captured one, at most, for A − B. */
export function differenceError(a: PlacedPlane, b: PlacedPlane): number {
  const half = ({ planes, channel }: PlacedPlane) =>
    (planes.scale[channel] ?? 0) / (planes.signed ? 254 : 508);
  return half(a) + half(b);
}

const cells = (whole: number, part: number, count: number) =>
  Math.max(1, Math.min(MOST_CELLS, Math.round((whole / part) * count)));

/** Cell of a plane for each of `count` places along one side of a frame; -1 beyond its crop. */
function cellsAlong(
  from: { start: number; length: number; count: number },
  to: { start: number; length: number; count: number },
): Int32Array {
  return Int32Array.from({ length: to.count }, (_, at) => {
    const place = to.start + ((at + 0.5) / to.count) * to.length;
    const cell = Math.floor(((place - from.start) / from.length) * from.count);
    return cell < 0 || cell >= from.count ? -1 : cell;
  });
}

/** Values of a plane on another grid; a gradient is zero outside of its crop. */
function resampled(
  { planes, channel, frame }: PlacedPlane,
  to: { frame: Frame; width: number; height: number },
): Float64Array {
  const levels = planeLevels(planes, channel);
  const scale = planes.scale[channel] ?? 0;
  const table = Float64Array.from({ length: 256 }, (_, level) =>
    levelValue(level, planes.signed, scale),
  );
  const columns = cellsAlong(
    { start: frame.left, length: frame.width, count: planes.width },
    { start: to.frame.left, length: to.frame.width, count: to.width },
  );
  const rows = cellsAlong(
    { start: frame.top, length: frame.height, count: planes.height },
    { start: to.frame.top, length: to.frame.height, count: to.height },
  );
  const values = new Float64Array(to.width * to.height);
  rows.forEach((row, y) => {
    if (row < 0) return;
    columns.forEach((column, x) => {
      if (column >= 0)
        values[y * to.width + x] = table[levels[row * planes.width + column] ?? 0] ?? NaN;
    });
  });
  return values;
}

/**
 * Signed levels of values on the scale of the largest, which is at least `smallest`; level 0 where
 * a value is not finite.
 */
function signedLevels(
  values: Float64Array,
  smallest: number,
): { levels: Uint8Array; scale: number; mean: number } {
  let [scale, sum, finite] = [smallest, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    scale = Math.max(scale, Math.abs(value));
    sum += Math.abs(value);
    finite += 1;
  }
  const levels = Uint8Array.from(values, (value) =>
    Number.isFinite(value) ? 128 + (scale > 0 ? Math.round((127 * value) / scale) : 0) : 0,
  );
  return { levels, scale, mean: finite > 0 ? sum / finite : NaN };
}

/**
 * A − B where both lie on the input image: cell by cell where they cover the same part of it,
 * else on the smallest frame that holds both. Null where planes of one frame differ in size:
 * their cells do not stand for the same places.
 */
export function subtract(a: PlacedPlane, b: PlacedPlane): Difference | null {
  const frame = unionFrame(a.frame, b.frame);
  const sameFrame = frame.width === a.frame.width && frame.height === a.frame.height;
  const sameSize = a.planes.width === b.planes.width && a.planes.height === b.planes.height;
  if (!sameSize) return null;
  const width = sameFrame ? a.planes.width : cells(frame.width, a.frame.width, a.planes.width);
  const height = sameFrame ? a.planes.height : cells(frame.height, a.frame.height, a.planes.height);
  const values = resampled(a, { frame, width, height });
  const others = resampled(b, { frame, width, height });
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? NaN) - (others[i] ?? NaN);
  const { levels, scale, mean } = signedLevels(values, ABOVE_ROUNDING * differenceError(a, b));
  const planes = { levels, channels: 1, planes: 1, height, width, signed: true, scale: [scale] };
  return { planes, frame, mean };
}
