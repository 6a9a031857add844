// Commands about how filters are drawn: method, stage, color scale, size.

import { following, SCALE_MODES } from "../core/link/choices";
import type { ScaleMode } from "../core/words/drawing";
import { resizedTile } from "../core/grid/grid";
import { capturedMethods, capturedStages } from "../core/pictures/method";
import type { Session } from "./session.svelte";

export function nextMethod({ captures, selection }: Session): void {
  const capture = captures.shown?.capture;
  if (!capture) return;
  selection.choices.method = following(capturedMethods(capture), selection.choices.method);
}

/** Feature maps before or after the activation function, where the layer has both. */
export function switchStage({ captures, selection }: Session): void {
  const { shown } = captures;
  const { choices } = selection;
  if (shown?.method !== "activation" || capturedStages(shown.capture).length === 0) return;
  choices.stage = choices.stage === "after" ? "before" : "after";
}

export function setScale({ selection, layerRange }: Session, mode: ScaleMode): void {
  if (mode === "fixed" && selection.choices.fixed === null) {
    selection.choices.fixed = Number(layerRange.toPrecision(2)) || 1;
  }
  selection.choices.scale = mode;
}

export function nextScale(session: Session): void {
  setScale(session, following(SCALE_MODES, session.selection.choices.scale));
}

/** Makes the tiles larger or smaller than `current`, their present size in pixels. */
export function resizeTiles({ selection }: Session, by: 1 | -1, current: number): void {
  selection.choices.size = resizedTile(current, by);
}
