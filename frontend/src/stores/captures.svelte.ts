// What the server has of the selection: it follows the choices and fetches what they need.

import type { CaptureRef } from "../api";
import type { Stage } from "../core/choices";
import { gridSheet } from "../core/method";
import { drawablePlanes, type Planes } from "../core/planes";
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
} from "../wire";
import { Library } from "./library";
import { Resource } from "./resource.svelte";
import type { Selection } from "./selection.svelte";

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
  /** What was captured of each layer at the selected step. */
  readonly captured = $derived(
    new Map<number, LayerSummary>(
      this.step.value?.layers.map((summary) => [summary.layer, summary]),
    ),
  );
  readonly layer = $derived.by<Layer | null>(() => {
    const layers = this.graph.value?.layers ?? [];
    const wanted = layers.find((layer) => layer.key === this.selection.choices.layer);
    return wanted ?? layers.find((layer) => this.captured.has(layer.index)) ?? null;
  });
  readonly input = $derived.by(() => {
    const count = this.inputs.value?.inputs.length ?? 0;
    return Math.max(0, Math.min(count - 1, this.selection.choices.input));
  });
  readonly channel = $derived.by(() => {
    const count = this.view.value?.planes?.channels ?? this.layer?.channels ?? 1;
    return Math.max(0, Math.min(count - 1, this.selection.choices.channel ?? this.first()));
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
      const { at, layer, input } = this;
      const { method, stage } = this.selection.choices;
      // The graph of another run may still be on its way: its layers are not this run's.
      const fresh = this.graph.valueKey === this.summary?.graph && !this.step.loading;
      if (!at || !layer || !fresh || !this.captured.has(layer.index)) return;
      const key = JSON.stringify([at, layer.index, input, method, stage]);
      this.view.load(key, () => this.loadView(at, { layer, input, method, stage }));
    });
  }

  /** Asks for the runs again: there may be new ones, and new steps. */
  reload(): void {
    if (this.runs.value === null && !this.runs.error)
      this.runs.load("runs", () => this.library.runs());
    else this.runs.reload();
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

/** The run of a name; else the one that was written last. */
function findRun(runs: readonly Run[], name: string | null): Run | null {
  const wanted = runs.find((run) => run.run === name);
  if (wanted) return wanted;
  const written = (run: Run) => run.steps.at(-1)?.wallTime ?? 0;
  return runs.reduce<Run | null>(
    (last, run) => (!last || written(run) > written(last) ? run : last),
    null,
  );
}

/** The step of a number; else the nearest one, for another run has others. Null: the newest. */
export function findStep(steps: readonly StepSummary[], wanted: number | null): StepSummary | null {
  if (wanted === null) return steps.at(-1) ?? null;
  return steps.reduce<StepSummary | null>(
    (best, step) =>
      !best || Math.abs(step.step - wanted) < Math.abs(best.step - wanted) ? step : best,
    null,
  );
}
