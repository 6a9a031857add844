// Numbers and sizes as text.

const DIGITS = new Intl.NumberFormat("en-US");

/** A count with thousands separators. */
export function countText(count: number): string {
  return DIGITS.format(count);
}

const COMPACT = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumSignificantDigits: 3,
});

/** A count in little room, in three significant digits: 584, 590K, 2.36M. */
export function compactCount(count: number): string {
  return COMPACT.format(count);
}

/** A measured value in three significant digits; "–" where there is none. */
export function valueText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return minus(value.toExponential(1).replace("e+", "e"));
  return minus(String(Number(value.toPrecision(3))));
}

/** A measured value in two significant digits, for little room. */
export function briefText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 || (size > 0 && size < 1e-3))
    return minus(value.toExponential(0).replace("e+", "e"));
  return minus(String(Number(value.toPrecision(2))).replace(/^(-?)0\./, "$1."));
}

function minus(text: string): string {
  return text.replace(/^-/, "−").replace("e-", "e−");
}

/** A share in percent: 62 %, 0.3 %, < 0.1 %. */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "< 0.1 %";
  if (percent < 10) return `${percent.toFixed(1)} %`;
  return `${Math.round(percent)} %`;
}

/** An output shape as channels × height × width would be misleading: in the layer's own order. */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((size) => (size === null ? "?" : String(size))).join(" × ");
}

/** Kernel sizes, strides: 3 × 3. */
export function sizeText(sizes: readonly number[]): string {
  return sizes.join(" × ");
}

/** "1 filter", "2 filters". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A text of at most so many letters, shortened in its middle: names often differ at their end. */
export function shortenMiddle(text: string, letters: number): string {
  const points = Array.from(text);
  if (points.length <= letters) return text;
  const kept = Math.max(2, Math.floor(letters) - 1);
  const tail = Math.ceil(kept * 0.6);
  return `${points.slice(0, kept - tail).join("")}…${points.slice(-tail).join("")}`;
}

/** Wall time, in the reader's own time zone. */
export function timeText(wallTime: number): string {
  if (wallTime <= 0) return "";
  return new Date(wallTime * 1000).toLocaleString([], {
    dateStyle: "medium",
    timeStyle: "short",
  });
}

/**
 * Text from a log directory, safe to show in a line: no control or direction characters, and
 * not longer than a line can be.
 */
export function plainText(text: string, longest = 200): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");
  const points = Array.from(clean.slice(0, 2 * longest + 2));
  return points.length > longest ? `${points.slice(0, longest).join("")}…` : points.join("");
}
