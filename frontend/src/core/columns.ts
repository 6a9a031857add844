// Columns of the comparison: which captures stand side by side, and how the link says so.

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
