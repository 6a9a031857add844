import { describe, expect, it } from "vitest";

import { paintRgb } from "../../../src/core/pictures/paint";
import { makePlanes } from "../../fixtures";

/** A canvas of one pixel that tells what was painted on it. */
function onePixel(): { canvas: HTMLCanvasElement; painted: () => number[] } {
  const data = new Uint8ClampedArray(4);
  const context = { createImageData: () => ({ data }), putImageData: () => undefined };
  const canvas = { width: 0, height: 0, getContext: () => context };
  return {
    canvas: canvas as unknown as HTMLCanvasElement,
    painted: () => [...data],
  };
}

describe("three planes as colors", () => {
  const planes = makePlanes([255, 128, 64], { planes: 3, height: 1, width: 1, signed: true });

  it("are red, green and blue in the order of the model's input", () => {
    const { canvas, painted } = onePixel();
    paintRgb(canvas, planes, { order: "rgb", flag: 0 });
    expect(painted()).toEqual([255, 128, 64, 255]);
  });

  it("of a model that takes BGR begin with blue", () => {
    const { canvas, painted } = onePixel();
    paintRgb(canvas, planes, { order: "bgr", flag: 0 });
    expect(painted()).toEqual([64, 128, 255, 255]);
  });
});
