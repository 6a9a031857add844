// How long ago something was, in words.

import { plural, timeText } from "./format";

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;
const LONGEST_DAYS = 14;

/** "just now", "3 minutes ago"; the date where that is longer ago than two weeks. */
export function agoText(wallTime: number, now = Date.now() / 1000): string {
  const seconds = now - wallTime;
  if (seconds >= LONGEST_DAYS * 86_400) return timeText(wallTime);
  for (const [size, unit] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${plural(count, unit)} ago`;
  }
  return "just now";
}
