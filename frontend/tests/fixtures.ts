// Small values of the wire contract for tests.

import type { Planes } from "../src/core/pictures/planes";
import type { Layer, LayerCapture, Sheet } from "../src/wire";

export function makeLayer(index: number, inbound: number[], changes: Partial<Layer> = {}): Layer {
  const path = changes.path ?? `layer${index}`;
  return {
    index,
    key: path,
    path,
    call: 0,
    className: "Conv2D",
    depth: index,
    inbound,
    outputShape: [8, 8, 4],
    channels: 4,
    isConvolution: true,
    kernelSize: [3, 3],
    strides: [1, 1],
    dilation: [1, 1],
    padding: "same",
    groups: 1,
    dataFormat: "channels_last",
    activationFunction: "",
    activationStage: "none",
    parameters: 40,
    receptiveField: null,
    config: "{}",
    ...changes,
  };
}

/** A chain of layers, each reading the one before. */
export function makeChain(...classNames: string[]): Layer[] {
  return classNames.map((className, index) =>
    makeLayer(index, index === 0 ? [] : [index - 1], {
      className,
      isConvolution: className.startsWith("Conv"),
    }),
  );
}

export function makeSheet(changes: Partial<Sheet> = {}): Sheet {
  return {
    method: "activation",
    form: "values",
    sha256: "00",
    byteLength: 8,
    channels: 2,
    planes: 1,
    height: 2,
    width: 2,
    signed: true,
    scale: [1, 0],
    nan: [0, 0],
    infinite: [0, 0],
    target: "",
    stage: "",
    placement: null,
    ...changes,
  };
}

export function makeCapture(changes: Partial<LayerCapture> = {}): LayerCapture {
  return {
    run: "r",
    step: 0,
    layer: 0,
    input: 0,
    sheets: [],
    statistics: [],
    flags: [],
    guidance: null,
    ...changes,
  };
}

export function makePlanes(levels: number[], changes: Partial<Planes> = {}): Planes {
  return {
    levels: Uint8Array.from(levels),
    channels: 1,
    planes: 1,
    height: 1,
    width: levels.length,
    signed: true,
    scale: [1],
    ...changes,
  };
}
