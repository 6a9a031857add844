// The selected filter in every column of the comparison, in full size, and A − B of two.

import { subtract } from "../../core/pictures/difference";
import { frameWithin, unionFrame, WHOLE, type Frame } from "../../core/pictures/frame";
import type { Coloring } from "../../core/pictures/coloring";
import type { Pixels } from "../../core/pictures/lut";
import { valueOnInput } from "../../core/pictures/placed";
import type { Planes } from "../../core/pictures/planes";
import type { Captures } from "../data/captures.svelte";
import type { Column } from "./columns";
import { Comparison } from "./comparison.svelte";
import { loadPicture, pictureKey, type FilterPicture } from "../data/magnified.svelte";
import { Resource, settling } from "../data/resource.svelte";
import { inOwnRoot } from "../root.svelte";
import type { Place, Selection } from "../selection.svelte";

/** A picture that can be laid beside or over the others of the same filter. */
export interface ComparedPicture {
  /** "A", "B", …, "A − B". */
  letter: string;
  planes: Planes;
  lut: Pixels;
  /** The part of the input image that it covers. */
  frame: Frame;
  /** Whether every value is zero. */
  unresponsive: boolean;
}

/** The filter in one column; null if the column lacks it. */
type Shown = FilterPicture | null;

export class ComparedFilter {
  readonly loaded = new Resource<readonly Shown[]>();
  readonly #key: string | null = $derived.by(() => {
    const { columns } = this.comparison;
    const { channel } = this.captures;
    const keys = columns.map(({ view }) => view && pictureKey({ ...view, channel }));
    return columns.length > 0 ? JSON.stringify([keys, channel]) : null;
  });
  /** Whether the pictures are those of the selected filter in these columns. */
  readonly isCurrent: boolean = $derived(this.#key !== null && this.loaded.lastKey === this.#key);
  /** Whether they are on screen, in the columns that are asked for. */
  readonly isSeen: boolean = $derived.by(() => {
    const { isLoaded, a } = this.comparison;
    return isLoaded && a?.planes != null && this.isCurrent;
  });
  readonly #pictures: readonly Shown[] = $derived.by(() =>
    this.isCurrent ? (this.loaded.last ?? []) : [],
  );

  /** A − B of the two columns that can be subtracted. */
  readonly difference = $derived.by(() => {
    const [a, b] = this.#pictures;
    return this.comparison.pair && a && b ? subtract(placed(a), placed(b)) : null;
  });

  /** End of the color scale, the same for all columns. */
  readonly range = $derived.by(() => {
    const own = Math.max(0, ...this.#pictures.map((one) => one?.drawn.scale[0] ?? 0));
    return this.selection.choices.scale === "filter"
      ? own
      : this.comparison.rangeOf(this.captures.channel);
  });

  /** In the order of the columns, null if one lacks the filter. */
  readonly columns = $derived.by<readonly (ComparedPicture | null)[]>(() =>
    this.#pictures.map((one, place) => {
      if (!one) return null;
      const { planes, scale } = { planes: one.drawn, scale: one.drawn.scale[0] ?? 0 };
      return {
        letter: this.comparison.columns[place]?.letter ?? "",
        planes,
        lut: this.coloring().lutFor(one.method, {
          signed: planes.signed,
          scale,
          range: this.range,
        }),
        frame: one.frame,
        unresponsive: scale === 0,
      };
    }),
  );

  readonly change = $derived.by<ComparedPicture | null>(() => {
    if (!this.difference) return null;
    const { planes, frame } = this.difference;
    const scale = planes.scale[0] ?? 0;
    const lut = this.coloring().lutFor("activation", {
      signed: true,
      scale,
      range: scale,
    });
    return { letter: "A − B", planes, lut, frame, unresponsive: false };
  });

  /** The part of the input image that holds every picture: crops of two gradients lie apart. */
  readonly within = $derived.by(() => {
    const frames = this.columns.flatMap((one) => one?.frame ?? []);
    return frames.length > 0 ? frames.reduce(unionFrame) : WHOLE;
  });

  /** The size of the input image of A, in pixels. */
  readonly inputSize = $derived.by(() => {
    const [a] = this.comparison.columns;
    const source = a?.view?.sheet?.placement?.source ?? 0;
    return a?.inputs.inputs[a.input]?.pictures[source] ?? { height: 1, width: 1 };
  });

  constructor(
    private readonly comparison: Comparison,
    private readonly captures: Captures,
    private readonly selection: Selection,
    private readonly coloring: () => Coloring,
  ) {}

  /** Loads the pictures whenever the filter or the columns change; call it inside an effect root. */
  watch(): void {
    const settle = settling();
    $effect(() => {
      const { columns } = this.comparison;
      const { channel } = this.captures;
      const key = this.#key;
      this.loaded.expect(key);
      if (key === null) return undefined;
      const load = () => Promise.all(columns.map((column) => this.#load(column, channel)));
      return settle(() => this.loaded.load(key, load));
    });
  }

  /** The values at a place of the input image, one per column; null if there is no picture. */
  valuesAt(place: Place): (number | null)[] {
    return this.#pictures.map((one) => one && valueOnInput(placed(one), place));
  }

  /** The place of a picture in the box that all of them share. */
  boxOf = ({ frame }: ComparedPicture): Frame => frameWithin(frame, this.within);

  async #load({ view, inputs }: Column, channel: number): Promise<Shown> {
    if (!view?.planes || channel >= view.planes.channels) return null;
    return loadPicture(this.captures, { ...view, channel }, inputs);
  }
}

const placed = ({ drawn, frame }: FilterPicture) => ({ planes: drawn, channel: 0, frame });

/** What the views of a comparison are drawn from. */
export interface Compared {
  comparison: Comparison;
  comparedFilter: ComparedFilter;
}

/** Begins to compare; call it once, when captures are first compared, and not from a component. */
export const startComparison = (
  captures: Captures,
  selection: Selection,
  coloring: () => Coloring,
): Compared =>
  inOwnRoot(() => {
    const comparison = new Comparison(captures, selection);
    const comparedFilter = new ComparedFilter(comparison, captures, selection, coloring);
    comparedFilter.watch();
    comparison.watch();
    return { comparison, comparedFilter };
  });

/** The selected filter of the comparison, for views that are shown only in it. */
export function comparedFilterOf({
  comparedFilter,
}: {
  comparedFilter: ComparedFilter | null;
}): ComparedFilter {
  if (!comparedFilter) throw new Error("Nothing is compared yet.");
  return comparedFilter;
}
