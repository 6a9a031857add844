import { describe, expect, it } from "vitest";

import { defaultChoices, fromState, toState } from "../../../src/core/link/choices";
import { commandFor, KEY_BINDINGS, starsOf, staysPut } from "../../../src/core/link/keys";
import { parseHash, writeHash } from "../../../src/core/link/urlstate";

describe("the link", () => {
  it("carries every choice that differs from the default", () => {
    const choices = {
      ...defaultChoices(),
      run: "a/b&c=d",
      step: 0,
      layer: "trunk/conv%1",
      channel: 12,
      method: "guided" as const,
      stage: "before" as const,
      sort: { name: "mean", descending: false },
      seed: 17,
      shown: "useless" as const,
      thresholds: { nearSilent: 0.9, profile: 0.5 },
      scale: "fixed" as const,
      fixed: 2.5,
      size: "all" as const,
      overlay: true,
      rgb: true,
      followers: false,
      tab: "classes" as const,
    };
    expect(fromState(parseHash(writeHash("#convlens", toState(choices))))).toEqual(choices);
  });

  it("is short for the default view", () => {
    expect(toState(defaultChoices())).toEqual({});
  });

  it("leaves what others wrote as it was", () => {
    const hash = writeHash("#convlens&p.other.x=1&p.convlens.step=3", { layer: "a" });
    expect(hash).toBe("#convlens&p.other.x=1&p.convlens.layer=a");
  });

  it("ignores what makes no sense", () => {
    const state = {
      step: "-1",
      filter: "1e9",
      method: "magic",
      size: "0",
      fixed: "NaN",
      show: "x",
      kernel: "2",
      seed: "-1",
      scale: "",
    };
    expect(fromState(state)).toEqual(defaultChoices());
  });

  it("survives broken escapes and double signs", () => {
    expect(
      parseHash("#convlens&p.convlens.layer=%E0%A4%A&p.convlens.step=1=2&p.convlens.run=x"),
    ).toEqual({ run: "x" });
  });
});

describe("keys", () => {
  const press = (
    key: string,
    target: EventTarget = document.body,
    init: KeyboardEventInit = {},
  ) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, ...init });
    Object.defineProperty(event, "target", { value: target });
    return commandFor(event);
  };

  it("are commands, in either case", () => {
    expect([press("j"), press("K"), press("]"), press("?")]).toEqual([
      "nextLayer",
      "previousLayer",
      "nextStep",
      "help",
    ]);
  });

  it("are left alone with a modifier", () => {
    expect(press("k", document.body, { ctrlKey: true })).toBeNull();
  });

  it("are left alone where text is typed", () => {
    expect(press("j", document.createElement("input"))).toBeNull();
    expect(press("j", document.createElement("select"))).toBeNull();
  });

  it("work on the step slider", () => {
    const slider = document.createElement("input");
    slider.type = "range";
    expect(press("j", slider)).toBe("nextLayer");
  });

  it("leave the space key to buttons", () => {
    expect(press(" ", document.createElement("button"))).toBeNull();
    expect(press(" ")).toBe("play");
  });

  const pressed = (key: string, init: KeyboardEventInit = {}) =>
    new KeyboardEvent("keydown", { key, ...init });

  it("give stars, on keyboards with and without digits behind Shift", () => {
    expect([press("3"), starsOf(pressed("3"))]).toEqual(["stars", 3]);
    const american = { code: "Digit3", shiftKey: true };
    expect([press("#", document.body, american), starsOf(pressed("#", american))]).toEqual([
      "stars",
      3,
    ]);
    expect(staysPut(pressed("#", american))).toBe(true);
    const french = { code: "Digit3", shiftKey: true };
    expect([starsOf(pressed("3", french)), staysPut(pressed("3", french))]).toEqual([3, false]);
  });

  it("stay at the filter with Shift", () => {
    expect([staysPut(pressed("P", { shiftKey: true })), staysPut(pressed("p"))]).toEqual([
      true,
      false,
    ]);
    expect(press("P", document.body, { shiftKey: true })).toBe("useful");
  });

  it("undo with Ctrl or Command, but not in a field, and not with Shift", () => {
    expect(press("z", document.body, { ctrlKey: true })).toBe("undo");
    expect(press("z", document.body, { metaKey: true })).toBe("undo");
    expect(press("z")).toBe("fitAll");
    expect(press("z", document.createElement("textarea"), { ctrlKey: true })).toBeNull();
    expect(press("z", document.body, { ctrlKey: true, shiftKey: true })).toBeNull();
  });

  it("each have one command only", () => {
    const keys = KEY_BINDINGS.flatMap(({ keys, control }) =>
      keys.map((key) => `${control} ${key}`),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});
