import { describe, expect, it } from "vitest";

import { defaultChoices, fromState, toState } from "../../src/core/choices";
import { commandFor, KEY_BINDINGS } from "../../src/core/keys";
import { parseHash, writeHash } from "../../src/core/urlstate";

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

  it("each have one command only", () => {
    const keys = KEY_BINDINGS.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
