// The pictures of one filter: the selected one, and the same filter by other methods, inputs, steps.

import type { CaptureRef } from "../api";
import { WHOLE, placementFrame, type Frame } from "../core/frame";
import { fullSheet, gridSheet } from "../core/method";
import { drawablePlanes, type Planes } from "../core/planes";
import type { Layer, Method, Sheet } from "../wire";
import type { Captures } from "./captures.svelte";

/** A filter by one method, for one input, at one step. */
export interface FilterPicture {
  at: CaptureRef;
  layer: Layer;
  input: number;
  channel: number;
  method: Method;
  sheet: Sheet;
  /** Every plane: input channels of gradients and kernels. */
  values: Planes;
  /** The one plane that is drawn. */
  drawn: Planes;
  /** What it covers of the input image. */
  frame: Frame;
}

export interface PictureRequest {
  at: CaptureRef;
  layer: Layer;
  input: number;
  channel: number;
  method: Method;
  /** "full": every pixel and plane; "small": the grid's own plane, which is at hand. */
  size: "full" | "small";
}

export const pictureKey = ({ at, layer, input, channel, method, size }: PictureRequest): string =>
  JSON.stringify([at, layer.index, input, channel, method, size]);

/** Fetches a picture; null where the method was not captured. */
export async function loadPicture(captures: Captures, request: PictureRequest): Promise<FilterPicture | null> {
  const { at, layer, input, channel, method, size } = request;
  const capture = await captures.library.layer(at, layer.index, input);
  const sheet = size === "full" ? fullSheet(capture, method) : gridSheet(capture, method);
  if (!sheet || channel >= sheet.channels) return null;
  const values = await captures.library.tile(at, sheet, channel);
  const picture = captures.inputs.value?.inputs[input]?.pictures[sheet.placement?.source ?? 0];
  const frame = picture ? placementFrame(sheet.placement, channel, picture) : WHOLE;
  return { at, layer, input, channel, method, sheet, values, drawn: drawablePlanes(values, method), frame };
}
