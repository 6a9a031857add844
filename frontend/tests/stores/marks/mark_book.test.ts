import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { filterId } from "../../../src/core/marks/marks";
import type { Operation, Opinion } from "../../../src/core/words/mark";
import { MarkBook } from "../../../src/stores/marks/mark_book.svelte";
import { makeFilter, makeOpinion, MarkServer } from "../../marks";

let server: MarkServer;
let book: MarkBook;
let count = 0;

beforeEach(() => {
  vi.useFakeTimers();
  server = new MarkServer();
  vi.stubGlobal("fetch", server.answer);
  book = new MarkBook("run", () => "Ann");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const AT = { step: 0, session: "s" };
const useless = makeOpinion({ verdict: "useless" });
const useful = makeOpinion({ verdict: "useful" });
const seen = (channel: number) => book.shown.get(filterId(makeFilter(channel))) ?? null;
const settle = () => vi.advanceTimersByTimeAsync(0);

function say(after: Opinion, ...channels: number[]): Operation {
  const changes = channels.map((channel) => ({
    filter: makeFilter(channel),
    before: seen(channel) ?? makeOpinion(),
    after,
  }));
  const operation = {
    id: `operation-${(count += 1)}`,
    changes,
    base: book.sequence,
    undoes: null,
    ...AT,
  };
  book.make(operation);
  return operation;
}

describe("the marks of a run", () => {
  it("are shown at once and kept soon", async () => {
    say(useless, 3);
    expect(seen(3)).toEqual(useless);
    expect(book.waiting.length).toBe(1);
    await settle();
    expect(server.opinion(3)).toEqual(useless);
    expect([book.waiting.length, seen(3)]).toEqual([0, useless]);
  });

  it("may be changed again while they are on their way", async () => {
    say(useless, 3);
    say(useful, 3);
    say(makeOpinion({ stars: 5 }), 3);
    await settle();
    expect(server.opinion(3)).toEqual(makeOpinion({ stars: 5 }));
    expect(book.conflict).toBeNull();
  });

  it("appear when somebody else makes them", async () => {
    const stop = book.watch();
    await settle();
    server.say(7, useful);
    await vi.advanceTimersByTimeAsync(5000);
    expect(seen(7)).toEqual(useful);
    stop();
    server.say(8, useful);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen(8)).toBeNull();
  });

  it("are not asked for while nobody sees the tab", async () => {
    const stop = book.watch();
    await settle();
    vi.stubGlobal("innerHeight", 0);
    server.say(7, useful);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen(7)).toBeNull();
    vi.stubGlobal("innerHeight", 800);
    await vi.advanceTimersByTimeAsync(5000);
    expect(seen(7)).toEqual(useful);
    stop();
  });

  it("are undone one operation at a time", async () => {
    say(useful, 1);
    say(useless, 1, 2, 3);
    await settle();
    expect(book.undo("undo-bulk")?.changes.length).toBe(3);
    await settle();
    expect([1, 2, 3].map((at) => server.opinion(at))).toEqual([useful, null, null]);
    book.undo("undo-first");
    await settle();
    expect(server.opinion(1)).toBeNull();
    expect(book.undo("undo-none")).toBeNull();
  });

  it("ask whose mark to keep if somebody else was faster: mine", async () => {
    server.say(2, useful);
    say(useless, 2, 4);
    await settle();
    expect(book.conflict?.current.map((mark) => mark.author)).toEqual(["Ben"]);
    expect(server.opinion(4)).toBeNull();
    book.overwrite();
    await settle();
    expect([server.opinion(2), server.opinion(4)]).toEqual([useless, useless]);
    book.undo("undo-mine");
    await settle();
    expect([server.opinion(2), server.opinion(4)]).toEqual([useful, null]);
  });

  it("ask whose mark to keep if somebody else was faster: theirs", async () => {
    server.say(2, useful);
    say(useless, 2, 4);
    await settle();
    book.yield();
    await settle();
    expect([server.opinion(2), server.opinion(4)]).toEqual([useful, useless]);
    expect(seen(2)).toEqual(useful);
  });

  it("cannot be undone if theirs stayed", async () => {
    server.say(2, useful);
    say(useless, 2);
    await settle();
    book.yield();
    expect(book.undo("undo-nothing")).toBeNull();
  });

  it("ask the same of an undo", async () => {
    say(useless, 2);
    await settle();
    server.say(2, useful);
    book.undo("undo-late");
    await settle();
    expect(book.conflict?.current[0]?.verdict).toBe("useful");
  });

  it("wait while the server is silent, and say so", async () => {
    server.failure = "silent";
    say(useless, 3);
    await settle();
    expect(book.error).toMatch(/does not answer/);
    expect([seen(3), book.waiting.length]).toEqual([useless, 1]);
    server.failure = null;
    await vi.advanceTimersByTimeAsync(4000);
    expect([server.opinion(3), book.error]).toEqual([useless, null]);
  });

  it("wait while the disk is full, without a mark being lost or made twice", async () => {
    server.failure = { status: 507, error: "The disk is full." };
    say(useless, 3);
    say(useless, 4);
    await settle();
    server.failure = null;
    await vi.advanceTimersByTimeAsync(4000);
    expect(server.operations.size).toBe(2);
    expect([server.opinion(3), server.opinion(4)]).toEqual([useless, useless]);
  });

  it("are not shown if the server refuses them; the reason is shown", async () => {
    server.failure = { status: 400, error: "A tag has no commas." };
    say(useless, 3);
    await settle();
    expect([seen(3), book.refusal, book.waiting.length]).toEqual([null, "A tag has no commas.", 0]);
    expect(book.undo("undo-refused")).toBeNull();
  });

  it("that the server cannot read are reported until all are read again", async () => {
    server.leftOut = ["Change 3 of the marks is left out: A star."];
    server.say(1, { verdict: "useful" });
    await book.refresh();
    expect(book.leftOut).toEqual(server.leftOut);
    await book.refresh();
    expect(book.leftOut).toEqual(server.leftOut);
    server.leftOut = [];
    server.store = "another";
    book.sequence = 0;
    await book.refresh();
    expect(book.leftOut).toEqual([]);
  });

  it("are read-only if the server reports it", async () => {
    server.readOnly = "The logs are read-only.";
    await book.refresh();
    expect(book.readOnly).toBe("The logs are read-only.");
    say(useless, 3);
    await settle();
    expect(seen(3)).toBeNull();
  });
});
