import { describe, expect, it } from "vitest";

import {
  CHOICES,
  defaultChoices,
  fromState,
  toState,
  type Choices,
} from "../../../src/core/link/choices";
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

  /** A value of each choice that is not the usual one; TypeScript asks for every choice. */
  const OTHER: { [Name in keyof Choices]: Choices[Name][] } = {
    run: ["a/b&c=d", "", "null"],
    step: [0, 12],
    input: [3],
    layer: ["trunk/conv%1", "true"],
    channel: [0, 12],
    method: ["guided", "gradient", "kernel"],
    stage: ["before"],
    sort: [
      { name: "mean", descending: false },
      { name: "l1", descending: false },
      { name: "index", descending: false },
      { name: "index", descending: true },
    ],
    seed: [17, 2 ** 32 - 1],
    shown: ["useless", "nearSilent"],
    thresholds: [{ nearSilent: 0.9, profile: 0.5 }, { kernel: 0 }],
    scale: ["layer", "fixed"],
    fixed: [2.5, 1e-9],
    size: ["all", 64, 12.5],
    overlay: [true],
    rgb: [true],
    followers: [false],
    tab: ["layer", "classes"],
    timeline: ["layer", "network"],
    columns: [[{ run: "b", step: null, input: 2 }]],
    compareBy: ["change"],
    swipe: [true],
  };

  it.each(Object.keys(OTHER) as (keyof Choices)[])("carries %s, and nothing else", (name) => {
    for (const value of OTHER[name]) {
      const choices = { ...defaultChoices(), [name]: value };
      const state = toState(choices);
      expect(Object.keys(state).length).toBeGreaterThan(0);
      expect(fromState(parseHash(writeHash("#convlens", state)))).toEqual(choices);
    }
  });

  it("has a key of its own for each choice", () => {
    const written = (Object.keys(OTHER) as (keyof Choices)[]).map((name) => [
      ...new Set(
        OTHER[name].flatMap((value) =>
          Object.keys(toState({ ...defaultChoices(), [name]: value })),
        ),
      ),
    ]);
    const keys = written.flat();
    expect(new Set(keys).size).toBe(keys.length);
    expect(Object.keys(CHOICES).sort()).toEqual(Object.keys(OTHER).sort());
  });

  it("gives everybody defaults of their own", () => {
    const first = defaultChoices();
    first.sort.descending = false;
    first.thresholds.kernel = 1;
    expect(fromState({})).toEqual(defaultChoices());
    expect(defaultChoices().sort.descending).toBe(true);
  });

  it("has the same text for the same view", () => {
    const state = toState({
      ...defaultChoices(),
      ...(Object.fromEntries(
        Object.entries(OTHER).map(([name, values]) => [name, values[0]]),
      ) as Partial<Choices>),
    });
    expect(writeHash("", state)).toBe(
      "#p.convlens.run=a%2Fb%26c%3Dd&p.convlens.step=0&p.convlens.input=3" +
        "&p.convlens.layer=trunk%2Fconv%251&p.convlens.filter=0&p.convlens.method=guided" +
        "&p.convlens.stage=before&p.convlens.sort=mean&p.convlens.descending=false" +
        "&p.convlens.seed=17&p.convlens.show=useless&p.convlens.scale=layer&p.convlens.fixed=2.5" +
        "&p.convlens.size=all&p.convlens.overlay=true&p.convlens.rgb=true" +
        "&p.convlens.followers=false&p.convlens.tab=layer&p.convlens.timeline=layer" +
        "&p.convlens.compare=%5B%5B%22b%22%2Cnull%2C2%5D%5D&p.convlens.by=change" +
        "&p.convlens.swipe=true&p.convlens.near_silent=0.9&p.convlens.profile=0.5",
    );
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
