// Which classes of a prediction are shown, and what is left out.

import type { ClassProbability, Prediction } from "../../wire";

export interface ShownClasses {
  classes: ClassProbability[];
  /** How many classes are not shown, and the sum of their probabilities. */
  omitted: number;
  omittedProbability: number;
}

/** The most probable classes: at most `most`, none below `threshold`. */
export function showClasses(prediction: Prediction, most: number, threshold: number): ShownClasses {
  const classes = prediction.classes
    .slice(0, most)
    .filter((entry) => entry.probability >= threshold);
  const rest = prediction.classes.slice(classes.length);
  return {
    classes,
    omitted: prediction.omitted + rest.length,
    omittedProbability: rest.reduce(
      (sum, entry) => sum + entry.probability,
      prediction.omittedProbability,
    ),
  };
}

export function className(entry: ClassProbability): string {
  return entry.name === "" ? `class ${entry.classIndex}` : entry.name;
}
