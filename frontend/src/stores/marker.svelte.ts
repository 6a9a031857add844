// Marking: what keys and buttons do to the selected filter, or to the picked ones.
//
// Loaded after the first picture; the session waits for it where a key is faster.

import {
  filterId,
  isOutdated,
  layerId,
  addCounts,
  NO_COUNTS,
  NO_OPINION,
  opinionText,
  sameOpinion,
  type Change,
  type MarkedFilter,
  type Opinion,
} from "../core/marks";
import type { VerdictCounts } from "../core/verdicts";
import { nextInOrder, targets } from "../core/picking";
import { markColors } from "../core/theme";
import { drawTileMark } from "../core/tile_marks";
import type { Decoration } from "../core/tile_renderer";
import { plural } from "../core/format";
import type { Layer, Mark, Verdict } from "../wire";
import { MarkBook } from "./mark_book.svelte";
import type { Session } from "./session.svelte";

export class Marker {
  book = $state.raw<MarkBook | null>(null);
  /** What waits for the name of its author. */
  asking = $state.raw<(() => void) | null>(null);

  constructor(private readonly session: Session) {
    const run = $derived(session.captures.run?.run ?? null);
    $effect(() => {
      if (run === null) return undefined;
      const book = new MarkBook(run, () => session.settings.author ?? "");
      this.book = book;
      return book.watch();
    });
  }

  /** What is said about a filter of the selected layer. */
  opinionOf(channel: number): Opinion | null {
    const filter = this.#filter(channel);
    return (filter && this.book?.shown.get(filterId(filter))) ?? null;
  }

  /** The mark of a filter of the selected layer as the server keeps it. */
  markOf(channel: number): Mark | null {
    const filter = this.#filter(channel);
    return (filter && this.book?.kept.get(filterId(filter))) || null;
  }

  /** Whether the filter's layer has other weights now than when it was marked. */
  isOutdated(channel: number): boolean {
    const { layer, captured } = this.session.captures;
    return isOutdated(this.markOf(channel), (layer && captured.get(layer.index)?.weights) ?? null);
  }

  /** How many marks of the selected layer are of other weights. */
  readonly outdated = $derived.by(() => {
    const channels = this.session.captures.view.value?.planes?.channels ?? 0;
    let count = 0;
    for (let channel = 0; channel < channels; channel++) if (this.isOutdated(channel)) count++;
    return count;
  });

  /** Counts over these layers. */
  countsOf(layers: readonly Pick<Layer, "path" | "call">[]): VerdictCounts {
    const counts = this.book?.counts;
    if (!counts) return NO_COUNTS;
    return layers
      .flatMap(({ path, call }) => counts.get(layerId(path, call)) ?? [])
      .reduce(addCounts, NO_COUNTS);
  }

  /** What a screen reader adds about a filter. */
  spoken(channel: number): string {
    const opinion = this.opinionOf(channel);
    if (!opinion) return "";
    return `, ${opinionText(opinion)}${this.isOutdated(channel) ? ", said of other weights" : ""}`;
  }

  /** Draws marks onto tiles; a new function whenever there is something new to draw. */
  decorate(dark: boolean, picked: ReadonlySet<number>): Decoration {
    const colors = markColors(dark);
    const shown = this.book?.shown;
    const { layer } = this.session.captures;
    return (context, channel, box) => {
      const id = layer && filterId({ path: layer.path, call: layer.call, channel });
      const opinion = (id && shown?.get(id)) || null;
      const outdated = this.isOutdated(channel);
      drawTileMark(context, box, { opinion, outdated, picked: picked.has(channel), colors });
    };
  }

  judge(verdict: Verdict | null, stay: boolean): void {
    this.#mark((opinion) => ({ ...opinion, verdict }), stay);
  }

  rate(stars: number, stay: boolean): void {
    this.#mark((opinion) => ({ ...opinion, stars }), stay);
  }

  /** Takes verdict and stars back; tags and the note stay. */
  clear(stay: boolean): void {
    this.#mark((opinion) => ({ ...opinion, verdict: null, stars: 0 }), stay);
  }

  describe(tags: readonly string[], note: string): void {
    this.#mark((opinion) => ({ ...opinion, tags: [...tags], note }), true);
  }

  addTags(tags: readonly string[]): void {
    const joined = (old: readonly string[]) => [...new Set([...old, ...tags])].sort();
    this.#mark((opinion) => ({ ...opinion, tags: joined(opinion.tags) }), true);
  }

  undo(): void {
    const { session, book } = this;
    const undone = book?.undo(newId());
    if (!undone) {
      session.announce("Nothing of this visit is left to undo.");
      return;
    }
    const [first] = undone.changes;
    if (undone.changes.length === 1 && first) this.#goTo(first.filter);
    session.announce(`Undone: ${plural(undone.changes.length, "mark")}.`);
  }

  #filter(channel: number): MarkedFilter | null {
    const { layer, run } = this.session.captures;
    return layer && run ? { run: run.run, path: layer.path, call: layer.call, channel } : null;
  }

  #goTo(filter: MarkedFilter): void {
    const { captures } = this.session;
    const layer = captures.graph.value?.layers.find(
      ({ path, call }) => path === filter.path && call === filter.call,
    );
    if (!layer) return;
    if (layer !== captures.layer) this.session.selectLayer(layer);
    this.session.selectChannel(filter.channel);
  }

  #mark(change: (opinion: Opinion) => Opinion, stay: boolean): void {
    const { session, book } = this;
    const { captures, settings } = session;
    const view = captures.view.value;
    if (!book || !view?.planes) return;
    if (book.readOnly !== null) {
      session.announce(book.readOnly);
      return;
    }
    if (settings.author === null) {
      this.asking = () => this.#mark(change, stay);
      return;
    }
    const { picked } = session;
    const channels = targets(picked, captures.channel);
    const changes = channels.flatMap((channel) => this.#change(channel, change));
    // Before the mark: it may take the filter out of the grid.
    const next = nextInOrder(session.order, captures.channel);
    if (changes.length > 0) {
      const { step, session: of } = view.at;
      book.make({ id: newId(), changes, base: book.sequence, step, session: of, undoes: null });
    }
    this.#say(changes, channels.length);
    if (picked.channels.size === 0 && settings.advance && !stay && next !== null) {
      session.selectChannel(next);
    }
  }

  #change(channel: number, change: (opinion: Opinion) => Opinion): Change[] {
    const filter = this.#filter(channel);
    if (!filter) return [];
    const before = this.opinionOf(channel) ?? NO_OPINION;
    const after = change(before);
    if (sameOpinion(before, after)) return [];
    return [{ filter, before, after }];
  }

  #say(changes: readonly Change[], asked: number): void {
    const [first] = changes;
    if (!first) this.session.announce("That is what the mark says already.");
    else if (asked > 1) {
      this.session.announce(
        `${plural(changes.length, "filter")} marked: ${opinionText(first.after)}. Ctrl Z takes it back.`,
      );
    } else {
      const { marked } = this.countsOf([first.filter]);
      const all = this.session.captures.view.value?.planes?.channels ?? 0;
      this.session.announce(
        `Filter ${first.filter.channel}: ${opinionText(first.after)}. ${marked} of ${all} marked.`,
      );
    }
  }
}

/** A random id; `crypto.randomUUID` is there on secure pages only, and localhost may not be one. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Begins marking; call it once, when the tab has something to mark. */
export function startMarking(session: Session): Marker {
  let marker: Marker | undefined;
  $effect.root(() => {
    marker = new Marker(session);
  });
  if (!marker) throw new Error("The marks could not be started.");
  return marker;
}
