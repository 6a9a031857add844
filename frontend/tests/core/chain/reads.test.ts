import { expect, it } from "vitest";

import { readsPicture } from "../../../src/core/chain/reads";
import { makeChain } from "../../fixtures";

it("knows the layers that read the input, also behind what only rescales or pads it", () => {
  const layers = makeChain("InputLayer", "Rescaling", "ZeroPadding2D", "Conv2D", "Conv2D");
  expect(layers.map((layer) => readsPicture(layers, layer))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
});
