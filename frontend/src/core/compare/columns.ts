// Columns of the comparison: which captures stand side by side, and their form in links.

/** One capture beside the selected one: B, C, … */
export interface ColumnChoice {
  run: string;
  /** Null: the newest step of the run. */
  step: number | null;
  input: number;
}

/** More columns than these have no room for their pictures. */
export const MOST_COLUMNS = 4;

/** Name of a column; A is what the controls above select. */
export const columnLetter = (place: number): string => String.fromCharCode(65 + place);

/** What a comparison begins with: the step before or after, else the next input image. */
export function firstColumn(
  run: string,
  steps: readonly { step: number }[],
  at: { place: number; input: number; inputs: number },
): ColumnChoice {
  const other = steps[at.place - 1] ?? steps[at.place + 1];
  if (other) return { run, step: other.step, input: at.input };
  return { run, step: null, input: (at.input + 1) % at.inputs };
}

/** A run with its steps and input images, as far as columns can be chosen of it. */
export interface ColumnSource {
  run: string;
  steps: readonly { step: number }[];
}

/**
 * A capture that stands in no column yet: of the run of the last column, the step before it, or
 * else the nearest other; then another input image; then the newest step of another run. Null
 * where everything is shown.
 */
export function nextColumn(
  shown: readonly ColumnChoice[],
  runs: readonly ColumnSource[],
  inputs: number,
): ColumnChoice | null {
  const last = shown.at(-1);
  if (!last) return null;
  const newest = ({ steps }: ColumnSource) => steps.at(-1)?.step ?? null;
  const stepOf = ({ run, step }: ColumnChoice) => {
    const source = runs.find((one) => one.run === run);
    return step ?? (source ? newest(source) : null);
  };
  const name = (one: ColumnChoice) => JSON.stringify([one.run, stepOf(one), one.input]);
  const taken = new Set(shown.map(name));
  const steps = (runs.find(({ run }) => run === last.run)?.steps ?? []).map(({ step }) => step);
  const from = stepOf(last) ?? 0;
  const nearest = [
    ...steps.filter((step) => step < from).reverse(),
    ...steps.filter((step) => step > from),
  ];
  const others = Array.from(
    { length: Math.max(0, inputs - 1) },
    (_, at) => (last.input + 1 + at) % inputs,
  );
  const candidates: ColumnChoice[] = [
    ...nearest.map((step) => ({ ...last, step })),
    ...others.map((input) => ({ ...last, input })),
    ...runs
      .filter(({ run }) => run !== last.run)
      .map((one) => ({ ...last, run: one.run, step: newest(one) })),
  ];
  return candidates.find((one) => one.step !== null && !taken.has(name(one))) ?? null;
}

export function columnsText(columns: readonly ColumnChoice[]): string | null {
  if (columns.length === 0) return null;
  return JSON.stringify(columns.map(({ run, step, input }) => [run, step, input]));
}

/** Columns of a link; nothing where the text makes no sense. */
export function parseColumns(text: string | undefined): ColumnChoice[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  return found.slice(0, MOST_COLUMNS - 1).flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [run, step, input] = entry as unknown[];
    const whole = (value: unknown): value is number =>
      Number.isSafeInteger(value) && Number(value) >= 0;
    if (typeof run !== "string" || !whole(input) || (step !== null && !whole(step))) return [];
    return [{ run, step, input }];
  });
}
