// Timelines as the server sends them, as matrices: rows of filters or layers, columns of steps.

import type { LayerPoint, NetworkTimeline, Timeline } from "../../wire";
import { Mark, type Matrix } from "./matrix";

/** States of `Timeline.states`; the others need no mark. */
const STATE_MARKS: readonly Mark[] = [
  Mark.None,
  Mark.None,
  Mark.Silent,
  Mark.FellSilent,
  Mark.Revived,
];

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** From a row per step, as sent, to a row per filter. */
export function layerMatrix({ filters, steps, values, states }: Timeline): Matrix {
  const columns = steps.length;
  const sent = new DataView(bytesOf(values).buffer);
  const sentStates = bytesOf(states);
  const matrix: Matrix = {
    rows: filters,
    columns,
    values: new Float32Array(filters * columns),
    marks: new Uint8Array(filters * columns),
  };
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < filters; row++) {
      const from = column * filters + row;
      const to = row * columns + column;
      matrix.values[to] = sent.getFloat32(4 * from, true);
      matrix.marks[to] = STATE_MARKS[sentStates[from] ?? 0] ?? Mark.None;
    }
  }
  return matrix;
}

/** What can be shown of a network over the steps: title and number of a layer at a step. */
export const NETWORK_MEASURES = {
  kernelChangeMedian: "Kernel change, median",
  kernelChangeMean: "Kernel change, mean",
  activationChangeMedian: "Activation change, median",
  activationChangeMean: "Activation change, mean",
  silent: "Silent filters",
} as const satisfies Partial<Record<keyof LayerPoint, string>>;

export type NetworkMeasure = keyof typeof NETWORK_MEASURES;

/** A row per layer. */
export function networkMatrix({ layers, steps }: NetworkTimeline, measure: NetworkMeasure): Matrix {
  const columns = steps.length;
  const points = layers.flatMap((layer) => layer.points);
  return {
    rows: layers.length,
    columns,
    values: Float32Array.from(points, (point) => point[measure] ?? NaN),
    marks: Uint8Array.from(points, (point) =>
      point.unchangedSince === null ? Mark.None : Mark.Unchanged,
    ),
  };
}
