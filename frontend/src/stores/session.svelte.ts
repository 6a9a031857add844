// Everything the views read, and every command they give.

import { getContext, setContext, untrack } from "svelte";

import type { CaptureRef } from "../api/client";
import { buildChain, closedAtFirst, groupsAround, nextCaptured } from "../core/chain/chain";
import type { InspectorTab } from "../core/link/choices";
import { firstColumn } from "../core/compare/columns";
import { findGroups } from "../core/chain/groups";
import { onHostReload } from "../browser/host";
import { during } from "../browser/settled";
import { createColoring } from "../core/pictures/coloring";
import { pixel } from "../core/pictures/lut";
import { isUnresponsive } from "../core/pictures/method";
import { orderChannels, showChannels, usableSort } from "../core/grid/order";
import { NONE_PICKED, pickRange, targets, togglePick, type Picked } from "../core/grid/picking";
import { statisticsAt } from "../core/ranking/stages";
import { substitutions } from "../core/link/substitutions";
import type { Layer, Statistic } from "../wire";
import { Captures } from "./data/captures.svelte";
import type { Marker } from "./marks/marker.svelte";
import type { Ranking } from "./ranking.svelte";
import type { Comparison } from "./compare/comparison.svelte";
import { playOn } from "./play";
import { SelectedFilter } from "./data/selected_filter.svelte";
import { Selection } from "./selection.svelte";
import { Settings } from "./settings.svelte";

const KEY = Symbol("session");

/** Filters that are acted on, with the capture in which a person sees them. */
export interface Target {
  at: CaptureRef;
  layer: Layer;
  /** The selected filter. */
  channel: number;
  /** It alone, or all that are picked. */
  channels: readonly number[];
}

export const provideSession = (session: Session): Session => setContext(KEY, session);
export const useSession = (): Session => getContext<Session>(KEY);

export class Session {
  readonly settings = new Settings();
  readonly selection = new Selection();
  readonly captures = new Captures(this.selection, () => this.order[0] ?? 0);
  readonly filter = new SelectedFilter(this.captures);
  playing = $state(false);
  /** Which pane is shown where only one has room. */
  pane = $state<"layers" | "filters" | "inspector">("filters");
  /** Whether the selected filter fills the tab. */
  magnifying = $state(false);
  /** Filters that are marked together; of the selected layer. */
  picked = $state.raw<Picked>(NONE_PICKED);
  /** Captures side by side; null until some are compared. */
  comparison = $state.raw<Comparison | null>(null);
  /** Whether A and B of the comparison take turns in one place: as long as a key is held. */
  blinking = $state(false);
  /** Marks; null until they are loaded, after the first picture. */
  marker = $state.raw<Marker | null>(null);
  /** Orders and flags that are not stored with a layer; null until they are loaded. */
  ranking = $state.raw<Ranking | null>(null);
  /** Spoken by screen readers, shown in the status line for a while. */
  message = $state("");

  readonly groups = $derived(findGroups(this.captures.graph.value?.layers ?? []));
  readonly chain = $derived(
    buildChain(
      this.captures.graph.value?.layers ?? [],
      { closed: this.selection.closed, followers: this.selection.choices.followers },
      this.groups,
    ),
  );

  readonly comparing: boolean = $derived(this.selection.choices.columns.length > 0);

  /**
   * The filters that a person sees selected; null while what is on screen is something else, as
   * until a layer is loaded. Whatever changes filters, or saves them, is done to these.
   */
  readonly target: Target | null = $derived.by(() => {
    const { current: view, run, channel } = this.captures;
    const seen = this.comparing ? this.comparison?.isCurrent : this.filter.isCurrent;
    if (!seen || !run || !view?.planes) return null;
    const { layer, at } = view;
    return { at, layer, channel, channels: targets(this.picked, channel) };
  });

  /** Statistics to sort by: the captured ones, the strength of the pictures on screen, others. */
  readonly sortable = $derived.by<Statistic[]>(() => {
    const view = this.captures.shown;
    if (!view?.planes) return [];
    return [
      ...statisticsAt(view.capture.statistics, view.stage, view.layer),
      { name: "strength", perInput: true, stage: "", values: [...view.planes.scale] },
      ...(this.ranking?.statistics ?? []),
    ];
  });

  /** What the grid is sorted by: numbers where the wanted statistic was not captured. */
  readonly sort = $derived(usableSort(this.selection.choices.sort, this.sortable));

  /** Channels in the order in which they are listed. */
  readonly order: readonly number[] = $derived.by(() => {
    // The comparison lists them in an order of its own.
    if (this.comparing && this.comparison) return this.comparison.order;
    const view = this.captures.shown;
    if (!view?.planes) return [];
    const order = orderChannels(view.planes.channels, this.sort, this.sortable);
    return showChannels(order, this.selection.choices.shown, {
      isUnresponsive: (channel) => this.isUnresponsive(channel),
      flagsOf: (channel) => this.ranking?.kindsOf(channel) ?? [],
      opinionOf: (channel) => this.marker?.opinionOf(channel) ?? null,
      isOutdated: (channel) => this.marker?.isOutdated(channel) ?? false,
    });
  });

  /** End of the color scale over the layer; of one filter where each has its own. */
  readonly layerRange = $derived(Math.max(0, ...(this.captures.shown?.planes?.scale ?? [])));

  constructor() {
    let foldedFor: string | null = null;
    $effect(() => this.settings.watch());
    $effect(() => this.selection.watch());
    $effect(() => onHostReload(() => this.captures.reload()));
    $effect(() => {
      const graph = this.captures.graph.value;
      if (!graph || graph.fingerprint === foldedFor) return;
      foldedFor = graph.fingerprint;
      const selected = untrack(() => this.captures.layer);
      this.selection.closed = closedAtFirst(graph.layers.length, this.groups, selected);
    });
    $effect(() => playOn(this));
    $effect(() => {
      void [this.captures.run?.run, this.captures.layer?.key];
      this.picked = NONE_PICKED;
    });
    $effect(() => {
      if (this.captures.shown === null) return;
      // What cannot be loaded is tried again with the next layer.
      if (!untrack(() => this.marker)) this.marking().catch(() => null);
      if (!untrack(() => this.ranking)) this.#startRanking().catch(() => null);
    });
    this.captures.watch();
    this.filter.watch(() => this.comparing);
  }

  isUnresponsive(channel: number): boolean {
    const sheet = this.captures.shown?.sheet;
    return sheet ? isUnresponsive(sheet, channel) : false;
  }

  /** How values become colors. A plain object: whoever reads it once sees every change of it. */
  readonly coloring = $derived.by(() =>
    createColoring({
      mode: this.selection.choices.scale,
      fixed: this.selection.choices.fixed,
      layerRange: this.layerRange,
      diverging: this.settings.divergingName,
      sequential: this.settings.sequential,
      flag: this.settings.dark ? pixel(120, 220, 60) : pixel(70, 160, 20),
    }),
  );

  /** A layer without filters has only its attributes to show. */
  readonly inspectorTab = $derived.by<InspectorTab>(() => {
    const { layer, captured, step } = this.captures;
    const bare = layer !== null && step.last !== null && !captured.has(layer.index);
    const { tab } = this.selection.choices;
    return bare && tab === "filter" ? "layer" : tab;
  });

  /** What the link or the last run asked for and is not here, and what is shown instead. */
  readonly substitutions = $derived.by(() => {
    const { run, summary, layer, graph, step, view } = this.captures;
    const settled = graph.key === summary?.graph && step.isCurrent && !view.loading;
    return substitutions(this.selection.choices, {
      run: run?.run ?? null,
      step: summary?.step ?? null,
      layer: settled ? (layer?.key ?? null) : null,
    });
  });

  // Commands.

  selectLayer(layer: Layer): void {
    const around = groupsAround(this.groups, layer.index).filter((id) =>
      this.selection.closed.has(id),
    );
    for (const id of around) this.selection.setClosed(id, false);
    this.selection.choices.layer = layer.key;
  }

  moveLayer(by: number): void {
    const { graph, captured, layer } = this.captures;
    const next = nextCaptured(graph.value?.layers ?? [], captured, { from: layer?.index ?? 0, by });
    if (next) this.selectLayer(next);
  }

  /** Picks everything from the anchor to a filter, and selects it. */
  pickTo(channel: number): void {
    const picked = pickRange(this.picked, this.order, { from: this.captures.channel, to: channel });
    this.selectChannel(channel);
    this.picked = picked;
  }

  /** Picks one more filter or one less, and selects it. */
  togglePick(channel: number): void {
    const picked = togglePick(this.picked, channel, this.captures.channel);
    this.selectChannel(channel);
    this.picked = picked;
  }

  selectChannel(channel: number): void {
    this.picked = NONE_PICKED;
    this.selection.choices.channel = channel;
    this.selection.choices.tab = "filter";
  }

  moveChannel(by: number): void {
    const place = this.order.indexOf(this.captures.channel);
    const next = this.order[Math.max(0, Math.min(this.order.length - 1, place + by))];
    if (next !== undefined) this.selectChannel(next);
  }

  /** Selects a captured step by its place; the newest one is followed from then on. */
  selectStep(place: number): void {
    const step = this.captures.steps[place];
    if (step)
      this.selection.choices.step = place === this.captures.steps.length - 1 ? null : step.step;
  }

  readonly stepPlace = $derived.by(() => {
    const summary = this.captures.summary;
    return summary ? this.captures.steps.indexOf(summary) : 0;
  });

  /** Opens the comparison with the step before (or after), else the next input; or ends it. */
  toggleCompare(): void {
    const { choices } = this.selection;
    const { run, steps, input, inputs } = this.captures;
    if (choices.columns.length > 0 || !run) {
      choices.columns = [];
      return;
    }
    choices.channel ??= this.captures.channel;
    const at = { place: this.stepPlace, input, inputs: inputs.value?.inputs.length ?? 1 };
    choices.columns = [firstColumn(run.run, steps, at)];
  }

  openTimeline(): void {
    if (this.captures.steps.length > 1) this.selection.choices.timeline = "layer";
    else this.announce("Only one step was captured: there is nothing to compare over the steps.");
  }

  moveStep(by: number): void {
    const last = this.captures.steps.length - 1;
    this.selectStep(Math.max(0, Math.min(last, this.stepPlace + by)));
  }

  moveInput(by: number): void {
    const count = this.captures.inputs.value?.inputs.length ?? 0;
    if (count > 0) this.selection.choices.input = (this.captures.input + by + count) % count;
  }

  togglePlay(): void {
    if (!this.playing && this.stepPlace === this.captures.steps.length - 1) this.selectStep(0);
    this.playing = !this.playing && this.captures.steps.length > 1;
  }

  /** Loads a view of the comparison, and begins to compare where nothing was compared yet. */
  async toCompare<T>(load: () => Promise<T>): Promise<T> {
    const [view, { startComparison }] = await Promise.all([
      load(),
      import("./compare/comparison.svelte"),
    ]);
    this.comparison ??= startComparison(this);
    return view;
  }

  /** The marks, loaded when they are first asked for. */
  async marking(): Promise<Marker> {
    const { startMarking } = await during(import("./marks/marker.svelte"));
    this.marker ??= startMarking(this);
    return this.marker;
  }

  async #startRanking(): Promise<void> {
    const { startRanking } = await during(import("./ranking.svelte"));
    this.ranking ??= startRanking(this);
  }

  announce(message: string): void {
    this.message = message;
    setTimeout(() => {
      if (this.message === message) this.message = "";
    }, 4000);
  }
}
