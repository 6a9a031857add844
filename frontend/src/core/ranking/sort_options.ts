// What the grid can be sorted by, and why it cannot be sorted by the rest.

import type { Statistic } from "../../wire";
import { criterionOf } from "./criteria";
import { CRITERIA } from "./criteria.gen";
import { plainText } from "../text/format";
import { statisticName } from "./statistics";

export interface SortOption {
  name: string;
  text: string;
  /** Whether the layer has no value of it; the text then says what it needs. */
  isMissing: boolean;
}

/** Statistics that say something about others, and are no order of filters. */
const EVIDENCE: ReadonlySet<string> = new Set(["redundant_with", "kernel_cosine"]);

/** The number, every criterion of the table, then what else was captured. */
export function sortOptions(statistics: readonly Statistic[]): SortOption[] {
  const known = new Map(
    statistics.map(({ name, values }) => [name, values.some((value) => value !== null)]),
  );
  const criteria = CRITERIA.map(({ name, title }) => {
    const isMissing = !known.get(name);
    const needs = criterionOf(name)?.needs ?? "";
    return { name, text: isMissing ? `${title}: needs ${needs}` : title, isMissing };
  });
  const others = [...known].flatMap(([name, isKnown]) =>
    criterionOf(name) || EVIDENCE.has(name) ? [] : [otherOption(name, isKnown)],
  );
  return [{ name: "index", text: "Number", isMissing: false }, ...criteria, ...others];
}

function otherOption(name: string, isKnown: boolean): SortOption {
  const text = plainText(statisticName(name), 60);
  return { name, text: isKnown ? text : `${text}: not defined here`, isMissing: !isKnown };
}
