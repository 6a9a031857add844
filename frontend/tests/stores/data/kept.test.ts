import { describe, expect, it } from "vitest";

import { Kept, sizeOf } from "../../../src/stores/data/kept";

const bytes = (length: number) => async () => new Uint8Array(length);

/** Answers in the order in which they are let go. */
function later<T>(): { answer: Promise<T>; arrive: (value: T) => void; fail: () => void } {
  let arrive: (value: T) => void = () => undefined;
  let fail: () => void = () => undefined;
  const answer = new Promise<T>((resolve, reject) => {
    arrive = resolve;
    fail = () => reject(new Error("It failed."));
  });
  return { answer, arrive, fail };
}

describe("kept answers", () => {
  it("never take more than the bound, in any order", async () => {
    const kept = new Kept(10_000);
    let seed = 1;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let turn = 0; turn < 500; turn++) {
      await kept.get(String(random(60)), bytes(random(3000)));
      expect(kept.total).toBeLessThanOrEqual(10_000);
    }
  });

  it("forget the least recently used, not the first requested", async () => {
    const kept = new Kept(3000);
    await kept.get("a", bytes(1000));
    await kept.get("b", bytes(1000));
    await kept.get("a", bytes(1000));
    await kept.get("c", bytes(1000));
    expect(["a", "b", "c"].map((key) => kept.peek(key) !== null)).toEqual([true, false, true]);
  });

  it("hold one answer that is larger than the bound until the next comes", async () => {
    const kept = new Kept(1000);
    await kept.get("large", bytes(5000));
    expect(kept.peek("large")).not.toBeNull();
    await kept.get("small", bytes(10));
    expect(kept.peek("large")).toBeNull();
    expect(kept.total).toBeLessThan(1000);
  });

  it("are not forgotten on their way, and count once when they come", async () => {
    const kept = new Kept(2000);
    const slow = later<Uint8Array>();
    const found = kept.get("slow", () => slow.answer);
    for (const key of ["a", "b", "c"]) await kept.get(key, bytes(900));
    expect(kept.peek("slow")).not.toBeNull();
    slow.arrive(new Uint8Array(900));
    await found;
    expect(kept.total).toBeLessThanOrEqual(2000);
    for (const key of ["d", "e", "f", "g"]) await kept.get(key, bytes(10));
    expect(["d", "e", "f", "g"].every((key) => kept.peek(key))).toBe(true);
  });

  it("that fail are asked for again", async () => {
    const kept = new Kept(1000);
    const lost = later<Uint8Array>();
    const found = kept.get("a", () => lost.answer);
    lost.fail();
    await expect(found).rejects.toThrow("It failed.");
    expect(kept.peek("a")).toBeNull();
    expect((await kept.get("a", bytes(3))).length).toBe(3);
  });
});

describe("the size of an answer", () => {
  it("grows with everything in it", () => {
    expect(sizeOf({ values: Array.from({ length: 1000 }, () => 1) })).toBeGreaterThan(8000);
    expect(sizeOf({ text: "x".repeat(1000) })).toBeGreaterThan(2000);
    expect(sizeOf([{ levels: new Uint8Array(5000) }, null])).toBeGreaterThan(5000);
  });

  it("of nothing is not nothing: places count too", () => {
    expect(sizeOf(Array.from({ length: 1000 }, () => null))).toBeGreaterThan(8000);
  });
});
