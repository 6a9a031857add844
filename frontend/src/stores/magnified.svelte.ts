// The pictures of one filter: the selected one, and the same filter by other methods, inputs, steps.

import type { CaptureRef } from "../api";
import type { Stage } from "../core/choices";
import { WHOLE, placementFrame, type Frame } from "../core/frame";
import { fullSheet, gridSheet } from "../core/method";
import { drawablePlanes, type Planes } from "../core/planes";
import type { HistorySheet, Layer, Method, Placement, Sheet } from "../wire";
import type { Captures } from "./captures.svelte";

/** A picture that can be drawn. */
export interface DrawnPicture {
  channel: number;
  method: Method;
  /** The one plane that is drawn. */
  drawn: Planes;
  /** What it covers of the input image; null where it is not on the image. */
  frame: Frame | null;
}

/** A filter by one method, for one input, at one step, with all that is known of it. */
export interface FilterPicture extends DrawnPicture {
  at: CaptureRef;
  layer: Layer;
  input: number;
  sheet: Sheet;
  /** Every plane: input channels of gradients and kernels. */
  values: Planes;
  frame: Frame;
}

/** A picture that may still have to be fetched. */
export interface PictureSource {
  key: string;
  /** Null where the method was not captured. */
  load: () => Promise<DrawnPicture | null>;
}

export interface PictureRequest {
  at: CaptureRef;
  layer: Layer;
  input: number;
  channel: number;
  method: Method;
  stage: Stage;
  /** "full": every pixel and plane; "small": the grid's own plane, which is at hand. */
  size: "full" | "small";
}

export const pictureKey = (request: PictureRequest): string => {
  const { at, layer, input, channel, method, stage, size } = request;
  return JSON.stringify([at, layer.index, input, channel, method, stage, size]);
};

export const fromCapture = (captures: Captures, request: PictureRequest): PictureSource => ({
  key: pictureKey(request),
  load: async () => {
    const picture = await loadPicture(captures, request);
    // Weights lie nowhere on the input image.
    return picture && request.method === "kernel" ? { ...picture, frame: null } : picture;
  },
});

/** A picture of the history; `placement` is that of the layer's sheet at any step. */
export function fromHistory(
  captures: Captures,
  {
    at,
    input,
    channel,
    sheet,
    placement,
  }: {
    at: CaptureRef;
    input: number;
    channel: number;
    sheet: HistorySheet;
    placement: Placement | null;
  },
): PictureSource {
  const load = async (): Promise<DrawnPicture> => {
    const planes = await captures.library.historyTile(at, sheet, channel);
    const picture = captures.inputs.value?.inputs[input]?.pictures[placement?.source ?? 0];
    const { top, left, method } = sheet;
    let frame: Frame | null = WHOLE;
    if (placement && picture && top !== null && left !== null) {
      frame = placementFrame({ ...placement, top: [top], left: [left] }, 0, picture);
    }
    return { channel, method, drawn: drawablePlanes(planes, method), frame };
  };
  return { key: `${sheet.sha256} ${channel} ${input}`, load };
}

/** Fetches a picture; null where the method was not captured. */
export async function loadPicture(
  captures: Captures,
  request: PictureRequest,
): Promise<FilterPicture | null> {
  const { at, layer, input, channel, method, stage, size } = request;
  const capture = await captures.library.layer(at, layer.index, input);
  const sheetOf = size === "full" ? fullSheet : gridSheet;
  const sheet = sheetOf(capture, method, stage);
  if (!sheet || channel >= sheet.channels) return null;
  const values = await captures.library.tile(at, sheet, channel);
  const picture = captures.inputs.value?.inputs[input]?.pictures[sheet.placement?.source ?? 0];
  const frame = picture ? placementFrame(sheet.placement, channel, picture) : WHOLE;
  return {
    at,
    layer,
    input,
    channel,
    method,
    sheet,
    values,
    drawn: drawablePlanes(values, method),
    frame,
  };
}
