// What people say about filters: the words that orders, marks and requests share.

import type { Mark } from "../../wire";

/** Which filter a mark is about. */
export type MarkedFilter = Pick<Mark, "run" | "path" | "call" | "channel">;

/** The opinion about it. */
export type Opinion = Pick<Mark, "verdict" | "stars" | "tags" | "note">;

/** What is to be changed about one filter, and what was seen of it before. */
export interface Change {
  filter: MarkedFilter;
  before: Opinion;
  after: Opinion;
}

/** Changes that are made, and undone, together. */
export interface Operation {
  id: string;
  changes: readonly Change[];
  /** Sequence up to which the marks were known: a filter that changed later is a conflict. */
  base: number;
  /** The capture that was looked at. */
  step: number;
  session: string;
  /** Id of the operation that this one takes back. */
  undoes: string | null;
}
