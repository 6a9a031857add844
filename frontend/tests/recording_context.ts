// A 2D context that notes what is drawn with it.

interface Call {
  name: string;
  values: unknown[];
}

/** Calls whose first two values are a place. */
const PLACED = ["moveTo", "lineTo", "arc", "fillRect", "strokeRect", "roundRect", "fillText"];
const BOXES = ["fillRect", "strokeRect", "roundRect"];

export class RecordingContext {
  readonly calls: Call[] = [];

  canvas(): CanvasRenderingContext2D {
    const { calls } = this;
    const context = new Proxy({} as Record<string | symbol, unknown>, {
      get: (target, name) =>
        target[name] ??
        ((...values: unknown[]) => {
          calls.push({ name: String(name), values });
          return { width: 0 };
        }),
    });
    return context as unknown as CanvasRenderingContext2D;
  }

  /** Every place that something was drawn at; of boxes also the corner across. */
  points(): { x: number; y: number }[] {
    return this.calls
      .filter(({ name }) => PLACED.includes(name))
      .flatMap(({ name, values }) => {
        const [x, y, width, height] = values as [number, number, number, number];
        const first = { x, y };
        return BOXES.includes(name) ? [first, { x: x + width, y: y + height }] : [first];
      });
  }
}
