import { describe, expect, it } from "vitest";

import {
  NONE_PICKED,
  nextInOrder,
  pickAll,
  pickRange,
  targets,
  togglePick,
} from "../../../src/core/grid/picking";

const ORDER = [4, 2, 0, 1, 3];

describe("picking", () => {
  it("begins with the selected filter", () => {
    expect([...togglePick(NONE_PICKED, 1, 4).channels]).toEqual([4, 1]);
    expect([...togglePick(NONE_PICKED, 4, 4).channels]).toEqual([4]);
  });

  it("adds and takes away", () => {
    const two = togglePick(NONE_PICKED, 1, 4);
    expect([...togglePick(two, 4, 1).channels]).toEqual([1]);
    expect(togglePick(togglePick(two, 4, 1), 1, 4)).toEqual(NONE_PICKED);
  });

  it("takes a range in the order of the grid, in both directions", () => {
    const down = pickRange(NONE_PICKED, ORDER, { from: 2, to: 1 });
    expect([...down.channels]).toEqual([2, 0, 1]);
    const up = pickRange(down, ORDER, { from: 1, to: 4 });
    expect([...up.channels]).toEqual([4, 2]);
    expect(up.anchor).toBe(2);
  });

  it("starts anew where the anchor is not shown any more", () => {
    const picked = { anchor: 9, channels: new Set([9]) };
    expect([...pickRange(picked, ORDER, { from: 0, to: 3 }).channels]).toEqual([0, 1, 3]);
  });

  it("keeps what is picked where a range has an end that is not shown", () => {
    const picked = pickAll([1]);
    expect(pickRange(picked, ORDER, { from: 8, to: 9 })).toBe(picked);
  });

  it("gives a mark to the picked filters, else to the selected one", () => {
    expect(targets(pickAll([3, 1]), 4)).toEqual([1, 3]);
    expect(targets(NONE_PICKED, 4)).toEqual([4]);
    expect(pickAll([])).toEqual(NONE_PICKED);
  });

  it("goes on in the order of the grid, and stops after the last", () => {
    expect(nextInOrder(ORDER, 0)).toBe(1);
    expect(nextInOrder(ORDER, 3)).toBeNull();
    expect(nextInOrder(ORDER, 9)).toBe(4);
    expect(nextInOrder([], 0)).toBeNull();
  });
});
