import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { begin, during, later, showSettled } from "../../src/browser/settled";

let root: HTMLElement;
let stop: () => void;
const isSettled = () => root.dataset["settled"] !== undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame"] });
  vi.stubGlobal("cancelAnimationFrame", clearTimeout);
  vi.stubGlobal("requestAnimationFrame", (look: () => void) => setTimeout(look, 16));
  root = document.createElement("div");
  stop = showSettled(root);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the sign that the tab is at rest", () => {
  it("is set some frames after nothing is on its way any more, not before", () => {
    const end = begin();
    vi.advanceTimersByTime(10_000);
    expect(isSettled()).toBe(false);
    end();
    expect(isSettled()).toBe(false);
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(true);
  });

  it("goes the moment something is asked for, and waits for all of it", () => {
    vi.advanceTimersByTime(100);
    const [first, second] = [begin(), begin()];
    expect(isSettled()).toBe(false);
    first();
    first();
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(false);
    second();
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(true);
  });

  it("waits for promises, kept and broken", async () => {
    let answer: (value: number) => void = () => undefined;
    const kept = during(new Promise<number>((resolve) => (answer = resolve)));
    const broken = during(Promise.reject(new Error("gone")));
    await expect(broken).rejects.toThrow("gone");
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(false);
    answer(3);
    expect(await kept).toBe(3);
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(true);
  });

  it("waits for what is done later, until it is done or called off", () => {
    const done: string[] = [];
    later(() => done.push("first"), 1000);
    const callOff = later(() => done.push("second"), 9000);
    vi.advanceTimersByTime(2000);
    expect([done, isSettled()]).toEqual([["first"], false]);
    callOff();
    vi.advanceTimersByTime(10_000);
    expect([done, isSettled()]).toEqual([["first"], true]);
  });

  it("waits for pictures of the page and for what moves", () => {
    const picture = document.createElement("img");
    Object.defineProperty(picture, "complete", { configurable: true, value: false });
    document.body.append(picture);
    begin()();
    vi.advanceTimersByTime(1000);
    expect(isSettled()).toBe(false);
    picture.remove();
    document.getAnimations = () => [{ playState: "running" } as Animation];
    vi.advanceTimersByTime(1000);
    expect(isSettled()).toBe(false);
    document.getAnimations = () => [{ playState: "finished" } as Animation];
    vi.advanceTimersByTime(100);
    expect(isSettled()).toBe(true);
  });
});
