// Statistics as a table for other programs (RFC 4180).

import type { LayerCapture } from "../wire";

/** One line per filter: its number, the scale of its map, and every statistic. */
export function statisticsCsv(capture: LayerCapture, channels: readonly number[]): string {
  const activation = capture.sheets.find((sheet) => sheet.method === "activation");
  const names = [
    "filter",
    "largest_magnitude",
    ...capture.statistics.map((statistic) => statistic.name),
  ];
  const lines = channels.map((channel) => [
    channel,
    activation?.scale[channel] ?? "",
    ...capture.statistics.map((statistic) => statistic.values[channel] ?? ""),
  ]);
  return [names, ...lines].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

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
