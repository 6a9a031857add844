// Tests of verdicts: what the model loses without the marked filters, and without as many others.

import type { Ablation, AblationChoice, LayerAblation } from "../../wire";
import { countText, plainText, plural, valueText } from "../text/format";
import { statisticName } from "./statistics";

export type Fill = AblationChoice["fill"];

/** What removing some filters changes about a metric. */
export interface Effect {
  name: string;
  filters: number;
  trials: number;
  /** Mean of the trials minus the value of the whole model; null where it is not finite. */
  change: number | null;
  /** Standard deviation of the trials; null for fewer than two. */
  deviation: number | null;
}

/** The first metric is the loss; people ask for accuracy. */
export function usualMetric({ metrics }: Ablation): number {
  const accuracy = metrics.findIndex((name) => /acc/i.test(name));
  return Math.max(0, accuracy);
}

/** Whether a metric is a share, to be written in percent, of which more is better. */
export function isAccuracy(metric: string): boolean {
  return /acc|precision|recall|auc/i.test(metric);
}

export const countFilters = ({ filters }: AblationChoice): number =>
  filters.reduce((sum, { channels }) => sum + channels.length, 0);

/** One effect per choice of filters, in the order of the test: the marked ones first. */
export function effectsOf(ablation: Ablation, metric: number, fill: Fill): Effect[] {
  const whole = ablation.baseline[metric] ?? null;
  return ablation.choices
    .filter((choice) => choice.fill === fill)
    .map((choice) => {
      const values = choice.trials.map((trial) => trial[metric] ?? null);
      const known = values.filter((value): value is number => value !== null);
      const complete = whole !== null && known.length === values.length && known.length > 0;
      const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
      return {
        name: choice.name,
        filters: countFilters(choice),
        trials: choice.trials.length,
        change: complete ? mean - whole : null,
        deviation: complete ? deviationOf(known, mean) : null,
      };
    });
}

/** Standard deviation of a sample; null for fewer than two values. */
function deviationOf(values: readonly number[], mean: number): number | null {
  if (values.length < 2) return null;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** What the model loses without each filter of a layer, one at a time. */
export interface FilterEffects {
  test: Ablation;
  /** Per metric of the test, per filter: the change; null where it is not finite. */
  changes: (number | null)[][];
}

/** The effects in the latest test that removed filters of a layer one by one; null without one. */
export function filterEffects(
  tests: readonly Ablation[],
  graph: string,
  key: string,
): FilterEffects | null {
  for (const test of tests) {
    const layer = test.graph === graph ? test.layers.find(({ layer }) => layer === key) : undefined;
    if (layer) return { test, changes: changesOf(test, layer) };
  }
  return null;
}

/** Per metric of a test, per filter of a layer: the change without it. */
function changesOf({ baseline }: Ablation, { filters }: LayerAblation): (number | null)[][] {
  return baseline.map((whole, metric) =>
    filters.map((values) => {
      const value = values[metric] ?? null;
      return whole === null || value === null ? null : value - whole;
    }),
  );
}

/** Which filter of a layer the model can spare the most easily, and which the least. */
export interface Extremes {
  layer: string;
  filters: number;
  least: { channel: number; change: number };
  most: { channel: number; change: number };
}

/** The extremes, by loss, of every layer whose filters were removed one by one. */
export function extremesOf(test: Ablation): Extremes[] {
  return test.layers.flatMap((one) => {
    const known = (changesOf(test, one)[0] ?? []).flatMap((change, channel) =>
      change === null ? [] : [{ channel, change }],
    );
    const [least, most] = [1, -1].map((sign) =>
      known.reduce<Extremes["least"] | null>(
        (best, other) => (best && sign * best.change <= sign * other.change ? best : other),
        null,
      ),
    );
    return least && most ? [{ layer: one.layer, filters: one.filters.length, least, most }] : [];
  });
}

/** "Measured with digits.keras on 360 inputs, step 9". */
export function testText({ model, samples, step }: Ablation): string {
  const at = step === null ? "" : `, step ${countText(step)}`;
  return `Measured with ${plainText(model, 60)} on ${plural(samples, "input")}${at}.`;
}

/** Changes of a loss below this are those of floating point numbers, and written as none. */
const LEAST_WRITTEN = 1e-6;

/** A change of a metric with its sign: "−2.3 %" of a share, three digits of a loss. */
export function changeText(change: number | null, metric: string): string {
  if (change === null) return "–";
  const size = Math.abs(change);
  const sign = change > 0 ? "+" : "−";
  if (!isAccuracy(metric)) return size < LEAST_WRITTEN ? "0" : sign + valueText(size);
  const percent = (100 * size).toFixed(1);
  return Number(percent) === 0 ? "0 %" : `${sign}${percent} %`;
}

/** "loss +0.012 · accuracy −0.3 %": what the model does without one filter. */
export function effectText({ test, changes }: FilterEffects, channel: number): string {
  return test.metrics
    .map((name, metric) => {
      const change = changes[metric]?.[channel] ?? null;
      return `${plainText(name, 40)} ${changeText(change, name)}`;
    })
    .join(" · ");
}

export function deviationText(deviation: number, metric: string): string {
  return isAccuracy(metric)
    ? (100 * deviation).toFixed(1)
    : Number(deviation.toPrecision(2)).toString();
}

/** How a choice of filters is called, in the plural or for one. */
export function choiceName({ name, filters }: Effect): string {
  if (name === "marked") return `your ${plural(filters, "useless filter")}`;
  if (name === "random") return `${filters} random ${filters === 1 ? "one" : "ones"}`;
  return `${filters} by ${statisticName(name)}`;
}

/** "Without your 12 useless filters: accuracy −0.1 %. Without 12 random ones: −2.3 % ± 0.8." */
export function verdictSentence(effects: readonly Effect[], metric: string): string {
  const marked = effects.find(({ name }) => name === "marked");
  const random = effects.find(({ name }) => name === "random");
  const parts = [];
  if (marked)
    parts.push(`Without ${choiceName(marked)}: ${metric} ${changeText(marked.change, metric)}.`);
  if (random) {
    const range = random.deviation === null ? "" : ` ± ${deviationText(random.deviation, metric)}`;
    parts.push(`Without ${choiceName(random)}: ${changeText(random.change, metric)}${range}.`);
  }
  return parts.join(" ");
}

/** Changes below this share of a metric are those of floating point numbers. */
const NOTHING = 1e-5;

/** Whether the verdicts hold: what changes without the marked filters, and how often chance costs more. */
export function conclusionSentence(ablation: Ablation, metric: number, fill: Fill): string {
  const whole = ablation.baseline[metric] ?? null;
  const costs = costsOf(ablation, metric);
  const find = (name: string) =>
    ablation.choices.find((choice) => choice.name === name && choice.fill === fill);
  const marked = find("marked")?.trials[0]?.[metric] ?? null;
  if (whole === null || marked === null) return "";
  const trials = (find("random")?.trials ?? []).flatMap((trial) => trial[metric] ?? []);
  const least = NOTHING * Math.max(1, Math.abs(whole));
  const worse = trials.filter((value) => costs * (value - marked) > least).length;
  const chance =
    costs === 0 || trials.length === 0
      ? ""
      : ` ${worse} of ${plural(trials.length, "random choice")} cost more.`;
  const change = Math.abs(marked - whole) <= least ? "Nothing changes without them" : "";
  if (change) return `${change}: the verdicts hold on this data.${chance}`;
  return chance.trim();
}

/** 1: more of the metric is worse; -1: less is worse; 0: that is not known. */
function costsOf({ metrics }: Ablation, metric: number): number {
  const name = metrics[metric] ?? "";
  if (isAccuracy(name)) return -1;
  return metric === 0 || /loss|error|crossentropy|ma[ep]|mse/i.test(name) ? 1 : 0;
}

/** Ends of an axis that holds every dot, its interval, and zero. */
export function effectRange(effects: readonly Effect[]): { low: number; high: number } {
  const ends = effects.flatMap(({ change, deviation }) =>
    change === null ? [] : [change - (deviation ?? 0), change + (deviation ?? 0)],
  );
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  return low === high ? { low: -1, high: 1 } : { low, high };
}

/** The command that tests the verdicts of a run; its name means nothing to the shell. */
export function ablateCommand(run: string): string {
  const name = /^[\w./-]+$/.test(run) ? run : `'${run.replaceAll("'", "'\\''")}'`;
  return `convlens ablate MODEL.keras --data DATA --logdir LOGS --run ${name}`;
}
