// Saves files to the computer of the person at the screen.

import type { PaletteName } from "../core/pictures/colormaps.gen";
import { paletteColors } from "../core/pictures/lut";

export interface PictureFrame {
  caption: string;
  palette: PaletteName;
  /** Texts along the color scale, from its low end to its high end. */
  ticks: readonly string[];
  dark: boolean;
}

export function saveFile(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** The pictures and canvases inside an element, where they lie on screen, `width` pixels wide. */
export function pictureOf(element: HTMLElement, width: number): HTMLCanvasElement {
  const whole = element.getBoundingClientRect();
  const zoom = width / whole.width;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.round(whole.height * zoom);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  for (const part of element.querySelectorAll<HTMLImageElement | HTMLCanvasElement>(
    "img, canvas",
  )) {
    const { left, top, width: w, height: h } = part.getBoundingClientRect();
    const style = getComputedStyle(part);
    context.filter = style.filter;
    context.imageSmoothingEnabled = style.imageRendering !== "pixelated";
    context.drawImage(
      part,
      (left - whole.left) * zoom,
      (top - whole.top) * zoom,
      w * zoom,
      h * zoom,
    );
  }
  return canvas;
}

/** Saves a canvas with its caption and its color scale below it. */
export async function savePicture(
  source: HTMLCanvasElement,
  frame: PictureFrame,
  name: string,
): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) =>
    framePicture(source, frame).toBlob(resolve),
  );
  if (!blob)
    throw new Error(
      "The browser could not write the picture. Make the window smaller and try again.",
    );
  saveFile(blob, name);
}

function framePicture(source: HTMLCanvasElement, frame: PictureFrame): HTMLCanvasElement {
  const width = Math.max(480, source.width);
  const height = source.height;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height + 64;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = frame.dark ? "#1c1c1f" : "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0);
  context.fillStyle = frame.dark ? "#ececf1" : "#1d1d21";
  context.font = "12px system-ui, sans-serif";
  context.fillText(frame.caption, 10, height + 18, width - 20);
  drawScale(context, frame, height + 28);
  return canvas;
}

function drawScale(context: CanvasRenderingContext2D, frame: PictureFrame, top: number): void {
  const colors = paletteColors(frame.palette);
  const strip = document.createElement("canvas");
  strip.width = colors.length;
  strip.height = 1;
  const image = new ImageData(new Uint8ClampedArray(colors.buffer), colors.length, 1);
  strip.getContext("2d")?.putImageData(image, 0, 0);
  context.drawImage(strip, 10, top, 255, 12);
  frame.ticks.forEach((tick, at) => {
    const share = at / (frame.ticks.length - 1);
    context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    context.fillText(tick, 10 + 255 * share, top + 26);
  });
  context.textAlign = "left";
  context.fillText(frame.palette, 275, top + 11);
}
