// The filters of the selected layer: their order, which are picked, and which comes next.

import { isUnresponsive } from "../core/pictures/method";
import { orderChannels, showChannels, usableSort, type Known } from "../core/grid/order";
import { NONE_PICKED, pickRange, targets, togglePick, type Picked } from "../core/grid/picking";
import { statisticsAt } from "../core/ranking/stages";
import type { CaptureRef } from "../core/words/capture";
import type { Layer, Statistic } from "../wire";
import type { Captures } from "./data/captures.svelte";
import type { Selection } from "./selection.svelte";

/** Filters that are acted on, with the capture in which a person sees them. */
export interface Target {
  at: CaptureRef;
  layer: Layer;
  /** The selected filter. */
  channel: number;
  /** It alone, or all that are picked. */
  channels: readonly number[];
}

/** What other stores know about the filters; each of them is loaded late. */
export interface FilterSuppliers extends Omit<Known, "isUnresponsive"> {
  /** Statistics of the layer that were not captured with it. */
  statistics: () => readonly Statistic[];
  /** The separate order of the comparison; null: nothing is compared. */
  comparedOrder: () => readonly number[] | null;
  /** Whether a picture of the selected filter is on screen: a tile or the large one. */
  isSeen: () => boolean;
}

export class FilterList {
  /** Filters that are marked together; of the selected layer. */
  picked = $state.raw<Picked>(NONE_PICKED);

  /** Statistics to sort by: the captured ones, the strength of the pictures on screen, others. */
  readonly sortable = $derived.by<Statistic[]>(() => {
    const view = this.captures.shown;
    if (!view?.planes) return [];
    return [
      ...statisticsAt(view.capture.statistics, view.stage, view.layer),
      { name: "strength", perInput: true, stage: "", values: [...view.planes.scale] },
      ...this.suppliers.statistics(),
    ];
  });

  /** What the list is sorted by: numbers where the wanted statistic was not captured. */
  readonly sort = $derived.by(() => usableSort(this.selection.choices.sort, this.sortable));

  /** Channels in the order in which they are listed; without those that are not shown. */
  readonly order: readonly number[] = $derived.by(() => {
    const compared = this.suppliers.comparedOrder();
    if (compared) return compared;
    const view = this.captures.shown;
    if (!view?.planes) return [];
    const order = orderChannels(view.planes.channels, this.sort, this.sortable);
    return showChannels(order, this.selection.choices.shown, {
      ...this.suppliers,
      isUnresponsive: (channel) => this.isUnresponsive(channel),
    });
  });

  /**
   * The filters that a person sees selected; null while what is on screen is something else, as
   * until a layer is loaded. Whatever changes filters, or saves them, is done to these.
   */
  readonly target: Target | null = $derived.by(() => {
    const { current: view, run, channel } = this.captures;
    if (!this.suppliers.isSeen() || !run || !view?.planes) return null;
    const { layer, at } = view;
    return { at, layer, channel, channels: targets(this.picked, channel) };
  });

  constructor(
    private readonly captures: Captures,
    private readonly selection: Selection,
    private readonly suppliers: FilterSuppliers,
  ) {}

  /** Filters of another layer, or of another run, are not picked; call it inside an effect root. */
  watch(): void {
    $effect(() => {
      void [this.captures.run?.run, this.captures.layer?.key];
      this.picked = NONE_PICKED;
    });
  }

  isUnresponsive(channel: number): boolean {
    const sheet = this.captures.shown?.sheet;
    return sheet ? isUnresponsive(sheet, channel) : false;
  }

  /** Picks everything from the anchor to a filter, and selects it. */
  pickTo(channel: number): void {
    const picked = pickRange(this.picked, this.order, { from: this.captures.channel, to: channel });
    this.select(channel);
    this.picked = picked;
  }

  /** Picks one more filter or one less, and selects it. */
  togglePick(channel: number): void {
    const picked = togglePick(this.picked, channel, this.captures.channel);
    this.select(channel);
    this.picked = picked;
  }

  select(channel: number): void {
    this.picked = NONE_PICKED;
    this.selection.choices.channel = channel;
    this.selection.choices.tab = "filter";
  }

  /** Selects the filter a number of places further, but not beyond the first or last one. */
  move(by: number): void {
    const place = this.order.indexOf(this.captures.channel);
    const next = this.order[Math.max(0, Math.min(this.order.length - 1, place + by))];
    if (next !== undefined) this.select(next);
  }
}
