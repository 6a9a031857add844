// The comparison of the selected layer: the columns, their order, and the difference of two.

import { columnLetter, type ColumnChoice } from "../../core/compare/columns";
import {
  hasValues,
  orderRows,
  parseCompareKey,
  statisticOf,
  type CompareKey,
  type CompareNumbers,
} from "../../core/compare/compare_order";
import { differenceError, subtract, type Difference } from "../../core/pictures/difference";
import { valueText } from "../../core/text/format";
import { valueOnInput } from "../../core/pictures/placed";
import { statisticsAt } from "../../core/ranking/stages";
import { statisticName } from "../../core/ranking/statistics";
import {
  columnFrame,
  columnNotes,
  findColumn,
  haveSameInputs,
  loadColumn,
  placedPlane,
  unmatchedLayers,
  type Column,
  type Looked,
} from "./columns";
import { Resource } from "../data/resource.svelte";
import type { Captures } from "../data/captures.svelte";
import type { Place, Selection } from "../selection.svelte";
import type { Layer, Runs } from "../../wire";

/** Statistics that stand beside the rows before all others. */
const FIRST_STATISTICS = ["mean", "l1", "kernel_change", "activation_change"];

/** A filter, and the place of the input image that is pointed at; null beside the pictures. */
export interface ComparedPlace {
  channel: number;
  place: Place | null;
}

/** The comparison, for views that are shown in it alone. */
export function comparisonOf({ comparison }: { comparison: Comparison | null }): Comparison {
  if (!comparison) throw new Error("Nothing is compared yet.");
  return comparison;
}

/** The requested columns: A is the first choice. */
interface Wanted {
  key: string;
  run: string;
  looked: Looked;
  choices: readonly ColumnChoice[];
  answer: Runs;
}

/** What is compared, and of which layer of A. */
interface Compared {
  run: string;
  layer: Layer;
  columns: readonly Column[];
}

export class Comparison {
  readonly loaded = new Resource<Compared>();
  /** The cursor on pictures of weights, which lie nowhere on the input image. */
  #cursorOnKernel = $state.raw<Place | null>(null);

  /** The requested comparison; null until everything that it depends on is known. */
  readonly #wanted: Wanted | null = $derived.by(() => {
    const { captures, selection } = this;
    const { at, layer, input, runs, step } = captures;
    const { columns, method, stage } = selection.choices;
    if (!selection.comparing || !at || !layer || !runs.value || !step.isCurrent) return null;
    const choices = [{ run: at.run, step: at.step, input }, ...columns];
    const key = JSON.stringify([layer.key, method, stage, choices, runs.value.version]);
    return { key, run: at.run, looked: { layer, method, stage }, choices, answer: runs.value };
  });
  /** Whether the columns on screen are those that are asked for. */
  readonly isLoaded: boolean = $derived(
    this.#wanted !== null && this.loaded.lastKey === this.#wanted.key,
  );

  /**
   * A first; all of them show the same layer. While others of the same layer are on their way,
   * those before them.
   */
  readonly columns: readonly Column[] = $derived.by(() => {
    const { last, error } = this.loaded;
    const { captures, selection } = this;
    if (!selection.comparing || !last || (error && !this.isLoaded)) return [];
    const same = last.run === captures.run?.run && last.layer === captures.layer;
    const asMany = last.columns.length === selection.choices.columns.length + 1;
    return this.isLoaded || (same && asMany) ? last.columns : [];
  });
  readonly a = $derived(this.columns[0]?.view ?? null);
  readonly notes = $derived([...new Set(columnNotes(this.columns))]);
  readonly unmatched = $derived(unmatchedLayers(this.columns));
  readonly method = $derived.by(() => this.selection.choices.method);

  /** A and B if both have pictures of the same input images: these can be overlaid. */
  readonly alike = $derived.by<readonly [Column, Column] | null>(() => {
    const [a, b] = this.columns;
    if (!a?.view?.planes || !b?.view?.planes) return null;
    return haveSameInputs(a, b) || this.method === "kernel" ? [a, b] : null;
  });
  /** A and B if there is no third column: these are subtracted. */
  readonly pair = $derived(this.columns.length === 2 ? this.alike : null);

  /** A − B of every filter of the layer; null if the pictures differ in size. */
  readonly differences = $derived.by<readonly (Difference | null)[]>(() => {
    if (!this.pair) return [];
    const [a, b] = this.pair;
    const count = Math.min(a.view?.planes?.channels ?? 0, b.view?.planes?.channels ?? 0);
    return Array.from({ length: count }, (_, channel) => {
      const [first, second] = [placedPlane(a, channel), placedPlane(b, channel)];
      return first && second ? subtract(first, second) : null;
    });
  });
  readonly subtracted = $derived(this.differences.some((one) => one !== null));

  readonly numbers = $derived<CompareNumbers>({
    statistics: this.columns.map(({ view }) =>
      view ? statisticsAt(view.capture.statistics, view.stage, view.layer) : [],
    ),
    pictures: this.differences.map((one) => one?.mean ?? null),
  });
  /** What the rows are sorted by: filter numbers if the requested order is missing. */
  readonly key = $derived.by<CompareKey>(() => {
    const key = parseCompareKey(this.selection.choices.compareBy);
    const count = this.a?.planes?.channels ?? 0;
    return hasValues(key, this.numbers, count) ? key : { kind: "index" };
  });
  /** Filters of A in the order of the rows. */
  readonly order = $derived(orderRows(this.a?.planes?.channels ?? 0, this.key, this.numbers));

  /** End of the color scale of one filter, the same in all columns. */
  rangeOf(channel: number): number {
    const { scale, fixed } = this.selection.choices;
    if (scale === "filter") return this.#largest(({ view }) => view?.planes?.scale[channel] ?? 0);
    return scale === "fixed" && fixed !== null ? fixed : this.layerRange;
  }
  readonly layerRange = $derived(
    this.#largest(({ view }) => (view?.planes?.scale ?? []).reduce((a, b) => Math.max(a, b), 0)),
  );
  /** End of the color scale of A − B, for the whole layer, so that changes can be compared. */
  readonly differenceRange = $derived(
    this.differences.reduce((most, one) => Math.max(most, one?.planes.scale[0] ?? 0), 0),
  );

  /** What rounding to 8 bits may add to A − B, at most. */
  readonly rounding = $derived.by(() =>
    this.differences.reduce((most, one, channel) => {
      const [a, b] = (this.pair ?? []).map((column) => placedPlane(column, channel));
      return one && a && b ? Math.max(most, differenceError(a, b)) : most;
    }, 0),
  );

  constructor(
    private readonly captures: Captures,
    private readonly selection: Selection,
  ) {}

  /** Names of the statistics, that of the order first, then what changes most with training. */
  readonly statistics = $derived.by(() => {
    const names = this.numbers.statistics.flatMap((column) => column.map(({ name }) => name));
    const found = new Set(names);
    return [...new Set([this.sortedBy, ...FIRST_STATISTICS, ...names])].filter((name) =>
      found.has(name),
    );
  });

  /** The statistic of the order; "" if there is none. */
  get sortedBy(): string {
    return "name" in this.key ? this.key.name : "";
  }

  /** Loads the columns whenever what is compared changes; call it inside an effect root. */
  watch(): void {
    const { captures } = this;
    $effect(() => {
      const wanted = this.#wanted;
      if (!wanted) return;
      const { key, run, looked, choices, answer } = wanted;
      this.loaded.load(key, async () => {
        const found = choices.map((one, place) => findColumn(answer, one, columnLetter(place)));
        const columns = found.map((one) => loadColumn(captures, one, looked));
        return { run, layer: looked.layer, columns: await Promise.all(columns) };
      });
    });
  }

  /** Where the pointer is, over any picture of the selected filter. */
  get cursor(): Place | null {
    return this.method === "kernel" ? this.#cursorOnKernel : this.selection.cursor;
  }

  set cursor(place: Place | null) {
    if (this.method === "kernel") this.#cursorOnKernel = place;
    else this.selection.cursor = place;
  }

  /** From a place in the picture of a column, or of A − B behind them, to the input image. */
  onInput({ channel, column }: { channel: number; column: number }, at: Place): Place | null {
    const shown = this.columns[column];
    const frame = shown ? columnFrame(shown, channel) : this.differences[channel]?.frame;
    return frame
      ? { x: frame.left + at.x * frame.width, y: frame.top + at.y * frame.height }
      : null;
  }

  /** The content of a row for screen readers. */
  spoken(channel: number): string {
    const row = this.order.indexOf(channel);
    const change = this.differences[channel];
    const values = this.columns.map(({ letter }, column) => {
      const value = statisticOf(this.numbers, { column, name: this.sortedBy, channel });
      return `${letter} ${valueText(value)}`;
    });
    const sorted =
      this.sortedBy === "" ? "" : `, ${statisticName(this.sortedBy)}: ${values.join(", ")}`;
    return (
      `Filter ${channel}, ${row + 1} of ${this.order.length}${sorted}` +
      (change ? `, change ${valueText(change.mean)}` : "")
    );
  }

  /** The values of a filter at a place of the input image; null if a column lacks it. */
  valuesAt(channel: number, place: Place): (number | null)[] {
    return this.columns.map((column) => {
      const placed = placedPlane(column, channel);
      return placed && valueOnInput(placed, place);
    });
  }

  #largest(sizeOf: (column: Column) => number): number {
    return this.columns.reduce((most, column) => Math.max(most, sizeOf(column)), 0);
  }
}
