// Plays the steps one after the other.

import type { Session } from "./session.svelte";

/** Milliseconds that a step stays on screen. */
const INTERVAL = 700;

/** Goes on to the next step once the present one is on screen; returns how to stop. */
export function playOn(session: Session): (() => void) | undefined {
  const { captures, stepPlace } = session;
  if (!session.playing || captures.view.loading || captures.step.loading) return undefined;
  const timer = setTimeout(() => {
    if (stepPlace >= captures.steps.length - 1) session.playing = false;
    else session.selectStep(stepPlace + 1);
  }, INTERVAL);
  return () => clearTimeout(timer);
}
