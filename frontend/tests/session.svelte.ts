// The stores of the tab without its views.

import { vi } from "vitest";

import { Session } from "../src/stores/session.svelte";
import type { Layer, Statistic } from "../src/wire";
import { makeLayer } from "./fixtures";
import { serve, type Content } from "./server";

const CHANNELS = 2;

/** An input, and two convolutions of two filters each. */
export const twoConvolutions = (): Layer[] => [
  makeLayer(0, [], { path: "image", className: "InputLayer", isConvolution: false }),
  makeLayer(1, [0], { path: "conv1", channels: CHANNELS }),
  makeLayer(2, [1], { path: "conv2", channels: CHANNELS }),
];

export const makeStatistic = (name: string, ...values: (number | null)[]): Statistic => ({
  name,
  perInput: false,
  stage: "",
  values,
});

const open: (() => void)[] = [];

/** Makes something with effects, which `closeAll` ends. */
export function inTestRoot<T>(make: () => T): T {
  const made: T[] = [];
  open.push(
    $effect.root(() => {
      made.push(make());
    }),
  );
  return made[0] as T;
}

export function closeAll(): void {
  for (const close of open.splice(0)) close();
  // What outlives a test, such as the polling of marks, asks nobody any more.
  vi.stubGlobal("fetch", () => new Promise(() => {}));
}

interface Opened {
  session: Session;
  /** Addresses that were asked for. */
  asked: string[];
}

/** Opens a link on a small server, the grid on screen, and returns once its filter is there. */
export async function openSession(link = "", content: Partial<Content> = {}): Promise<Opened> {
  localStorage.clear();
  location.hash = link === "" ? "" : `#convlens&${link}`;
  const asked = serve({ layers: twoConvolutions(), steps: [0, 1, 2], ...content });
  const session = inTestRoot(() => new Session());
  session.tilesShown = true;
  const { captures, filter } = session;
  const isShown = () => session.selection.comparing || filter.isCurrent;
  await until(() => captures.current !== null && isShown() && session.ranking !== null);
  return { session, asked };
}

/** Returns once something holds. */
export const until = (holds: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!holds()) throw new Error(`This never held: ${String(holds)}`);
    },
    { timeout: 4000, interval: 5 },
  );
