// What each criterion is: formula, source, direction, and what it does not say.

import { CRITERIA, type CriterionName } from "./criteria.gen";
import { CRITERION_CARDS, type CriterionCard } from "./criterion_cards.gen";

export type Criterion = CriterionName & CriterionCard;

const NAMES: ReadonlyMap<string, CriterionName> = new Map(CRITERIA.map((one) => [one.name, one]));
const BY_NAME: ReadonlyMap<string, Criterion> = new Map(
  CRITERION_CARDS.flatMap((card) => {
    const name = NAMES.get(card.name);
    return name ? [[card.name, { ...name, ...card }] as const] : [];
  }),
);

export function criterionOf(name: string): Criterion | null {
  return BY_NAME.get(name) ?? null;
}
