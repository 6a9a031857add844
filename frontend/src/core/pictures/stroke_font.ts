// Short signs as strokes, which look the same with any fonts.

/** Strokes as points "xy" on a grid of 4 by 6 units, from the upper left. */
const GLYPHS: Readonly<Record<string, string>> = {
  " ": "",
  "0": "10 30 41 45 36 16 05 01 10",
  "1": "11 20 26,16 36",
  "2": "01 10 30 41 42 06 46",
  "3": "00 40 23 33 44 45 36 16 05",
  "4": "36 30 04 44",
  "5": "40 00 03 33 44 45 36 06",
  "6": "30 10 01 05 16 36 45 44 33 03",
  "7": "00 40 16",
  "8": "10 30 41 42 33 13 02 01 10,13 04 05 16 36 45 44 33",
  "9": "16 36 45 41 30 10 01 02 13 43",
  "=": "02 42,04 44",
  "≈": "02 11 32 41,05 14 35 44",
  "∅": "10 30 42 44 36 16 04 02 10,06 40",
  N: "06 00 46 40",
  a: "12 32 43 46 16 05 14 44",
  s: "42 12 03 14 34 45 36 06",
  t: "10 15 26 46,02 42",
};

const UNIT = 1.15;
const ADVANCE = 6 * UNIT;

export const STROKE_HEIGHT = 6 * UNIT;

/** Whether every character can be written. */
export const canWrite = (text: string): boolean => [...text].every((one) => one in GLYPHS);

/** How wide a text is, in pixels. */
export const strokeWidth = (text: string): number => [...text].length * ADVANCE - 2 * UNIT;

/** Strokes a text with its upper left at a point, in the style of the context. */
export function strokeText(
  context: CanvasRenderingContext2D,
  text: string,
  left: number,
  top: number,
): void {
  [...text].forEach((character, index) => {
    for (const stroke of (GLYPHS[character] ?? "").split(",")) {
      context.beginPath();
      for (const [x, y] of stroke.split(" ").map(([x, y]) => [Number(x), Number(y)] as const))
        context.lineTo(left + index * ADVANCE + x * UNIT, top + y * UNIT);
      context.stroke();
    }
  });
}
