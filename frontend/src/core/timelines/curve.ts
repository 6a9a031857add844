// Curves over steps as SVG paths.

/** A point; `y` is null where there is no value. */
export interface CurvePoint {
  x: number;
  y: number | null;
}

export interface CurveBox {
  width: number;
  height: number;
  padding: number;
}

export interface Curve {
  path: string;
  /** Where each point lies, null where it has no value. */
  places: ({ x: number; y: number } | null)[];
  minimum: number;
  maximum: number;
}

/** Lays points into a box, largest value on top. The path has gaps where values are missing. */
export function layOutCurve(points: readonly CurvePoint[], box: CurveBox): Curve | null {
  const values = points.flatMap((point) => (point.y === null ? [] : [point.y]));
  const first = points[0];
  const last = points.at(-1);
  if (values.length === 0 || !first || !last) return null;
  const minimum = Math.min(...values);
  const maximum = Math.max(...values);
  const spanX = last.x - first.x || 1;
  const spanY = maximum - minimum;
  const { width, height, padding } = box;
  const places = points.map(({ x, y }) => {
    if (y === null) return null;
    const share = spanY > 0 ? (y - minimum) / spanY : 0.5;
    return {
      x: padding + ((x - first.x) / spanX) * (width - 2 * padding),
      y: height - padding - share * (height - 2 * padding),
    };
  });
  let path = "";
  places.forEach((place, at) => {
    if (place) path += `${places[at - 1] ? "L" : "M"}${place.x.toFixed(1)} ${place.y.toFixed(1)}`;
  });
  return { path, places, minimum, maximum };
}
