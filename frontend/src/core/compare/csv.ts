// Statistics as a table for other programs (RFC 4180).

import type { LayerCapture } from "../../wire";
import { columnLetter } from "./columns";
import { statisticChange, statisticOf, type CompareNumbers } from "./compare_order";

/** One line per filter: its number, the scale of its map, and every statistic. */
export function statisticsCsv(capture: LayerCapture, channels: readonly number[]): string {
  const activation = capture.sheets.find((sheet) => sheet.method === "activation");
  const twice = (name: string) => capture.statistics.filter((one) => one.name === name).length > 1;
  const names = [
    "filter",
    "largest_magnitude",
    ...capture.statistics.map(({ name, stage }) => (twice(name) ? `${name}_${stage}` : name)),
  ];
  const lines = channels.map((channel) => [
    channel,
    activation?.scale[channel] ?? "",
    ...capture.statistics.map((statistic) => statistic.values[channel] ?? ""),
  ]);
  return tableCsv([names, ...lines]);
}

/** One line per filter: every statistic in every column of the comparison, and of two A − B. */
export function comparedCsv(numbers: CompareNumbers, channels: readonly number[]): string {
  const columns = numbers.statistics.map((_, column) => column);
  const names = [
    ...new Set(numbers.statistics.flatMap((statistics) => statistics.map(({ name }) => name))),
  ];
  const pair = columns.length === 2;
  const head = names.flatMap((name) => [
    ...columns.map((column) => `${columnLetter(column)} ${name}`),
    ...(pair ? [`A-B ${name}`] : []),
  ]);
  const lines = channels.map((channel) => [
    channel,
    ...names.flatMap((name) => [
      ...columns.map((column) => statisticOf(numbers, { column, name, channel }) ?? ""),
      ...(pair ? [statisticChange(numbers, { name, channel }) ?? ""] : []),
    ]),
  ]);
  return tableCsv([["filter", ...head], ...lines]);
}

const tableCsv = (lines: readonly (readonly (string | number)[])[]): string =>
  lines.map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";

/** Quotes a cell where it must be; a leading sign of a formula is made harmless. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A file name without anything that a file system could mind. */
export function fileName(...parts: (string | number)[]): string {
  const name = parts
    .map((part) =>
      String(part)
        .replace(/[^\w.-]+/g, "_")
        .slice(0, 60),
    )
    .join("-");
  return name.replace(/^\.+/, "_");
}
