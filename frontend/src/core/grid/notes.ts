// The text beside a filter of the grid: the value that the grid is sorted by.

import type { Statistic } from "../../wire";
import { briefText, shareText } from "../text/format";
import { isShare } from "../ranking/statistics";

const valuesOf = (statistics: readonly Statistic[], name: string) =>
  statistics.find((statistic) => statistic.name === name)?.values;

/** The filter that another one is redundant with; null where it is not said. */
export function partnerOf(statistics: readonly Statistic[], channel: number): number | null {
  return valuesOf(statistics, "redundant_with")?.[channel] ?? null;
}

export interface Note {
  note: string;
  /** In its place where there is less room. */
  brief: string;
}

const NO_NOTE: Note = { note: "", brief: "" };

/** The note beside a filter: its value; none for an order by number. */
export function notesOf(statistics: readonly Statistic[], name: string): (channel: number) => Note {
  const values = valuesOf(statistics, name);
  if (!values) return () => NO_NOTE;
  const text = isShare(name) ? shareText : briefText;
  return (channel) => {
    const value = values[channel] ?? null;
    const brief = value === null ? "–" : text(value);
    const partner = name === "redundancy" ? partnerOf(statistics, channel) : null;
    return { brief, note: partner === null ? brief : `${brief} #${partner}` };
  };
}
