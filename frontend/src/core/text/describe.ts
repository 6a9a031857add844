// What a layer is, in words.

import type { Layer, LayerSummary } from "../../wire";
import { countText, plainText, plural, sizeText } from "./format";

/** A row of the layer's attributes. */
export interface Attribute {
  name: string;
  value: string;
}

/** An output shape in little room. */
export function compactShape(shape: readonly (number | null)[]): string {
  return shape.map((size) => (size === null ? "?" : String(size))).join("×");
}

const COLLAPSED: Record<string, string> = {
  BatchNormalization: "BN",
  Activation: "act",
  ReLU: "ReLU",
};

/** What is folded into a convolution: "BN · ReLU". */
export function followersText(followers: readonly Layer[]): string {
  return followers
    .map((layer) => layer.activationFunction || COLLAPSED[layer.className] || layer.className)
    .join(" · ");
}

/** What a layer is, in a few letters: the kernel of a convolution, else the kind. */
export function briefKind(layer: Layer): string {
  if (layer.kernelSize.length > 0) return layer.kernelSize.join("×");
  const known = [...layer.className.matchAll(/[A-Z][a-z]+/g)].map((match) => match[0]);
  return known.length > 1
    ? known
        .map((word) => word.slice(0, 3))
        .join("")
        .slice(0, 6)
    : layer.className.slice(0, 6);
}

const STAGES = {
  before: "before the activation function, which a later layer applies",
  after: "after the activation function",
  none: "no activation function follows",
} as const;

/** One line under a layer's name: what most people want to know of it. */
export function layerLine(layer: Layer): string {
  const kernel = layer.kernelSize.length > 0 ? ` ${layer.kernelSize.join("×")}` : "";
  const parts = [`${layer.className}${kernel}`];
  if (layer.strides.some((stride) => stride > 1)) parts.push(`stride ${layer.strides.join("×")}`);
  if (layer.dilation.some((rate) => rate > 1)) parts.push(`dilation ${layer.dilation.join("×")}`);
  if (layer.groups > 1) parts.push(`${layer.groups} groups`);
  if (layer.activationFunction) parts.push(layer.activationFunction);
  if (layer.receptiveField) parts.push(`sees ${layer.receptiveField.size.join("×")} px`);
  return parts.join(" · ");
}

/** Every attribute of a layer that has a value. */
export function layerAttributes(layer: Layer): Attribute[] {
  const rows: [string, string][] = [
    ["Rank", String(layer.index)],
    ["Type", layer.className],
    ["Path", plainText(layer.key, 5000)],
    ["Output", compactShape(layer.outputShape)],
    ["Shown", layer.isConvolution ? STAGES[layer.activationStage] : ""],
    ["Kernel size", sizeText(layer.kernelSize)],
    ["Strides", sizeText(layer.strides)],
    ["Dilation", sizeText(layer.dilation)],
    ["Padding", layer.padding],
    ["Groups", layer.groups > 1 ? String(layer.groups) : ""],
    ["Activation function", layer.activationFunction],
    ["Parameters", countText(layer.parameters)],
    ["Receptive field", layer.receptiveField ? `${sizeText(layer.receptiveField.size)} px` : ""],
    ["Field stride", layer.receptiveField ? `${sizeText(layer.receptiveField.stride)} px` : ""],
    ["Data format", layer.dataFormat],
    ["Depth", String(layer.depth)],
  ];
  return rows.filter(([, value]) => value !== "").map(([name, value]) => ({ name, value }));
}

/** What the words of `summaryText` mean. */
export const SILENT_MEANING = "zero for every captured input";
export const WEAK_MEANING = "strongest response below 1 % of the layer's strongest";

/** Health of a layer's filters: "64 filters, 3 silent, 5 weak". */
export function summaryText(summary: LayerSummary): string {
  const parts = [plural(summary.filters, "filter")];
  if (summary.silent > 0) parts.push(`${summary.silent} silent`);
  if (summary.weak > 0) parts.push(`${summary.weak} weak`);
  return parts.join(", ");
}

/** The configuration, indented; as it came where it is not JSON. */
export function configText(config: string): string {
  try {
    return plainText(
      JSON.stringify(JSON.parse(config), null, 2).replaceAll("\n", "\u2028"),
      20000,
    ).replaceAll("\uFFFD", "\n");
  } catch {
    return plainText(config, 20000);
  }
}

/** Since when a layer's pictures are the same, to be put after other words; else nothing. */
export function unchangedText(summary: LayerSummary | undefined): string {
  const since = summary?.unchangedSince ?? null;
  return since === null ? "" : ` · unchanged since step ${countText(since)}`;
}
