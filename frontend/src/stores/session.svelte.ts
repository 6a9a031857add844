// Everything the views read, and every command they give.

import { getContext, setContext, untrack } from "svelte";

import { buildChain, groupsAround } from "../core/chain";
import type { InspectorTab, ScaleMode } from "../core/choices";
import { LARGEST_TILE, SMALLEST_TILE } from "../core/grid";
import { plainText } from "../core/format";
import { findGroups } from "../core/groups";
import { onHostReload } from "../core/host";
import { createColoring } from "../core/coloring";
import { pixel } from "../core/lut";
import { capturedMethods, capturedStages, isUnresponsive } from "../core/method";
import { orderChannels, showChannels, usableSort } from "../core/order";
import { NONE_PICKED, pickRange, togglePick, type Picked } from "../core/picking";
import type { Layer, Statistic } from "../wire";
import { Captures } from "./captures.svelte";
import type { Marker } from "./marker.svelte";
import type { Ranking } from "./ranking.svelte";
import { Selection } from "./selection.svelte";
import { Settings } from "./settings.svelte";

/** Blocks start closed in networks with more layers than a person reads through. */
const MANY_LAYERS = 400;
const PLAY_INTERVAL = 700;

const KEY = Symbol("session");

export const provideSession = (session: Session): Session => setContext(KEY, session);
export const useSession = (): Session => getContext<Session>(KEY);

export class Session {
  readonly settings = new Settings();
  readonly selection = new Selection();
  readonly captures = new Captures(this.selection, () => this.order[0] ?? 0);
  playing = $state(false);
  /** Which pane is shown where only one has room. */
  pane = $state<"layers" | "filters" | "inspector">("filters");
  /** Whether the selected filter fills the tab. */
  magnifying = $state(false);
  /** Filters that are marked together; of the selected layer. */
  picked = $state.raw<Picked>(NONE_PICKED);
  /** Order of the filters where another list than the grid is shown, as in the comparison. */
  listed = $state.raw<readonly number[] | null>(null);
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

  /** Statistics to sort by: the captured ones, the strength of the pictures on screen, others. */
  readonly sortable = $derived.by<Statistic[]>(() => {
    const view = this.captures.view.value;
    if (!view?.planes) return [];
    return [
      ...view.capture.statistics,
      { name: "strength", perInput: true, values: [...view.planes.scale] },
      ...(this.ranking?.statistics ?? []),
    ];
  });

  /** What the grid is sorted by: numbers where the wanted statistic was not captured. */
  readonly sort = $derived(usableSort(this.selection.choices.sort, this.sortable));

  /** Channels in the order in which they are listed. */
  readonly order = $derived.by<readonly number[]>(() => {
    if (this.listed) return this.listed;
    const view = this.captures.view.value;
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
  readonly layerRange = $derived.by(() => {
    const scale = this.captures.view.value?.planes?.scale ?? [];
    return scale.reduce((largest, value) => Math.max(largest, value), 0);
  });

  constructor() {
    let foldedFor: string | null = null;
    $effect(() => this.settings.watch());
    $effect(() => this.selection.watch());
    $effect(() => onHostReload(() => this.captures.reload()));
    $effect(() => {
      const graph = this.captures.graph.value;
      if (!graph || graph.fingerprint === foldedFor) return;
      foldedFor = graph.fingerprint;
      const blocks =
        graph.layers.length > MANY_LAYERS ? this.groups.filter((g) => g.kind === "block") : [];
      const selected = untrack(() => this.captures.layer);
      const around = selected ? groupsAround(this.groups, selected.index) : [];
      this.selection.closed = new Set(blocks.map((g) => g.id).filter((id) => !around.includes(id)));
    });
    $effect(() => this.#play());
    $effect(() => {
      void this.captures.layer?.key;
      this.picked = NONE_PICKED;
    });
    $effect(() => {
      if (this.captures.view.value === null) return;
      void this.marking();
      this.#startRanking();
    });
    this.captures.watch();
  }

  isUnresponsive(channel: number): boolean {
    const sheet = this.captures.view.value?.sheet;
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
    const bare = layer !== null && step.value !== null && !captured.has(layer.index);
    const { tab } = this.selection.choices;
    return bare && tab === "filter" ? "layer" : tab;
  });

  /** What the link or the last run asked for and is not here, and what is shown instead. */
  readonly substitutions = $derived.by(() => {
    const { run, summary, layer, graph, step, view } = this.captures;
    const asked = this.selection.choices;
    const sentences: string[] = [];
    const say = (sentence: string) => sentences.push(plainText(sentence, 300));
    if (run && asked.run !== null && run.run !== asked.run) {
      say(`Run “${asked.run}” holds no captures here. Run “${run.run}” is shown.`);
    }
    if (summary && asked.step !== null && summary.step !== asked.step) {
      say(
        `Step ${asked.step} was not captured in this run. Step ${summary.step}, the nearest, is shown.`,
      );
    }
    const settled = graph.valueKey === summary?.graph && !step.loading && !view.loading;
    if (settled && layer && asked.layer !== null && layer.key !== asked.layer) {
      say(`Layer “${asked.layer}” is not in this model. Layer “${layer.key}” is shown.`);
    }
    return sentences;
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
    const layers = this.captures.graph.value?.layers ?? [];
    const captured = layers.filter((layer) => this.captures.captured.has(layer.index));
    const here = this.captures.layer?.index ?? 0;
    const next =
      by > 0 ? captured.find((l) => l.index > here) : captured.findLast((l) => l.index < here);
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
    const other = steps[this.stepPlace - 1] ?? steps[this.stepPlace + 1];
    const count = inputs.value?.inputs.length ?? 1;
    const column = { run: run.run, step: other?.step ?? null, input };
    choices.columns = [other ? column : { ...column, input: (input + 1) % count }];
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

  nextMethod(): void {
    const capture = this.captures.view.value?.capture;
    if (!capture) return;
    const methods = capturedMethods(capture);
    const place = methods.indexOf(this.selection.choices.method);
    this.selection.choices.method = methods[(place + 1) % methods.length] ?? "activation";
  }

  /** Feature maps before or after the activation function, where the layer has both. */
  switchStage(): void {
    const { value } = this.captures.view;
    if (!value || value.method !== "activation" || capturedStages(value.capture).length === 0)
      return;
    this.selection.choices.stage = value.stage === "after" ? "before" : "after";
  }

  setScale(mode: ScaleMode): void {
    if (mode === "fixed" && this.selection.choices.fixed === null) {
      this.selection.choices.fixed = Number(this.layerRange.toPrecision(2)) || 1;
    }
    this.selection.choices.scale = mode;
  }

  nextScale(): void {
    const modes: ScaleMode[] = ["filter", "layer", "fixed"];
    this.setScale(
      modes[(modes.indexOf(this.selection.choices.scale) + 1) % modes.length] ?? "filter",
    );
  }

  /** Makes the tiles larger or smaller than `current`, their present size in pixels. */
  resizeTiles(by: 1 | -1, current: number): void {
    const next = Math.round(by > 0 ? current * 1.25 : current / 1.25);
    this.selection.choices.size = Math.max(SMALLEST_TILE, Math.min(LARGEST_TILE, next));
  }

  togglePlay(): void {
    if (!this.playing && this.stepPlace === this.captures.steps.length - 1) this.selectStep(0);
    this.playing = !this.playing && this.captures.steps.length > 1;
  }

  #marking: Promise<Marker> | null = null;

  /** The marks, loaded when they are first asked for. */
  marking(): Promise<Marker> {
    this.#marking ??= import("./marker.svelte").then(({ startMarking }) => {
      this.marker = startMarking(this);
      return this.marker;
    });
    return this.#marking;
  }

  #rankingStarted = false;

  #startRanking(): void {
    if (this.#rankingStarted) return;
    this.#rankingStarted = true;
    void import("./ranking.svelte").then(({ startRanking }) => {
      this.ranking = startRanking(this);
    });
  }

  announce(message: string): void {
    this.message = message;
    setTimeout(() => {
      if (this.message === message) this.message = "";
    }, 4000);
  }

  /** Goes on to the next step once the present one is on screen. */
  #play(): (() => void) | undefined {
    if (!this.playing || this.captures.view.loading || this.captures.step.loading) return undefined;
    const place = this.stepPlace;
    const timer = setTimeout(() => {
      if (place >= this.captures.steps.length - 1) this.playing = false;
      else this.selectStep(place + 1);
    }, PLAY_INTERVAL);
    return () => clearTimeout(timer);
  }
}
