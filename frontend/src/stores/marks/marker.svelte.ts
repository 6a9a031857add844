// Marking: what keys and buttons do to the selected filter, or to the picked ones.
//
// Loaded after the first picture; the session waits for it if a key is faster.

import { untrack } from "svelte";

import {
  filterId,
  isOutdated,
  layerId,
  addCounts,
  NO_COUNTS,
  NO_OPINION,
  opinionText,
  sameOpinion,
} from "../../core/marks/marks";
import type { Change, MarkedFilter, Opinion } from "../../core/words/mark";
import type { VerdictCounts } from "../../core/marks/verdicts";
import { nextInOrder } from "../../core/grid/picking";
import { markColors } from "../../core/grid/theme";
import { drawTileMark } from "../../core/marks/tile_marks";
import type { Decoration } from "../../core/grid/tile_renderer";
import { plural } from "../../core/text/format";
import type { Layer, Mark, Verdict } from "../../wire";
import { MarkBook } from "./mark_book.svelte";
import { inOwnRoot } from "../root.svelte";
import type { Captures } from "../data/captures.svelte";
import type { FilterList, Target } from "../filter_list.svelte";
import type { Settings } from "../settings.svelte";

/** What a mark is made on, and which filter comes next. */
export interface MarkerScene {
  readonly captures: Captures;
  readonly settings: Settings;
  readonly list: FilterList;
  selectLayer(layer: Layer): void;
  /** Shows a sentence to the person at the screen. */
  announce(message: string): void;
}

export class Marker {
  book = $state.raw<MarkBook | null>(null);
  /** The book of every run marked in this visit; saving goes on in all of them. */
  books = $state.raw<readonly MarkBook[]>([]);
  /** The mark that waits for the name of its author. */
  asking = $state.raw<(() => void) | null>(null);

  constructor(private readonly scene: MarkerScene) {
    const run = $derived(scene.captures.run?.run ?? null);
    $effect(() => {
      const book = run === null ? null : untrack(() => this.#bookOf(run));
      this.book = book;
      return book?.watch();
    });
    // Asks before marks that have not arrived are lost with the page.
    window.addEventListener("beforeunload", (event) => {
      if (this.books.some(({ waiting }) => waiting.length > 0)) event.preventDefault();
    });
  }

  #bookOf(run: string): MarkBook {
    const known = this.books.find((book) => book.run === run);
    if (known) return known;
    const book = inOwnRoot(() => new MarkBook(run, () => this.scene.settings.author ?? ""));
    this.books = [...this.books, book];
    return book;
  }

  /** Changes of any run that have not arrived. */
  get waiting(): number {
    return this.books.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** The book of a mark that was not kept, or cannot be sent, and why. */
  get trouble(): { book: MarkBook; reason: string } | null {
    for (const book of this.books) {
      const reason = book.refusal ?? (book.waiting.length > 0 ? book.error : null);
      if (reason !== null) return { book, reason };
    }
    return null;
  }

  /** The book in which somebody else's mark is in the way. */
  get conflicting(): MarkBook | null {
    return this.books.find(({ conflict }) => conflict !== null) ?? null;
  }

  /** The opinion about a filter of the selected layer. */
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
    const { layer, captured } = this.scene.captures;
    return isOutdated(this.markOf(channel), (layer && captured.get(layer.index)?.weights) ?? null);
  }

  /** How many marks of the selected layer were made on other weights. */
  readonly outdated = $derived.by(() => {
    const channels = this.scene.captures.shown?.planes?.channels ?? 0;
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
    return `, ${opinionText(opinion)}${this.isOutdated(channel) ? ", made on other weights" : ""}`;
  }

  /** Draws marks onto tiles; a new function whenever there is something new to draw. */
  decorate(dark: boolean, picked: ReadonlySet<number>): Decoration {
    const colors = markColors(dark);
    const shown = this.book?.shown;
    const { layer } = this.scene.captures;
    return (context, channel, box) => {
      const id = layer && filterId({ path: layer.path, call: layer.call, channel });
      const opinion = (id && shown?.get(id)) || null;
      const outdated = this.isOutdated(channel);
      drawTileMark(context, box, { opinion, outdated, picked: picked.has(channel), colors });
    };
  }

  /** Whether the filters on screen can be marked: they are selected, and marks may be changed. */
  get isReady(): boolean {
    return this.scene.list.target !== null && this.book?.readOnly === null;
  }

  // What follows is done to a target: by default to what is on screen now. A target is null where
  // what is on screen is not what is selected; then nothing is marked, with a sentence.

  judge(verdict: Verdict | null, stay: boolean, target = this.scene.list.target): void {
    this.#mark(target, (opinion) => ({ ...opinion, verdict }), stay);
  }

  rate(stars: number, stay: boolean, target = this.scene.list.target): void {
    this.#mark(target, (opinion) => ({ ...opinion, stars }), stay);
  }

  /** Takes verdict and stars back; tags and the note stay. */
  clear(stay: boolean, target = this.scene.list.target): void {
    this.#mark(target, (opinion) => ({ ...opinion, verdict: null, stars: 0 }), stay);
  }

  describe(tags: readonly string[], note: string, target: Target | null): void {
    this.#mark(target, (opinion) => ({ ...opinion, tags: [...tags], note }), true);
  }

  addTags(tags: readonly string[], target: Target | null): void {
    const joined = (old: readonly string[]) => [...new Set([...old, ...tags])].sort();
    this.#mark(target, (opinion) => ({ ...opinion, tags: joined(opinion.tags) }), true);
  }

  undo(): void {
    const { scene, book } = this;
    const undone = book?.undo(newId());
    if (!undone) {
      scene.announce("Nothing to undo.");
      return;
    }
    const [first] = undone.changes;
    if (undone.changes.length === 1 && first) this.#goTo(first.filter);
    scene.announce(`Undone: ${plural(undone.changes.length, "mark")}.`);
  }

  #filter(channel: number): MarkedFilter | null {
    const { layer, run } = this.scene.captures;
    return layer && run ? { run: run.run, path: layer.path, call: layer.call, channel } : null;
  }

  #goTo(filter: MarkedFilter): void {
    const { captures } = this.scene;
    const layer = captures.graph.value?.layers.find(
      ({ path, call }) => path === filter.path && call === filter.call,
    );
    if (!layer) return;
    if (layer !== captures.layer) this.scene.selectLayer(layer);
    this.scene.list.select(filter.channel);
  }

  #mark(target: Target | null, change: (opinion: Opinion) => Opinion, stay: boolean): void {
    const { scene } = this;
    const { settings } = scene;
    if (!target) {
      scene.announce("Nothing was marked: the selected filter is not on screen yet.");
      return;
    }
    const book = this.#bookOf(target.at.run);
    if (book.readOnly !== null) {
      scene.announce(book.readOnly);
      return;
    }
    if (settings.author === null) {
      this.asking = () => this.#mark(target, change, stay);
      return;
    }
    const { channel, channels } = target;
    const changes = channels.flatMap((each) => changeOf(book, filterOf(target, each), change));
    // Before the mark: it may take the filter out of the grid.
    const next = nextInOrder(scene.list.order, channel);
    if (changes.length > 0) {
      const { step, session: of } = target.at;
      book.make({ id: newId(), changes, base: book.sequence, step, session: of, undoes: null });
    }
    this.#say(changes, target);
    const there =
      scene.list.target?.layer === target.layer && scene.list.target.channel === channel;
    const alone = scene.list.picked.channels.size === 0;
    if (there && alone && settings.advance && !stay && next !== null) scene.list.select(next);
  }

  #say(changes: readonly Change[], { layer, channels }: Target): void {
    const [first] = changes;
    if (!first) this.scene.announce("The filter already has this mark.");
    else if (channels.length > 1) {
      this.scene.announce(
        `${plural(changes.length, "filter")} marked: ${opinionText(first.after)}. Press Ctrl Z to undo.`,
      );
    } else {
      const { marked } = this.countsOf([first.filter]);
      this.scene.announce(
        `Filter ${first.filter.channel}: ${opinionText(first.after)}. ${marked} of ${layer.channels ?? 0} marked.`,
      );
    }
  }
}

const filterOf = ({ at, layer }: Target, channel: number): MarkedFilter => ({
  run: at.run,
  path: layer.path,
  call: layer.call,
  channel,
});

/** The change of a filter's mark; nothing if the mark stays the same. */
function changeOf(
  book: MarkBook,
  filter: MarkedFilter,
  change: (opinion: Opinion) => Opinion,
): Change[] {
  const before = book.shown.get(filterId(filter)) ?? NO_OPINION;
  const after = change(before);
  return sameOpinion(before, after) ? [] : [{ filter, before, after }];
}

/** A random id; `crypto.randomUUID` exists only on secure pages, and localhost may not be one. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Begins marking; call it once, when the tab has something to mark. */
export const startMarking = (scene: MarkerScene): Marker => inOwnRoot(() => new Marker(scene));
