// What the server has of the selection: it follows the choices and fetches what they need.

import type { CaptureRef } from "../../core/words/capture";
import type { Stage } from "../../core/words/drawing";
import { gridSheet } from "../../core/pictures/method";
import { drawablePlanes, type Planes } from "../../core/pictures/planes";
import type {
  Inputs,
  Layer,
  LayerCapture,
  LayerSummary,
  Method,
  ModelGraph,
  Prediction,
  Run,
  Runs,
  Sheet,
  Step,
  StepSummary,
} from "../../wire";
import { Library } from "./library";
import { Resource } from "./resource.svelte";
import type { Selection } from "../selection.svelte";

/** One layer as the grid shows it; everything in it belongs together. */
export interface LayerView {
  at: CaptureRef;
  layer: Layer;
  input: number;
  method: Method;
  stage: Stage;
  capture: LayerCapture;
  /** Null where the method was not captured for this layer. */
  sheet: Sheet | null;
  /** One plane per channel, ready to be colored. */
  planes: Planes | null;
}

/** One filter of a captured layer. */
export interface SelectedView extends LayerView {
  channel: number;
}

export class Captures {
  readonly library = new Library();
  readonly runs = new Resource<Runs>();
  readonly graph = new Resource<ModelGraph>();
  readonly inputs = new Resource<Inputs>();
  readonly step = new Resource<Step>();
  readonly view = new Resource<LayerView>();

  readonly run = $derived.by(() =>
    findRun(this.runs.value?.runs ?? [], this.selection.choices.run),
  );
  readonly steps = $derived(this.run?.steps ?? []);
  readonly summary = $derived.by(() => findStep(this.steps, this.selection.choices.step));
  readonly at = $derived.by<CaptureRef | null>(() =>
    this.run && this.summary
      ? { run: this.run.run, step: this.summary.step, session: this.summary.session }
      : null,
  );
  /** Changes whenever the run has a new step, or an old one was written again. */
  readonly version = $derived(
    JSON.stringify(this.steps.map(({ step, session }) => [step, session])),
  );
  /**
   * What was captured of each layer at the selected step; of the step before it while that is on
   * its way, for the chain of layers need not go blank at every step.
   */
  readonly captured = $derived.by(() => {
    const { last } = this.step;
    const same = last?.run === this.run?.run && last?.graph === this.summary?.graph;
    const step = this.step.value ?? (same ? last : null);
    return new Map<number, LayerSummary>(step?.layers.map((summary) => [summary.layer, summary]));
  });
  readonly layer = $derived.by<Layer | null>(() => {
    const layers = this.graph.value?.layers ?? [];
    const wanted = layers.find((layer) => layer.key === this.selection.choices.layer);
    return wanted ?? layers.find((layer) => this.captured.has(layer.index)) ?? null;
  });
  readonly input = $derived.by(() => {
    const count = this.inputs.value?.inputs.length ?? 0;
    return Math.max(0, Math.min(count - 1, this.selection.choices.input));
  });
  /** The wanted selection; null if a part of it is not known yet. */
  readonly #wanted = $derived.by(() => {
    const { at, layer, input } = this;
    const { method, stage } = this.selection.choices;
    if (!at || !layer) return null;
    const place = { layer, input, method, stage };
    return { at, place, key: JSON.stringify([at, layer.index, layer.key, input, method, stage]) };
  });
  /** The selection as it was captured; null until it is here. Use this to act on the selection. */
  readonly current: LayerView | null = $derived(
    this.#wanted && this.view.lastKey === this.#wanted.key ? this.view.last : null,
  );
  /**
   * What is on screen: `current`, or still the same layer of the same run at another step, by
   * another method, for another input, while that is on its way.
   */
  readonly shown: LayerView | null = $derived.by(() => {
    const { last } = this.view;
    if (this.current || !last || this.step.error || this.view.error) return this.current;
    const same = last.at.run === this.run?.run && last.layer === this.layer;
    return same && this.captured.has(last.layer.index) ? last : null;
  });
  readonly channel: number = $derived.by(() => {
    const count = this.shown?.planes?.channels ?? this.layer?.channels ?? 1;
    return Math.max(0, Math.min(count - 1, this.selection.choices.channel ?? this.first()));
  });
  /** Plain, for it is only read where `shown` or `channel` has changed. */
  #lastSelected: SelectedView | null = null;
  /**
   * The filter on screen; while nothing is, the one before it. For views that stay laid out,
   * unseen, until the next filter comes: to build them anew takes longer than to fetch what they
   * show, and each then asks for its pictures at a moment of its own.
   */
  readonly lastSelected: SelectedView | null = $derived.by(() => {
    const { shown, channel } = this;
    if (shown) this.#lastSelected = { ...shown, channel };
    return this.#lastSelected;
  });
  readonly predictions = $derived.by<Prediction[]>(
    () =>
      this.step.value?.predictions.filter((prediction) => prediction.input === this.input) ?? [],
  );

  constructor(
    private readonly selection: Selection,
    /** The first filter of the grid. */
    private readonly first: () => number,
  ) {}

  /** Loads what the selection needs, whenever it changes; call it inside an effect root. */
  watch(): void {
    this.reload();
    $effect(() => {
      const { run, summary, at } = this;
      if (!run || !summary || !at) return;
      this.graph.load(summary.graph, () => this.library.graph(run.run, summary.graph));
      this.inputs.load(summary.inputs, () => this.library.inputs(run.run, summary.inputs));
      this.step.follow(JSON.stringify(at), () => this.library.step(at));
    });
    $effect(() => {
      const wanted = this.#wanted;
      this.view.expect(wanted?.key ?? null);
      if (!wanted || !this.step.isCurrent || !this.captured.has(wanted.place.layer.index)) return;
      this.view.load(wanted.key, () => this.loadView(wanted.at, wanted.place));
    });
  }

  /** Asks for the runs again: there may be new ones, and new steps. */
  reload(): void {
    if (this.runs.last === null && !this.runs.error)
      this.runs.load("runs", () => this.library.runs());
    else this.runs.reload();
  }

  /** Address of a picture of an input image, for <img>; "" until the input images are known. */
  pictureAddress(place: number, source: number): string {
    const inputs = this.inputs.value;
    const input = inputs?.inputs[place];
    if (!this.run || !input) return "";
    return this.library.pictureAddress(this.run.run, {
      fingerprint: inputs.fingerprint,
      index: input.index,
      source,
    });
  }

  async loadView(
    at: CaptureRef,
    { layer, input, method, stage }: Pick<LayerView, "layer" | "input" | "method" | "stage">,
  ): Promise<LayerView> {
    const capture = await this.library.layer(at, layer.index, input);
    const sheet = gridSheet(capture, method, stage);
    const planes = sheet ? drawablePlanes(await this.library.sheet(at, sheet), method) : null;
    return { at, layer, input, method, stage, capture, sheet, planes };
  }
}

/** The run of a name, or else the one that was written last. */
function findRun(runs: readonly Run[], name: string | null): Run | null {
  const wanted = runs.find((run) => run.run === name);
  if (wanted) return wanted;
  const written = (run: Run) => run.steps.at(-1)?.wallTime ?? 0;
  return runs.reduce<Run | null>(
    (last, run) => (!last || written(run) > written(last) ? run : last),
    null,
  );
}

/** The step of a number, or else the nearest one in this run. Null: the newest. */
export function findStep(steps: readonly StepSummary[], wanted: number | null): StepSummary | null {
  if (wanted === null) return steps.at(-1) ?? null;
  return steps.reduce<StepSummary | null>(
    (best, step) =>
      !best || Math.abs(step.step - wanted) < Math.abs(best.step - wanted) ? step : best,
    null,
  );
}
