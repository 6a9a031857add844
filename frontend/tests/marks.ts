// Marks for tests, and a server that keeps them as the real one does.

import { filterId, filterOf, isEmpty, opinionOf } from "../src/core/marks/marks";
import type { MarkedFilter, Opinion } from "../src/core/words/mark";
import type { Mark, MarkChange, MarkRequest, UndoRequest } from "../src/wire";

export const makeFilter = (channel: number, changes: Partial<MarkedFilter> = {}): MarkedFilter => ({
  run: "run",
  path: "conv1",
  call: 0,
  channel,
  ...changes,
});

export const makeOpinion = (changes: Partial<Opinion> = {}): Opinion => ({
  verdict: null,
  stars: 0,
  tags: [],
  note: "",
  ...changes,
});

export const makeMark = (
  sequence: number,
  channel: number,
  opinion: Partial<Opinion> = {},
): Mark => ({
  ...makeFilter(channel),
  ...makeOpinion(opinion),
  sequence,
  operation: "before",
  author: "Ann",
  wallTime: 0,
  step: 0,
  graph: null,
  weights: null,
});

/** Keeps marks in memory; `failure` answers the next requests instead. */
export class MarkServer {
  marks = new Map<string, Mark>();
  operations = new Map<string, Mark[]>();
  readOnly: string | null = null;
  leftOut: string[] = [];
  failure: { status: number; error: string } | "silent" | null = null;
  store = "store";
  #sequence = 0;

  /** What somebody else says, at another browser. */
  say(channel: number, opinion: Partial<Opinion>, author = "Ben"): void {
    this.#keep(makeFilter(channel), makeOpinion(opinion), author);
  }

  readonly answer = async (address: string, init?: RequestInit): Promise<Response> => {
    const [route, query] = address.split("?");
    if (this.failure === "silent") throw new TypeError("Failed to fetch");
    if (this.failure)
      return Response.json({ error: this.failure.error }, { status: this.failure.status });
    if (init?.method !== "POST") {
      return this.#state(Number(new URLSearchParams(query).get("since")));
    }
    if (this.readOnly !== null) return Response.json({ error: this.readOnly }, { status: 403 });
    const body: unknown = JSON.parse(String(init.body));
    return route === "undo" ? this.#undo(body as UndoRequest) : this.#mark(body as MarkRequest);
  };

  #mark({ operation, base, run, author, changes }: MarkRequest): Response {
    if (this.operations.has(operation)) return this.#state(base);
    const filters = changes.map((change) => ({ ...change, run }));
    const newer = this.#newer(filters, base);
    if (newer.length > 0) return conflict(newer);
    this.operations.set(
      operation,
      filters.map((filter) => this.#now(filter)),
    );
    for (const filter of filters) this.#keep(filter, opinionOf(filter), author);
    return this.#state(base);
  }

  #undo({ operation, undoes, since, author }: UndoRequest): Response {
    const before = this.operations.get(undoes) ?? [];
    const newer = before
      .map((mark) => this.#now(mark))
      .filter((mark, at) => mark.author !== author && mark.author !== before[at]?.author);
    if (newer.length > 0) return conflict(newer);
    this.operations.set(operation, []);
    for (const mark of before) this.#keep(mark, opinionOf(mark), mark.author);
    return this.#state(since);
  }

  #newer(filters: readonly (MarkedFilter & MarkChange)[], base: number): Mark[] {
    return filters.map((filter) => this.#now(filter)).filter((mark) => mark.sequence > base);
  }

  #now(filter: MarkedFilter): Mark {
    return this.marks.get(filterId(filter)) ?? { ...makeMark(0, 0), ...filterOf(filter) };
  }

  #keep(filter: MarkedFilter, opinion: Opinion, author: string): void {
    this.#sequence += 1;
    const mark = { ...makeMark(this.#sequence, 0), ...filterOf(filter), ...opinion, author };
    this.marks.set(filterId(filter), mark);
  }

  #state(since: number): Response {
    const marks = [...this.marks.values()].filter((mark) => mark.sequence > since);
    const writing = { allowed: this.readOnly === null, reason: this.readOnly ?? "" };
    const { store } = this;
    const sequence = this.#sequence;
    const leftOut = since === 0 ? this.leftOut : [];
    const head = { run: "run", store, sequence, since };
    return Response.json({ ...head, marks, leftOut, writing, author: "ann" });
  }

  /** The current opinion about a filter. */
  opinion(channel: number): Opinion | null {
    const mark = this.marks.get(filterId(makeFilter(channel)));
    return mark && !isEmpty(mark) ? opinionOf(mark) : null;
  }
}

const conflict = (marks: readonly Mark[]): Response =>
  Response.json({ error: "Somebody was quicker.", marks }, { status: 409 });
