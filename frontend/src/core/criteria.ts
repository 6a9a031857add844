// What each criterion is: formula, source, direction, and what it does not say.

import { CRITERIA, type Criterion } from "./criteria.gen";

const BY_NAME: ReadonlyMap<string, Criterion> = new Map(
  CRITERIA.map((criterion) => [criterion.name, criterion]),
);

export function criterionOf(name: string): Criterion | null {
  return BY_NAME.get(name) ?? null;
}
