// Planes of 8-bit levels, as the server sends them.

import type { Method, Sheet, Tile } from "../../wire";
import { clippedLevels, levelValue } from "./lut";

/** Planes of some channels: `levels` is [channels, planes, height, width]. */
export interface Planes {
  levels: Uint8Array;
  channels: number;
  planes: number;
  height: number;
  width: number;
  signed: boolean;
  /** One per channel. */
  scale: readonly number[];
}

interface Shape {
  method: Method;
  channels: number;
  planes: number;
  height: number;
  width: number;
}

function checkLength({ method, channels, planes, height, width }: Shape, length: number): void {
  const expected = channels * planes * height * width;
  if (length === expected) return;
  throw new Error(
    `A sheet of the method ${method} has ${length} bytes. Expected ${expected} ` +
      `(${channels} × ${planes} × ${height} × ${width}). Reload the page; if that fails, capture again.`,
  );
}

/** Pairs the bytes of /sheet with what the sheet's entry says of them. */
export function planesOf(sheet: Sheet, levels: Uint8Array): Planes {
  const { method, channels, planes, height, width, signed, scale } = sheet;
  checkLength({ method, channels, planes, height, width }, levels.length);
  return { levels, channels, planes, height, width, signed, scale };
}

/** Pairs the bytes of one channel with what /tiles says of it. */
export function planesOfTile(tile: Tile, levels: Uint8Array): Planes {
  const { method, planes, height, width, signed, scale } = tile;
  checkLength({ method, channels: 1, planes, height, width }, levels.length);
  return { levels, channels: 1, planes, height, width, signed, scale: [scale] };
}

/** What /tiles would say of one channel of a sheet that is at hand. */
export function tileOfSheet(sheet: Sheet, channel: number): Tile {
  const { method, form, planes, height, width, signed, stage, placement } = sheet;
  const one = (values: readonly number[]) => values.slice(channel, channel + 1);
  return {
    ...{ method, form, planes, height, width, signed, stage },
    scale: sheet.scale[channel] ?? 0,
    placement: placement && {
      ...placement,
      top: one(placement.top),
      left: one(placement.left),
      unitRow: one(placement.unitRow),
      unitColumn: one(placement.unitColumn),
    },
  };
}

/** One plane, without copying. */
export function planeLevels(planes: Planes, channel: number, plane = 0): Uint8Array {
  const size = planes.height * planes.width;
  const start = (channel * planes.planes + plane) * size;
  return planes.levels.subarray(start, start + size);
}

/** One channel of many, as planes of one channel, without copying. */
export function channelPlanes(planes: Planes, channel: number): Planes {
  const size = planes.planes * planes.height * planes.width;
  return {
    ...planes,
    channels: 1,
    levels: planes.levels.subarray(channel * size, (channel + 1) * size),
    scale: [planes.scale[channel] ?? 0],
  };
}

/** One plane of a channel, as planes of its own, without copying. */
export function singlePlane(planes: Planes, plane: number, channel = 0): Planes {
  const levels = planeLevels(planes, channel, plane);
  return { ...planes, levels, channels: 1, planes: 1, scale: [planes.scale[channel] ?? 0] };
}

/** The value at a place; NaN where it was not finite. */
export function valueAt(
  planes: Planes,
  {
    channel = 0,
    plane = 0,
    row,
    column,
  }: { channel?: number; plane?: number; row: number; column: number },
): number {
  const level = planeLevels(planes, channel, plane)[row * planes.width + column] ?? 0;
  return levelValue(level, planes.signed, planes.scale[channel] ?? 0);
}

/**
 * Largest magnitude over the planes of one channel, as one unsigned plane: what a guided
 * gradient's picture shows. A place where any plane is not finite stays flagged.
 */
export function magnitudePlane(planes: Planes, channel = 0): Planes {
  const size = planes.height * planes.width;
  const levels = new Uint8Array(size);
  const zero = planes.signed ? 128 : 1;
  const gain = planes.signed ? 2 : 1;
  for (let plane = 0; plane < planes.planes; plane++) {
    const source = planeLevels(planes, channel, plane);
    for (let i = 0; i < size; i++) {
      const level = source[i] ?? 0;
      if (level === 0) levels[i] = 255;
      // 1 + 254 * |value| / scale, kept one lower so that 255 can mean "not finite" meanwhile.
      else levels[i] = Math.max(levels[i] ?? 0, Math.min(254, Math.abs(level - zero) * gain));
    }
  }
  for (let i = 0; i < size; i++) levels[i] = levels[i] === 255 ? 0 : (levels[i] ?? 0) + 1;
  return {
    ...planes,
    levels,
    channels: 1,
    planes: 1,
    signed: false,
    scale: [planes.scale[channel] ?? 0],
  };
}

/** Mean over the planes of one channel, signed, on a scale of its own. */
export function meanPlane(planes: Planes, channel = 0): Planes {
  const size = planes.height * planes.width;
  const sum = new Float32Array(size);
  for (let plane = 0; plane < planes.planes; plane++) {
    const source = planeLevels(planes, channel, plane);
    for (let i = 0; i < size; i++) {
      sum[i] =
        (sum[i] ?? 0) + levelValue(source[i] ?? 0, planes.signed, planes.scale[channel] ?? 0);
    }
  }
  let scale = 0;
  for (let i = 0; i < size; i++) {
    const mean = (sum[i] ?? 0) / planes.planes;
    sum[i] = mean;
    if (Number.isFinite(mean)) scale = Math.max(scale, Math.abs(mean));
  }
  const levels = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const mean = sum[i] ?? NaN;
    if (Number.isFinite(mean)) levels[i] = 128 + (scale > 0 ? Math.round((127 * mean) / scale) : 0);
  }
  return { ...planes, levels, channels: 1, planes: 1, signed: true, scale: [scale] };
}

/** One plane per channel: gradients by their magnitude, kernels by their mean over the input. */
export function drawablePlanes(planes: Planes, method: Method): Planes {
  const signedGradient = planes.signed && (method === "guided" || method === "gradient");
  if (planes.planes === 1 && !signedGradient) return planes;
  const reduce = method === "kernel" ? meanPlane : magnitudePlane;
  const size = planes.height * planes.width;
  const levels = new Uint8Array(planes.channels * size);
  const scale: number[] = [];
  let signed = planes.signed;
  for (let channel = 0; channel < planes.channels; channel++) {
    const plane = reduce(planes, channel);
    levels.set(plane.levels, channel * size);
    scale.push(plane.scale[0] ?? 0);
    signed = plane.signed;
  }
  return { ...planes, planes: 1, levels, scale, signed };
}

/** How many levels of each value a channel has: enough to count what a range clips. */
export function levelHistogram(planes: Planes, channel: number): Uint32Array {
  const counts = new Uint32Array(256);
  const size = planes.planes * planes.height * planes.width;
  const end = (channel + 1) * size;
  for (let i = channel * size; i < end; i++) {
    const level = planes.levels[i] ?? 0;
    counts[level] = (counts[level] ?? 0) + 1;
  }
  return counts;
}

/** Averages boxes of levels where a plane is drawn smaller than it is. */
export function reducePlane(
  levels: Uint8Array,
  from: { height: number; width: number },
  to: { height: number; width: number },
): Uint8Array {
  const reduced = new Uint8Array(to.height * to.width);
  for (let y = 0; y < to.height; y++) {
    const top = Math.floor((y * from.height) / to.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * from.height) / to.height));
    for (let x = 0; x < to.width; x++) {
      const left = Math.floor((x * from.width) / to.width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * from.width) / to.width));
      let sum = 0;
      let finite = true;
      for (let row = top; row < bottom; row++) {
        for (let at = row * from.width + left; at < row * from.width + right; at++) {
          const level = levels[at] ?? 0;
          sum += level;
          if (level === 0) finite = false;
        }
      }
      const mean = Math.round(sum / ((bottom - top) * (right - left)));
      reduced[y * to.width + x] = finite ? mean : 0;
    }
  }
  return reduced;
}

/** Share of finite values whose magnitude exceeds a range; they are drawn at its end. */
export function clippedShare(planes: Planes, range: number): number {
  let clipped = 0;
  let finite = 0;
  for (let channel = 0; channel < planes.channels; channel++) {
    const scale = planes.scale[channel] ?? 0;
    const size = planes.planes * planes.height * planes.width;
    if (scale <= range) {
      finite += size;
      continue;
    }
    const over = clippedLevels({ signed: planes.signed, scale, range });
    const counts = levelHistogram(planes, channel);
    for (let level = 1; level < 256; level++) {
      finite += counts[level] ?? 0;
      if (over[level] === 1) clipped += counts[level] ?? 0;
    }
  }
  return finite > 0 ? clipped / finite : 0;
}

/** The place of the largest magnitude of a plane; null where nothing is finite and not zero. */
export function strongestPlace(
  planes: Planes,
  channel = 0,
): { row: number; column: number } | null {
  const levels = planeLevels(planes, channel);
  const zero = planes.signed ? 128 : 1;
  let best = 0;
  let at = -1;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] ?? 0;
    const size = level === 0 ? 0 : Math.abs(level - zero);
    if (size > best) [best, at] = [size, i];
  }
  return at < 0 ? null : { row: Math.floor(at / planes.width), column: at % planes.width };
}
