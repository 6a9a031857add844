// Requests about marks. Loaded with them, after the first picture.

import { json, RequestError } from "./client";
import type { MarkedFilter, Operation } from "../core/words/mark";
import type { Mark, MarkHistory, MarkRequest, Marks, UndoRequest } from "../wire";

/** Somebody else was quicker: the marks that an operation was made on are no longer there. */
export class MarkConflictError extends Error {
  constructor(
    message: string,
    readonly current: readonly Mark[],
  ) {
    super(message);
  }
}

/** The marks of a run that changed after `since`, or all where they are of another store. */
export const fetchMarks = (run: string, since: number, store: string): Promise<Marks> =>
  json("marks", { run, since, store });

export const fetchMarkHistory = ({
  run,
  path,
  call,
  channel,
}: MarkedFilter): Promise<MarkHistory> => json("mark_history", { run, path, call, channel });

/** Makes or undoes; the answer holds what changed since the operation's base. */
export function postOperation(
  run: string,
  { id, changes, base, step, session, undoes }: Operation,
  author: string,
): Promise<Marks> {
  if (undoes !== null) {
    const request: UndoRequest = { operation: id, undoes, run, since: base, author };
    return post("undo", request);
  }
  const request: MarkRequest = {
    operation: id,
    base,
    run,
    step,
    session,
    author,
    changes: changes.map(({ filter: { path, call, channel }, after }) => ({
      path,
      call,
      channel,
      ...after,
    })),
  };
  return post("mark", request);
}

/** So much of a body is still sent when the page is closed. */
const LONGEST_KEPT_ALIVE = 60_000;

/** The header, which no other site's page can set, is what the server asks for. */
async function post(route: string, body: MarkRequest | UndoRequest): Promise<Marks> {
  const headers = { "Content-Type": "application/json", "X-ConvLens": "1" };
  const text = JSON.stringify(body);
  const keepalive = text.length < LONGEST_KEPT_ALIVE;
  try {
    return await json(route, {}, { method: "POST", headers, body: text, keepalive });
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 409) throw error;
    throw new MarkConflictError(error.message, (error.answer["marks"] ?? []) as Mark[]);
  }
}
