// Everything the views read, and every command they give.

import { getContext, setContext, untrack } from "svelte";

import { buildChain, closedAtFirst, groupsAround, nextCaptured } from "../core/chain/chain";
import type { InspectorTab } from "../core/link/choices";
import { firstColumn } from "../core/compare/columns";
import { findGroups } from "../core/chain/groups";
import { onHostReload } from "../browser/host";
import { during } from "../browser/settled";
import { createColoring } from "../core/pictures/coloring";
import { pixel } from "../core/pictures/lut";
import { substitutions } from "../core/link/substitutions";
import type { Layer } from "../wire";
import { Captures } from "./data/captures.svelte";
import type { Marker } from "./marks/marker.svelte";
import type { Ranking } from "./ranking/ranking.svelte";
import type { Comparison } from "./compare/comparison.svelte";
import { Player } from "./play.svelte";
import { FilterList } from "./filter_list.svelte";
import type { ComparedFilter } from "./compare/compared_filter.svelte";
import { SelectedFilter } from "./data/selected_filter.svelte";
import { Selection } from "./selection.svelte";
import { Settings } from "./settings.svelte";

const KEY = Symbol("session");

export const provideSession = (session: Session): Session => setContext(KEY, session);
export const useSession = (): Session => getContext<Session>(KEY);

export class Session {
  readonly settings = new Settings();
  readonly selection = new Selection();
  readonly captures = new Captures(this.selection, () => this.list.order[0] ?? 0);
  readonly filter = new SelectedFilter(this.captures);
  readonly player = new Player(this.captures, this.selection);
  readonly list: FilterList = new FilterList(this.captures, this.selection, {
    statistics: () => this.ranking?.statistics ?? [],
    flagsOf: (channel) => this.ranking?.kindsOf(channel) ?? [],
    opinionOf: (channel) => this.marker?.opinionOf(channel) ?? null,
    isOutdated: (channel) => this.marker?.isOutdated(channel) ?? false,
    comparedOrder: () => (this.selection.comparing ? (this.comparison?.order ?? null) : null),
    isSeen: () => this.isPictureCurrent || this.#isTileCurrent(),
  });
  /** Whether tiles of filters are on screen: a pane shows them and has room for them. */
  tilesShown = $state(false);
  /** Which pane is shown if only one has room. */
  pane = $state<"layers" | "filters" | "inspector">("filters");
  /** Whether the selected filter fills the tab. */
  magnifying = $state(false);
  /** Captures side by side; null until some are compared. */
  comparison = $state.raw<Comparison | null>(null);
  /** The selected filter in them. */
  comparedFilter = $state.raw<ComparedFilter | null>(null);
  /** Whether A and B of the comparison alternate in one place: while a key is held. */
  blinking = $state(false);
  /** Marks; null until they are loaded, after the first picture. */
  marker = $state.raw<Marker | null>(null);
  /** Orders and flags that are not stored with a layer; null until they are loaded. */
  ranking = $state.raw<Ranking | null>(null);
  /** Spoken by screen readers, shown in the status line for a while. */
  message = $state("");

  /** Whether the large picture on screen is that of the selected filter, or pictures are. */
  readonly isPictureCurrent: boolean = $derived(
    this.selection.comparing ? (this.comparedFilter?.isSeen ?? false) : this.filter.isCurrent,
  );

  readonly groups = $derived(findGroups(this.captures.graph.value?.layers ?? []));
  readonly chain = $derived(
    buildChain(
      this.captures.graph.value?.layers ?? [],
      { closed: this.selection.closed, followers: this.selection.choices.followers },
      this.groups,
    ),
  );

  /** End of the color scale of the layer, or of one filter if each has its own. */
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
    $effect(() => {
      if (this.captures.shown === null) return;
      // What cannot be loaded is tried again with the next layer.
      if (!untrack(() => this.marker)) this.marking().catch(() => null);
      if (!untrack(() => this.ranking)) this.#startRanking().catch(() => null);
    });
    this.player.watch();
    this.list.watch();
    this.captures.watch();
    this.filter.watch(() => this.selection.comparing);
  }

  /** How values become colors. A plain object, so that a reader sees every change of it. */
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

  /** Sentences about requested runs, steps or layers that do not exist, and their replacements. */
  readonly substitutions = $derived.by(() => {
    const { run, summary, layer, graph, step, view } = this.captures;
    const settled = graph.key === summary?.graph && step.isCurrent && !view.loading;
    return substitutions(this.selection.choices, {
      run: run?.run ?? null,
      step: summary?.step ?? null,
      layer: settled ? (layer?.key ?? null) : null,
    });
  });

  /** Whether the selected filter is on screen among the tiles, which come before its picture. */
  #isTileCurrent(): boolean {
    if (!this.tilesShown || this.magnifying) return false;
    if (!this.selection.comparing) return this.captures.current !== null;
    return this.comparison?.isLoaded === true && this.comparison.a?.planes != null;
  }

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

  /** Opens the comparison with the step before (or after), else the next input; or ends it. */
  toggleCompare(): void {
    const { choices } = this.selection;
    const { run, steps, input, inputs } = this.captures;
    if (choices.columns.length > 0 || !run) {
      choices.columns = [];
      return;
    }
    choices.channel ??= this.captures.channel;
    const at = { place: this.player.place, input, inputs: inputs.value?.inputs.length ?? 1 };
    choices.columns = [firstColumn(run.run, steps, at)];
  }

  openTimeline(): void {
    if (this.captures.steps.length > 1) this.selection.choices.timeline = "layer";
    else this.announce("Only one step was captured, so there is no timeline.");
  }

  moveInput(by: number): void {
    const count = this.captures.inputs.value?.inputs.length ?? 0;
    if (count > 0) this.selection.choices.input = (this.captures.input + by + count) % count;
  }

  /** Loads a view of the comparison, and begins to compare if nothing was compared yet. */
  async toCompare<T>(load: () => Promise<T>): Promise<T> {
    const [view, { startComparison }] = await Promise.all([
      load(),
      import("./compare/compared_filter.svelte"),
    ]);
    if (!this.comparison) {
      const started = startComparison(this.captures, this.selection, () => this.coloring);
      this.comparison = started.comparison;
      this.comparedFilter = started.comparedFilter;
    }
    return view;
  }

  /** The marks, loaded when they are first asked for. */
  async marking(): Promise<Marker> {
    const { startMarking } = await during(import("./marks/marker.svelte"));
    this.marker ??= startMarking(this);
    return this.marker;
  }

  async #startRanking(): Promise<void> {
    const { startRanking } = await during(import("./ranking/ranking.svelte"));
    this.ranking ??= startRanking(this.captures, this.selection);
  }

  announce(message: string): void {
    this.message = message;
    setTimeout(() => {
      if (this.message === message) this.message = "";
    }, 4000);
  }
}
