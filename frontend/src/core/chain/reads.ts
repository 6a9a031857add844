// Which layers read the input picture itself: their kernels have its colors.

import type { Layer } from "../../wire";

/** Layers that hand on the channels of a picture as they are. */
const PASSING =
  /^(Rescaling|Normalization|ZeroPadding\dD|Cropping\dD|Resizing|CenterCrop|Random\w+|GaussianNoise|Identity|Cast)$/;

/** Whether a layer's input channels are those of an input of the model. */
export function readsPicture(layers: readonly Layer[], layer: Layer): boolean {
  return layer.inbound.length > 0 && layer.inbound.every((index) => isPicture(layers, index));
}

function isPicture(layers: readonly Layer[], index: number): boolean {
  const layer = layers[index];
  if (!layer) return false;
  return (
    layer.className === "InputLayer" ||
    (PASSING.test(layer.className) && readsPicture(layers, layer))
  );
}
