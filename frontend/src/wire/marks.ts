// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

import type { OperationKind, Verdict } from "./words";

/**
 * An opinion about a filter: its author, time, and the capture that they looked at.
 *
 * `stars` is 1 to 5, or 0 for none. A mark without content was removed. `step`, `graph`
 * and `weights` are of the capture that the mark was made on; if `weights` differs from
 * `LayerSummary.weights`, the layer's weights have changed since. `sequence` is that of the
 * last change, `operation` what it was part of.
 */
export interface Mark {
  run: string;
  path: string;
  call: number;
  channel: number;
  verdict: Verdict | null;
  stars: number;
  tags: string[];
  note: string;
  author: string;
  wallTime: number;
  step: number | null;
  graph: string | null;
  weights: string | null;
  sequence: number;
  operation: string;
}

/** Whether marks can be changed; if not, `reason` is a sentence to show. */
export interface Writing {
  allowed: boolean;
  reason: string;
}

/**
 * Answer of /marks, /mark and /undo: the marks of a run that changed after `since`.
 *
 * `since` is 0 if these are all marks; removed ones are then left out. Send this `sequence`
 * and `store` with the next request. `leftOut` has a sentence about each row of the
 * database that is not valid. `author` is the author to suggest; empty if it is unknown.
 */
export interface Marks {
  run: string;
  store: string;
  sequence: number;
  since: number;
  marks: Mark[];
  leftOut: string[];
  writing: Writing;
  author: string;
}

/** The whole new mark of one filter; without verdict, stars, tags and note it is removed. */
export interface MarkChange {
  path: string;
  call: number;
  channel: number;
  verdict: Verdict | null;
  stars: number;
  tags: string[];
  note: string;
}

/**
 * Body of /mark: changes that are made, and undone, together.
 *
 * `operation` is an id that the client chooses (a random UUID): the same request, sent again
 * after an answer that never came, has no effect. `base` is the `sequence` up to which the
 * client knows the marks of the run: a filter that was changed after it is a conflict.
 * `step` and `session` name the capture that the client looked at.
 */
export interface MarkRequest {
  operation: string;
  base: number;
  run: string;
  step: number;
  session: string;
  author: string;
  changes: MarkChange[];
}

/**
 * Body of /undo: every filter of the operation `undoes` gets the mark it had before.
 *
 * `operation` as in `MarkRequest`; `since` selects the marks of the answer.
 */
export interface UndoRequest {
  operation: string;
  undoes: string;
  run: string;
  since: number;
  author: string;
}

/**
 * One change of a mark: its author, its time, and the mark after it.
 *
 * `undoes` is the operation that an undo undid. `author` and `wallTime` are of the
 * operation; of an undo or an import they may differ from the mark's.
 */
export interface MarkEvent {
  kind: OperationKind;
  undoes: string | null;
  author: string;
  wallTime: number;
  mark: Mark;
}

/**
 * Answer of /mark_history: every change of the mark of one filter, the oldest first.
 *
 * `leftOut` as in `Marks`.
 */
export interface MarkHistory {
  run: string;
  path: string;
  call: number;
  channel: number;
  events: MarkEvent[];
  leftOut: string[];
}

/** Body of an answer 409: somebody was faster; `marks` are the current marks. */
export interface MarkConflict {
  error: string;
  marks: Mark[];
}
