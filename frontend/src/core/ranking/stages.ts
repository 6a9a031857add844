// Statistics before and after the activation function, where a layer has both.

import type { Layer, MapStage, Statistic } from "../../wire";
import type { Stage } from "../words/drawing";

/** What is taken from the feature map of one stage. */
const OF_MAPS: ReadonlySet<string> = new Set(["mean", "max", "std", "taylor"]);
/** What is only taken of the feature map that is passed on. */
const OF_FINAL_MAPS: ReadonlySet<string> = new Set(["apoz", "saturation"]);

type Where = Pick<Layer, "activationStage">;

/** Where the feature map stands that a statistic is taken from; "" where there is none. */
export function stageOf({ name, stage }: Statistic, { activationStage }: Where): MapStage {
  if (stage !== "") return stage;
  // Old captures do not say it: then these are of the layer's own output.
  if (OF_MAPS.has(name)) return activationStage;
  return OF_FINAL_MAPS.has(name) && activationStage !== "none" ? "after" : "";
}

/**
 * One statistic per name: that of the stage that is looked at, else the one that was captured.
 * Each says its stage.
 */
export function statisticsAt(
  statistics: readonly Statistic[],
  wanted: Stage,
  layer: Where,
): Statistic[] {
  const chosen = new Map<string, Statistic>();
  for (const one of statistics) {
    const stage = stageOf(one, layer);
    if (!chosen.has(one.name) || stage === wanted) chosen.set(one.name, { ...one, stage });
  }
  return [...chosen.values()];
}

/** "after": said of the statistics of a layer that has feature maps of two stages. */
export function stageTag({ stage }: Pick<Statistic, "stage">, { activationStage }: Where): string {
  return activationStage === "before" && (stage === "before" || stage === "after") ? stage : "";
}

/** The same in a sentence: "after the activation function". */
export function stagePhrase(statistic: Pick<Statistic, "stage">, layer: Where): string {
  const tag = stageTag(statistic, layer);
  return tag === "" ? "" : `${tag} the activation function`;
}
