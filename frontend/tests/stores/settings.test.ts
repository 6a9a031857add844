import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { paletteNames, Settings } from "../../src/stores/settings.svelte";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

/** A browser that prefers dark pages, or stops to. */
function prefer(dark: boolean): { switchTo: (dark: boolean) => void } {
  let listener = () => {};
  const query = {
    matches: dark,
    addEventListener: (_: string, added: () => void) => (listener = added),
    removeEventListener: () => (listener = () => {}),
  };
  vi.stubGlobal("matchMedia", () => query);
  return {
    switchTo: (now) => {
      query.matches = now;
      listener();
    },
  };
}

describe("settings", () => {
  it("are kept for the next visit", () => {
    const first = new Settings();
    first.setTheme("dark");
    first.setDiverging("RdBu");
    first.setSequential("viridis");
    first.setKeys(false);
    first.setSmooth(true);
    first.setAdvance(false);
    first.setAuthor("  Ann ");
    first.setHintSeen(true);
    const next = new Settings();
    expect([next.theme, next.divergingName, next.sequential]).toEqual(["dark", "RdBu", "viridis"]);
    expect([next.keys, next.smooth, next.advance, next.hintSeen]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(next.author).toBe("Ann");
  });

  it("are the defaults if nothing valid was kept", () => {
    localStorage.setItem("convlens.theme", "pink");
    localStorage.setItem("convlens.diverging", "magma");
    const settings = new Settings();
    expect([settings.theme, settings.diverging, settings.sequential]).toEqual([
      "auto",
      "auto",
      "magma",
    ]);
    expect([settings.keys, settings.smooth, settings.advance]).toEqual([true, false, true]);
    expect(settings.author).toBeNull();
  });

  it("follow the theme around the tab until one is chosen, and its colors with it", () => {
    const around = prefer(true);
    const settings = new Settings();
    const stop = settings.watch();
    expect([settings.dark, settings.divergingName]).toEqual([true, "berlin"]);
    around.switchTo(false);
    expect([settings.dark, settings.divergingName]).toEqual([false, "vik"]);
    settings.setTheme("dark");
    expect(settings.dark).toBe(true);
    settings.setTheme("auto");
    stop();
    around.switchTo(true);
    expect(settings.dark).toBe(false);
  });

  it("offer palettes with a center, and palettes without one", () => {
    expect(paletteNames(true)).toContain("vik");
    expect(paletteNames(false)).toContain("magma");
    expect(paletteNames(true).some((name) => paletteNames(false).includes(name))).toBe(false);
  });
});
