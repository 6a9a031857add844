// How a person likes the tab: kept in the browser, not in links.

import { PALETTES, type PaletteName } from "../core/pictures/colormaps.gen";
import { recall, remember, watchDarkMode } from "../browser/host";

export type ThemeChoice = "auto" | "light" | "dark";

/** "auto": vik in light mode, berlin in dark mode. */
export type DivergingChoice = "auto" | PaletteName;

export class Settings {
  theme = $state<ThemeChoice>(oneOf(["auto", "light", "dark"], recall("theme"), "auto"));
  diverging = $state<DivergingChoice>(paletteFrom(recall("diverging"), true) ?? "auto");
  sequential = $state<PaletteName>(paletteFrom(recall("sequential"), false) ?? "magma");
  /** Whether single keys are commands (WCAG 2.1.4 wants a switch). */
  keys = $state(recall("keys") !== "off");
  /** Whether the magnified map is drawn smoothly; sharp pixels are the honest default. */
  smooth = $state(recall("smooth") === "on");
  /** Whether the next filter is selected after a mark. */
  advance = $state(recall("advance") !== "off");
  /** Author of marks; null: not asked yet. Empty: the person gave no name. */
  author = $state(recall("author"));
  hintSeen = $state(recall("hint") === "seen");

  hostDark = $state(false);
  readonly dark = $derived(this.theme === "auto" ? this.hostDark : this.theme === "dark");
  readonly divergingName = $derived<PaletteName>(
    this.diverging === "auto" ? (this.dark ? "berlin" : "vik") : this.diverging,
  );

  /** Follows TensorBoard's switch; returns how to stop. */
  watch(): () => void {
    return watchDarkMode((dark) => (this.hostDark = dark));
  }

  setTheme(theme: ThemeChoice): void {
    this.theme = theme;
    remember("theme", theme);
  }

  setDiverging(name: DivergingChoice): void {
    this.diverging = name;
    remember("diverging", name);
  }

  setSequential(name: PaletteName): void {
    this.sequential = name;
    remember("sequential", name);
  }

  setKeys(on: boolean): void {
    this.keys = on;
    remember("keys", on ? "on" : "off");
  }

  setSmooth(on: boolean): void {
    this.smooth = on;
    remember("smooth", on ? "on" : "off");
  }

  setAdvance(on: boolean): void {
    this.advance = on;
    remember("advance", on ? "on" : "off");
  }

  setAuthor(name: string): void {
    this.author = name.trim();
    remember("author", this.author);
  }

  setHintSeen(seen: boolean): void {
    this.hintSeen = seen;
    remember("hint", seen ? "seen" : "");
  }
}

export const paletteNames = (diverging: boolean): PaletteName[] =>
  (Object.keys(PALETTES) as PaletteName[]).filter((name) => PALETTES[name].diverging === diverging);

function paletteFrom(text: string | null, diverging: boolean): PaletteName | null {
  return paletteNames(diverging).find((name) => name === text) ?? null;
}

function oneOf<T extends string>(values: readonly T[], text: string | null, usual: T): T {
  return values.find((value) => value === text) ?? usual;
}
