// Class probabilities of several captures, paired by class.

import type { ClassProbability, Prediction } from "../../wire";
import { className } from "../text/classes";

/** One class, and its probability in each capture. */
export interface PairedClass {
  name: string;
  classIndex: number;
  /** Null where the class is not among those that a capture keeps. */
  probabilities: (number | null)[];
}

/** A class is the same where its name is: two models may number them differently. */
const identity = (entry: ClassProbability): string => className(entry);

/** Classes that any capture gives at least `threshold`, the most probable of any first. */
export function pairClasses(
  predictions: readonly (Prediction | null)[],
  { most, threshold }: { most: number; threshold: number },
): PairedClass[] {
  const found = new Map<string, PairedClass>();
  predictions.forEach((prediction, place) => {
    for (const entry of prediction?.classes ?? []) {
      const known = found.get(identity(entry)) ?? {
        name: className(entry),
        classIndex: entry.classIndex,
        probabilities: predictions.map(() => null),
      };
      known.probabilities[place] = entry.probability;
      found.set(identity(entry), known);
    }
  });
  const largest = ({ probabilities }: PairedClass) =>
    Math.max(...probabilities.map((one) => one ?? 0));
  return [...found.values()]
    .filter((one) => largest(one) >= threshold)
    .sort((a, b) => largest(b) - largest(a) || a.classIndex - b.classIndex)
    .slice(0, most);
}
