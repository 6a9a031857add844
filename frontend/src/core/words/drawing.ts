// How filters are drawn: the words that links, requests and pictures share.

/** Which feature maps are drawn where a layer has those of both activation stages. */
export type Stage = "before" | "after";

/** Where the color scale ends: at the largest value of a filter, of its layer, or where it is set. */
export type ScaleMode = "filter" | "layer" | "fixed";

/** In pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}
