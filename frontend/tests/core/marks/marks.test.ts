import { describe, expect, it } from "vitest";

import { agoText } from "../../../src/core/text/ago";
import {
  countByLayer,
  filterId,
  foldWaiting,
  isEmpty,
  isOutdated,
  layerId,
  mergeMarks,
  NO_OPINION,
  opinionText,
  parseTags,
  sameOpinion,
  undoOf,
} from "../../../src/core/marks/marks";
import type { Operation } from "../../../src/core/words/mark";
import { signSize } from "../../../src/core/marks/tile_marks";
import type { Mark } from "../../../src/wire";
import { makeFilter, makeMark, makeOpinion } from "../../marks";

const operation = (changes: Operation["changes"], id = "one"): Operation => ({
  id,
  changes,
  base: 0,
  step: 0,
  session: "s",
  undoes: null,
});
const useless = makeOpinion({ verdict: "useless" });
const kept = (...marks: Mark[]) => mergeMarks(new Map(), marks);

describe("marks", () => {
  it("are those of the server with what is on its way on top", () => {
    const waiting = operation([
      { filter: makeFilter(0), before: NO_OPINION, after: useless },
      { filter: makeFilter(1), before: useless, after: NO_OPINION },
    ]);
    const shown = foldWaiting(kept(makeMark(4, 1, useless), makeMark(5, 2, { stars: 2 })), [
      waiting,
    ]);
    expect(shown.get(filterId(makeFilter(0)))).toEqual(useless);
    expect(shown.has(filterId(makeFilter(1)))).toBe(false);
    expect(shown.get(filterId(makeFilter(2)))?.stars).toBe(2);
  });

  it("show nothing for a removed mark", () => {
    expect(foldWaiting(kept(makeMark(1, 0)), []).size).toBe(0);
  });

  it("take the newest of each filter, in whatever order they come", () => {
    const marks = mergeMarks(kept(makeMark(3, 0, { stars: 3 })), [makeMark(2, 0, { stars: 2 })]);
    expect(marks.get(filterId(makeFilter(0)))?.stars).toBe(3);
    expect(mergeMarks(marks, [])).toBe(marks);
  });

  it("tell filters with odd paths apart", () => {
    const ids = [
      filterId(makeFilter(1, { path: 'a",0,1]' })),
      filterId(makeFilter(1, { path: "a" })),
      filterId(makeFilter(1, { path: "a", call: 1 })),
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it("are undone in one go", () => {
    const bulk = operation([
      { filter: makeFilter(0), before: NO_OPINION, after: useless },
      { filter: makeFilter(1), before: makeOpinion({ stars: 1 }), after: useless },
    ]);
    const shown = foldWaiting(new Map(), [bulk, undoOf(bulk, "two")]);
    expect([...shown.values()]).toEqual([makeOpinion({ stars: 1 })]);
    expect(undoOf(bulk, "two").undoes).toBe("one");
  });

  it("are counted by layer and call", () => {
    const shown = foldWaiting(
      kept(
        makeMark(1, 0, { verdict: "useless" }),
        makeMark(2, 1, { verdict: "useful" }),
        makeMark(3, 2, { stars: 1 }),
        { ...makeMark(4, 0, useless), ...makeFilter(0, { call: 1 }) },
      ),
      [],
    );
    const counts = countByLayer(shown);
    expect(counts.get(layerId("conv1", 0))).toEqual({
      useful: 1,
      useless: 1,
      unsure: 0,
      marked: 3,
    });
    expect(counts.get(layerId("conv1", 1))?.useless).toBe(1);
  });

  it("are equal where every part is", () => {
    expect(sameOpinion(makeOpinion({ tags: ["a"] }), makeOpinion({ tags: ["a"] }))).toBe(true);
    for (const part of [
      { stars: 1 },
      { verdict: "unsure" as const },
      { tags: ["a"] },
      { note: "a" },
    ])
      expect(isEmpty(makeOpinion(part))).toBe(false);
  });

  it("have tags, sorted, each once", () => {
    expect(parseTags(" edge, blob,edge ,,\nred ")).toEqual(["blob", "edge", "red"]);
    expect(parseTags(" , ")).toEqual([]);
  });

  it("are described in words", () => {
    const all = makeOpinion({ verdict: "useful", stars: 1, tags: ["a", "b"], note: "x" });
    expect(opinionText(all)).toBe("useful, 1 star, tags a, b, a note");
    expect(opinionText(NO_OPINION)).toBe("no mark");
    expect(opinionText(makeOpinion({ tags: ["a\u202eb"] }))).toBe("tags a�b");
  });

  it("say how long ago they were made", () => {
    const day = 86_400;
    expect([0, 59, 61, 7200, 3 * day].map((ago) => agoText(1e9 - ago, 1e9))).toEqual([
      "just now",
      "just now",
      "1 minute ago",
      "2 hours ago",
      "3 days ago",
    ]);
    expect(agoText(1e9 - 20 * day, 1e9)).toMatch(/2001/);
    expect(agoText(1e9 + 5, 1e9)).toBe("just now");
  });

  it("are outdated once the layer has other weights, where both are known", () => {
    const mark = { ...makeMark(1, 0, { verdict: "useful" }), weights: "a" };
    expect(isOutdated(mark, "b")).toBe(true);
    expect(isOutdated(mark, "a")).toBe(false);
    expect(isOutdated(mark, null)).toBe(false);
    expect(isOutdated({ ...mark, weights: null }, "b")).toBe(false);
    expect(isOutdated({ ...mark, verdict: null }, "b")).toBe(false);
    expect(isOutdated(null, "b")).toBe(false);
  });

  it("have signs that fit their tile", () => {
    expect(signSize({ width: 8, height: 8 })).toBe(6);
    expect(signSize({ width: 40, height: 40 })).toBe(14);
    expect(signSize({ width: 300, height: 300 })).toBe(18);
  });
});
