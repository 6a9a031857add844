import { describe, expect, it } from "vitest";

import {
  buildChain,
  closedAtFirst,
  groupsAround,
  neighborOf,
  nextCaptured,
} from "../../../src/core/chain/chain";
import { findGroups, foldFollowers } from "../../../src/core/chain/groups";
import { linePath, linesBelow, placeCells } from "../../../src/core/chain/lanes";
import { makeChain, makeLayer } from "../../fixtures";

const open = { closed: new Set<string>(), followers: false };

/** input → conv → (a → b | skip) → add → out */
const residual = [
  makeLayer(0, [], { path: "input", className: "InputLayer", isConvolution: false }),
  makeLayer(1, [0], { path: "stem" }),
  makeLayer(2, [1], { path: "stage_block1_a" }),
  makeLayer(3, [2], { path: "stage_block1_b" }),
  makeLayer(4, [1, 3], { path: "stage_block1_add", className: "Add", isConvolution: false }),
  makeLayer(5, [4], { path: "out" }),
];

describe("the chain", () => {
  it("has a row per depth", () => {
    const chain = buildChain(makeChain("InputLayer", "Conv2D", "Conv2D"), open);
    expect(chain.rows.map((cells) => cells.length)).toEqual([1, 1, 1]);
  });

  it("puts branches of equal depth side by side", () => {
    const layers = [makeLayer(0, []), makeLayer(1, [0]), makeLayer(2, [0]), makeLayer(3, [1, 2])];
    const chain = buildChain(layers, open);
    expect(chain.rows[1]?.map((cell) => cell.node?.layers[0])).toEqual([1, 2]);
    expect(chain.nodeOf[3]?.row).toBe(2);
  });

  it("gives a link that skips rows a lane beside the nodes", () => {
    const chain = buildChain(residual, open);
    expect(chain.rows[2]?.map((cell) => cell.node !== null)).toEqual([true, false]);
    expect(chain.rows[3]?.map((cell) => cell.node !== null)).toEqual([true, false]);
    expect(chain.rows[4]).toHaveLength(1);
  });

  it("places 2,000 layers quickly", () => {
    const layers = Array.from({ length: 2000 }, (_, at) =>
      makeLayer(at, at === 0 ? [] : at % 5 === 0 ? [at - 1, Math.max(0, at - 5)] : [at - 1]),
    );
    const start = performance.now();
    expect(buildChain(layers, open).rows).toHaveLength(2000);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("survives a graph with a circle", () => {
    const chain = buildChain([makeLayer(0, [1]), makeLayer(1, [0])], open);
    expect(chain.nodes).toHaveLength(2);
  });

  it("is empty for an empty graph", () => {
    expect(buildChain([], open).rows).toEqual([]);
  });
});

describe("followers", () => {
  it("fold into the convolution before them", () => {
    const layers = makeChain("InputLayer", "Conv2D", "BatchNormalization", "ReLU", "Conv2D");
    expect(foldFollowers(layers)).toEqual([0, 1, 1, 1, 4]);
    const chain = buildChain(layers, { ...open, followers: true });
    expect(chain.nodes.map((node) => node.layers)).toEqual([[0], [1, 2, 3], [4]]);
  });

  it("stay apart where another layer reads the convolution too", () => {
    const layers = [
      makeLayer(0, []),
      makeLayer(1, [0], { className: "ReLU", isConvolution: false }),
      makeLayer(2, [0]),
    ];
    expect(foldFollowers(layers)).toEqual([0, 1, 2]);
  });
});

describe("groups", () => {
  it("find a residual block and its name", () => {
    expect(findGroups(residual)).toEqual([
      { id: "block:stage_block1@4", name: "stage_block1", kind: "block", layers: [2, 3, 4] },
    ]);
  });

  it("name a block after the layer that joins it where names have nothing in common", () => {
    const layers = [
      makeLayer(0, [], { path: "x" }),
      makeLayer(1, [0], { path: "conv2d" }),
      makeLayer(2, [0], { path: "pool" }),
      makeLayer(3, [1, 2], { path: "mixed0" }),
    ];
    expect(findGroups(layers)[0]?.name).toBe("mixed0");
  });

  it("find nested models, each call by itself", () => {
    const nested = (index: number, path: string, call = 0) =>
      makeLayer(index, index === 0 ? [] : [index - 1], { path, call });
    const layers = [
      nested(0, "in"),
      nested(1, "trunk/a"),
      nested(2, "trunk/b"),
      nested(3, "trunk/a", 1),
      nested(4, "trunk/b", 1),
    ];
    expect(findGroups(layers).map((group) => [group.name, group.layers])).toEqual([
      ["trunk", [1, 2]],
      ["trunk#1", [3, 4]],
    ]);
  });

  it("fold into one node and keep the links around them", () => {
    const id = "block:stage_block1@4";
    const chain = buildChain(residual, { ...open, closed: new Set([id]) });
    expect(chain.nodes.map((node) => node.layers)).toEqual([[0], [1], [2, 3, 4], [5]]);
    expect(chain.links).toHaveLength(3);
    expect(chain.rows).toHaveLength(4);
  });

  it("are bracketed while they are open", () => {
    const [bracket] = buildChain(residual, open).brackets;
    expect([bracket?.first, bracket?.last, bracket?.level]).toEqual([2, 4, 0]);
  });

  it("around a layer can be found, to open them", () => {
    expect(groupsAround(findGroups(residual), 3)).toEqual(["block:stage_block1@4"]);
  });
});

describe("neighbors", () => {
  const heads = (
    chain: ReturnType<typeof buildChain>,
    layer: number,
    direction: "up" | "down" | "left" | "right",
  ) => {
    const node = chain.nodeOf[layer];
    return node ? (neighborOf(chain, node, direction)?.layers[0] ?? null) : undefined;
  };

  it("are above, below and beside", () => {
    const layers = [makeLayer(0, []), makeLayer(1, [0]), makeLayer(2, [0]), makeLayer(3, [1, 2])];
    const chain = buildChain(layers, open);
    expect(heads(chain, 1, "right")).toBe(2);
    expect(heads(chain, 2, "left")).toBe(1);
    expect(heads(chain, 0, "down")).toBe(1);
    expect(heads(chain, 3, "down")).toBeNull();
  });

  it("lie beyond closed groups", () => {
    const chain = buildChain(residual, { ...open, closed: new Set(["block:stage_block1@4"]) });
    expect(heads(chain, 1, "down")).toBe(5);
    expect(heads(chain, 5, "up")).toBe(1);
  });
});

describe("lanes", () => {
  const chain = buildChain(residual, open);
  const boxes = (row: number) => placeCells(chain.rows[row] ?? [], 10, 250);

  it("keep every cell inside the pane, without overlap", () => {
    for (let row = 0; row < chain.rows.length; row++) {
      let x = 10;
      for (const box of boxes(row)) {
        expect(box.left).toBeGreaterThanOrEqual(x);
        x = box.left + box.width;
      }
      expect(x).toBeLessThanOrEqual(250);
    }
  });

  it("draw every link through each gap that it crosses", () => {
    expect(linesBelow(chain, 1, boxes)).toHaveLength(2);
    expect(linesBelow(chain, 2, boxes)).toHaveLength(2);
    expect(linesBelow(chain, 4, boxes)).toHaveLength(1);
  });

  it("are straight between nodes of one chain", () => {
    const [line] = linesBelow(chain, 0, boxes);
    expect(line && linePath(line)).toMatch(/^M[\d.]+ 30V48$/);
  });
});

describe("the captured layers", () => {
  const captured = new Map([1, 3, 5].map((index) => [index, {}]));

  it("follow each other, passing by those that were not captured", () => {
    expect(nextCaptured(residual, captured, { from: 1, by: 1 })?.index).toBe(3);
    expect(nextCaptured(residual, captured, { from: 5, by: -1 })?.index).toBe(3);
    expect(nextCaptured(residual, captured, { from: 4, by: 1 })?.index).toBe(5);
  });

  it("end at both ends", () => {
    expect(nextCaptured(residual, captured, { from: 5, by: 1 })).toBeNull();
    expect(nextCaptured(residual, captured, { from: 1, by: -1 })).toBeNull();
  });
});

describe("blocks at first", () => {
  const groups = findGroups(residual);
  const [block] = groups;

  it("are open in networks that can be read through", () => {
    expect(closedAtFirst(400, groups, null)).toEqual(new Set());
  });

  it("are closed in larger ones", () => {
    expect(closedAtFirst(401, groups, null)).toEqual(new Set([block?.id]));
  });

  it("never hide the selected layer", () => {
    const inside = residual.find(({ index }) => index === block?.layers[0]) ?? null;
    expect(inside).not.toBeNull();
    expect(closedAtFirst(401, groups, inside)).toEqual(new Set());
  });
});
