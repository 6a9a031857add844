// The marks of a run: those that the server has, those being saved, and undo.
//
// A mark is shown at once. Operations are sent one after the other; each names the mark that it
// was made on, so that nobody's mark is overwritten unseen.

import { fetchMarks, MarkConflictError, postOperation } from "../../api/marks";
import { RequestError } from "../../api/client";
import {
  countByLayer,
  filterId,
  foldWaiting,
  mergeMarks,
  NO_OPINION,
  opinionOf,
  undoOf,
} from "../../core/marks/marks";
import type { Change, Operation } from "../../core/words/mark";
import { hostIsHidden } from "../../browser/host";
import type { Mark, Marks } from "../../wire";

const POLL_INTERVAL = 4000;
const RETRY_INTERVAL = 3000;
/** Operations of this visit that can be taken back. */
const MOST_UNDO = 200;
/** Sentences about damaged marks that are shown. */
const MOST_LEFT_OUT = 20;

export interface Conflict {
  operation: Operation;
  /** The marks that were there when the operation arrived. */
  current: readonly Mark[];
}

export class MarkBook {
  /** Marks as the server keeps them, removed ones among them, by `filterId`. */
  kept = $state.raw<ReadonlyMap<string, Mark>>(new Map());
  waiting = $state.raw<readonly Operation[]>([]);
  conflict = $state.raw<Conflict | null>(null);
  /** Why marks cannot be written; null if they can. */
  readOnly = $state<string | null>(null);
  /** Why the server cannot be reached; unsaved operations are sent again. */
  error = $state<string | null>(null);
  /** What the server could not take from its database for a mark, in sentences. */
  leftOut = $state.raw<readonly string[]>([]);
  /** Why a mark was not kept, until it is read. */
  refusal = $state<string | null>(null);
  /** Whom the server takes for the author, until people say otherwise. */
  suggested = $state("");
  /** Operations of this visit that can be undone, the last one last. */
  done = $state.raw<readonly Operation[]>([]);

  readonly shown = $derived(foldWaiting(this.kept, this.waiting));
  readonly counts = $derived(countByLayer(this.shown));

  /** Up to where the marks are known. */
  sequence = 0;
  #store = "";
  #sending = false;
  #author: () => string;

  constructor(
    readonly run: string,
    author: () => string,
  ) {
    this.#author = author;
  }

  /** Reads the marks now and again while the tab is seen; returns how to stop. */
  watch(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const turn = async (): Promise<void> => {
      if (!hostIsHidden()) await this.refresh();
      if (!stopped) timer = setTimeout(() => void turn(), POLL_INTERVAL);
    };
    void turn();
    const seen = () => void (hostIsHidden() || this.refresh());
    document.addEventListener("visibilitychange", seen);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }

  /** Requests the marks that are newer than the known ones. */
  async refresh(): Promise<void> {
    try {
      const answer = await fetchMarks(this.run, this.sequence, this.#store);
      const overtaken = answer.store === this.#store && answer.sequence < this.sequence;
      if (!overtaken) this.#take(answer);
      this.error = null;
    } catch (error) {
      this.error = messageOf(error);
    }
  }

  /** Makes an operation: it is shown at once and sent as soon as the ones before it are. */
  make(operation: Operation): void {
    this.waiting = [...this.waiting, operation];
    if (operation.undoes === null) this.done = [...this.done, operation].slice(-MOST_UNDO);
    void this.#send();
  }

  /** Undoes the last operation of this visit; returns it, or null if there is none. */
  undo(id: string): Operation | null {
    const last = this.done.at(-1);
    if (!last) return null;
    this.done = this.done.slice(0, -1);
    this.make(undoOf(last, id));
    return last;
  }

  /** Ends a conflict: sends the operation again, made on the marks that are there now. */
  overwrite(): void {
    const { conflict } = this;
    if (!conflict) return;
    const changes = conflict.operation.changes.map((change) => {
      const mark = this.kept.get(filterId(change.filter));
      return { ...change, before: mark ? opinionOf(mark) : NO_OPINION };
    });
    this.#resume(conflict, changes);
  }

  /** Ends a conflict: the marks of the others stay, the rest of the operation is done. */
  yield(): void {
    const { conflict } = this;
    if (!conflict) return;
    const theirs = new Set(conflict.current.map((mark) => filterId(mark)));
    const changes = conflict.operation.changes.filter(
      ({ filter }) => !theirs.has(filterId(filter)),
    );
    this.#resume(conflict, changes);
  }

  /** Sends the rest of an operation after a conflict, before everything else. */
  #resume({ operation, current }: Conflict, changes: readonly Change[]): void {
    this.conflict = null;
    const base = Math.max(this.sequence, ...current.map(({ sequence }) => sequence));
    // The rest of an undo is a mark like any other.
    const left = changes.length > 0 ? [{ ...operation, changes, base, undoes: null }] : [];
    this.waiting = [...left, ...this.waiting];
    this.done = this.done.flatMap((done) => (done.id === operation.id ? left : done));
    void this.#send();
  }

  #take(answer: Marks): void {
    const anew = answer.since === 0;
    this.kept = mergeMarks(anew ? new Map<string, Mark>() : this.kept, answer.marks);
    const told = anew ? [] : this.leftOut;
    this.leftOut = [...new Set([...told, ...answer.leftOut])].slice(0, MOST_LEFT_OUT);
    this.sequence = answer.sequence;
    this.#store = answer.store;
    this.suggested = answer.author;
    this.readOnly = answer.writing.allowed ? null : answer.writing.reason;
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.waiting.length > 0 && !this.conflict) {
      const operation = this.waiting[0];
      if (!operation || !(await this.#sendOne(operation))) break;
    }
    this.#sending = false;
  }

  /** Whether the next operation may be sent. */
  async #sendOne(operation: Operation): Promise<boolean> {
    try {
      this.#take(await postOperation(this.run, operation, this.#author()));
      this.#settle(operation);
      this.error = null;
      return true;
    } catch (error) {
      return this.#fail(operation, error);
    }
  }

  /** Takes note that an operation is kept: what waits on top of it was made on what it left. */
  #settle(operation: Operation): void {
    const ids = new Set(operation.changes.map(({ filter }) => filterId(filter)));
    const above = ({ changes }: Operation) =>
      changes.some(({ filter }) => ids.has(filterId(filter)));
    this.#drop(operation);
    this.waiting = this.waiting.map((other) =>
      above(other) ? { ...other, base: this.sequence } : other,
    );
  }

  #drop({ id }: Operation): void {
    this.waiting = this.waiting.filter((operation) => operation.id !== id);
  }

  /** Whether the next operation may be sent nevertheless. */
  #fail(operation: Operation, error: unknown): boolean {
    if (error instanceof MarkConflictError) {
      this.kept = mergeMarks(this.kept, error.current);
      this.conflict = { operation, current: error.current };
      this.#drop(operation);
      return false;
    }
    const status = error instanceof RequestError ? error.status : 0;
    if (status < 400 || status >= 500) {
      this.error = messageOf(error);
      setTimeout(() => void this.#send(), RETRY_INTERVAL);
      return false;
    }
    // Refused: asking again would be refused again.
    this.refusal = messageOf(error);
    if (status === 403) this.readOnly = this.refusal;
    this.#drop(operation);
    this.done = this.done.filter(({ id }) => id !== operation.id);
    return true;
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
