// Paints one picture at its own size; the page enlarges it.

import type { ColorOrder } from "../../wire";
import { pixel, type Pixels } from "./lut";
import { planeLevels, type Planes } from "./planes";

/** Paints plane 0 of channel 0 through a color table. */
export function paintPlane(canvas: HTMLCanvasElement, planes: Planes, lut: Pixels): void {
  const levels = planeLevels(planes, 0);
  paint(canvas, planes, (i) => lut[levels[i] ?? 0] ?? 0);
}

/**
 * Paints three planes as red, green and blue; gray is zero. The planes are in the order of the
 * model's input channels, which may be blue, green, red.
 */
export function paintRgb(
  canvas: HTMLCanvasElement,
  planes: Planes,
  { order, flag }: { order: ColorOrder; flag: number },
): void {
  const places = order === "bgr" ? [2, 1, 0] : [0, 1, 2];
  const parts = places.map((plane) => planeLevels(planes, 0, plane));
  const [red, green, blue] = parts;
  const byte = (level: number) => (planes.signed ? level : 128 + (level >> 1));
  paint(canvas, planes, (i) => {
    const [r, g, b] = [red?.[i] ?? 0, green?.[i] ?? 0, blue?.[i] ?? 0];
    return r === 0 || g === 0 || b === 0 ? flag : pixel(byte(r), byte(g), byte(b));
  });
}

function paint(
  canvas: HTMLCanvasElement,
  size: { height: number; width: number },
  color: (index: number) => number,
): void {
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(size.width, size.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = color(i);
  context.putImageData(image, 0, 0);
}
