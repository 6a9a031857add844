// Marks: what people say about filters, as the server keeps them and before they are saved.

import type { Mark } from "../../wire";
import type { MarkedFilter, Operation, Opinion } from "../words/mark";
import { plainText } from "../text/format";
import type { VerdictCounts } from "./verdicts";

export const MOST_STARS = 5;

export const NO_OPINION: Opinion = { verdict: null, stars: 0, tags: [], note: "" };

export function isEmpty(opinion: Opinion): boolean {
  return sameOpinion(opinion, NO_OPINION);
}

export function sameOpinion(a: Opinion, b: Opinion): boolean {
  return (
    a.verdict === b.verdict &&
    a.stars === b.stars &&
    a.note === b.note &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, at) => tag === b.tags[at])
  );
}

/** Whether a mark was made on other weights than a layer has; false where either is not known. */
export function isOutdated(mark: Mark | null, weights: string | null): boolean {
  const then = mark && !isEmpty(mark) ? mark.weights : null;
  return then !== null && weights !== null && then !== weights;
}

export const opinionOf = ({ verdict, stars, tags, note }: Opinion): Opinion => ({
  verdict,
  stars,
  tags,
  note,
});

export const filterOf = ({ run, path, call, channel }: MarkedFilter): MarkedFilter => ({
  run,
  path,
  call,
  channel,
});

/** Names a filter of a run in maps: the layer's path and call, and the channel. */
export function filterId({ path, call, channel }: Omit<MarkedFilter, "run">): string {
  return JSON.stringify([path, call, channel]);
}

/** The marks as they will be once everything that is on its way has arrived. */
export function foldWaiting(
  kept: ReadonlyMap<string, Mark>,
  waiting: readonly Operation[],
): Map<string, Opinion> {
  const shown = new Map<string, Opinion>();
  for (const [id, mark] of kept) if (!isEmpty(mark)) shown.set(id, opinionOf(mark));
  for (const { changes } of waiting) {
    for (const { filter, after } of changes) {
      const id = filterId(filter);
      if (isEmpty(after)) shown.delete(id);
      else shown.set(id, after);
    }
  }
  return shown;
}

/** The operation that takes another one back: every filter is as it was before it. */
export function undoOf(operation: Operation, id: string): Operation {
  const changes = operation.changes.map(({ filter, before, after }) => ({
    filter,
    before: after,
    after: before,
  }));
  return { ...operation, id, changes, undoes: operation.id };
}

/** Adds newer marks of the server; an answer may hold ones that are known. */
export function mergeMarks(
  kept: ReadonlyMap<string, Mark>,
  newer: readonly Mark[],
): ReadonlyMap<string, Mark> {
  if (newer.length === 0) return kept;
  const merged = new Map(kept);
  for (const mark of newer) {
    const id = filterId(mark);
    if ((merged.get(id)?.sequence ?? 0) < mark.sequence) merged.set(id, mark);
  }
  return merged;
}

export const NO_COUNTS: VerdictCounts = { useful: 0, useless: 0, unsure: 0, marked: 0 };

export const addCounts = (a: VerdictCounts, b: VerdictCounts): VerdictCounts => ({
  useful: a.useful + b.useful,
  useless: a.useless + b.useless,
  unsure: a.unsure + b.unsure,
  marked: a.marked + b.marked,
});

/** Counts per layer, by the layer's path and call. */
export function countByLayer(shown: ReadonlyMap<string, Opinion>): Map<string, VerdictCounts> {
  const counts = new Map<string, VerdictCounts>();
  for (const [id, opinion] of shown) {
    const [path, call] = JSON.parse(id) as [string, number];
    const key = layerId(path, call);
    const count = counts.get(key) ?? { ...NO_COUNTS };
    count.marked += 1;
    if (opinion.verdict) count[opinion.verdict] += 1;
    counts.set(key, count);
  }
  return counts;
}

export const layerId = (path: string, call: number): string => JSON.stringify([path, call]);

/** Tags as they are typed, separated by commas, as the server keeps them: sorted, each once. */
export function parseTags(text: string): string[] {
  const tags = text
    .split(/[,\n]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  return [...new Set(tags)].sort();
}

/** An opinion in words, for screen readers and messages. */
export function opinionText({ verdict, stars, tags, note }: Opinion): string {
  const parts = [
    verdict ?? "",
    stars > 0 ? `${stars} ${stars === 1 ? "star" : "stars"}` : "",
    tags.length > 0 ? `tags ${plainText(tags.join(", "), 200)}` : "",
    note === "" ? "" : "a note",
  ];
  return parts.filter((part) => part !== "").join(", ") || "no mark";
}
