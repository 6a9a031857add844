// The pictures of one filter: the selected one, and the same filter by other methods, inputs, steps.

import type { CaptureRef, TileRef } from "../../core/words/capture";
import type { Stage } from "../../core/words/drawing";
import { WHOLE, placementFrame, type Frame } from "../../core/pictures/frame";
import { fullSheet, gridForm } from "../../core/pictures/method";
import { drawablePlanes, type Planes } from "../../core/pictures/planes";
import type { Form, Inputs, Layer, Method, Placement, Sheet } from "../../wire";
import type { Captures } from "./captures.svelte";

/** A picture that can be drawn. */
export interface DrawnPicture {
  channel: number;
  method: Method;
  /** The one plane that is drawn. */
  drawn: Planes;
  /** The part of the input image that it covers; null if it is not on the image. */
  frame: Frame | null;
}

/** A filter by one method, for one input, at one step, with everything known about it. */
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
}

export const pictureKey = (request: PictureRequest): string => {
  const { at, layer, input, channel, method, stage } = request;
  return JSON.stringify([at, layer.index, input, channel, method, stage]);
};

const tileRef = ({ at, layer, ...rest }: PictureRequest, form: Form): TileRef => ({
  ...at,
  layer: layer.index,
  input: rest.input,
  channel: rest.channel,
  method: rest.method,
  form,
  stage: rest.stage,
});

/** A small picture: the plane that the grid would show of the filter. */
export const smallPicture = (captures: Captures, request: PictureRequest): PictureSource => ({
  key: pictureKey(request),
  load: async () => {
    const { input, channel, method } = request;
    const found = await captures.library.tile(tileRef(request, gridForm(method)));
    if (!found) return null;
    const drawn = drawablePlanes(found.planes, method);
    // Weights lie nowhere on the input image.
    const inputs = captures.inputs.value;
    const frame = method === "kernel" ? null : frameOf(inputs, input, found.tile.placement, 0);
    return { channel, method, drawn, frame };
  },
});

function frameOf(
  inputs: Inputs | null,
  input: number,
  placement: Placement | null,
  channel: number,
): Frame {
  const picture = inputs?.inputs[input]?.pictures[placement?.source ?? 0];
  return picture ? placementFrame(placement, channel, picture) : WHOLE;
}

/** Fetches a picture in full; null if the method was not captured. `inputs` of its capture. */
export async function loadPicture(
  captures: Captures,
  request: PictureRequest,
  inputs = captures.inputs.value,
): Promise<FilterPicture | null> {
  const { at, layer, input, channel, method, stage } = request;
  // Both at once, so that the tile shares its request with the small pictures.
  const [capture, found] = await Promise.all([
    captures.library.layer(at, layer.index, input),
    captures.library.tile(tileRef(request, "values")),
  ]);
  const sheet = fullSheet(capture, method, stage);
  if (!sheet || !found) return null;
  return {
    ...{ at, layer, input, channel, method, sheet },
    values: found.planes,
    drawn: drawablePlanes(found.planes, method),
    frame: frameOf(inputs, input, sheet.placement, channel),
  };
}
