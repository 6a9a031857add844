// Methods and their sheets: how they are called, which one is drawn.

import type { Form, Guidance, Layer, LayerCapture, Method, Sheet } from "../../wire";
import { countText } from "../text/format";
import type { Stage } from "../words/drawing";

/** The sheet of a method and form; of feature maps that of the stage, or the only one. */
export function findSheet(
  capture: LayerCapture,
  { method, form, stage }: { method: Method; form: Form; stage: Stage },
): Sheet | null {
  const found = capture.sheets.filter((sheet) => sheet.method === method && sheet.form === form);
  return found.find((sheet) => sheet.stage === stage) ?? found[0] ?? null;
}

/** Activation stages of which the layer has feature maps: both, or none to choose from. */
export function capturedStages(capture: LayerCapture): Stage[] {
  const stages: Stage[] = ["before", "after"];
  const found = stages.filter((stage) => capture.sheets.some((sheet) => sheet.stage === stage));
  return found.length > 1 ? found : [];
}

/** Where feature maps stand, as a sentence; empty for all other sheets. */
export function stageNote(sheet: Sheet, layer: Layer): string {
  const text = stageText(sheet, layer);
  return text === "" ? "" : `The feature map: ${text}.`;
}

/** Where feature maps stand, as a part of a sentence; empty where it was not noted. */
export function stageText(sheet: Sheet, layer: Layer): string {
  const own = layer.activationFunction;
  if (sheet.stage === "before") return "before the activation function";
  if (sheet.stage === "none") return "no activation function follows";
  if (sheet.stage === "") return "";
  return own ? `after ${own}` : "after the activation function";
}

/** The sheet of a method in the wanted form and stage, or in those that there are. */
export function wantedSheet(
  capture: LayerCapture,
  { method, form, stage }: { method: Method; form: Form; stage: Stage },
): Sheet | null {
  return (
    findSheet(capture, { method, form, stage }) ??
    capture.sheets.find((sheet) => sheet.method === method) ??
    null
  );
}

/** The form that the grid shows: gradients by their magnitude, which is small. */
export const gridForm = (method: Method): Form => (isGradient(method) ? "magnitude" : "values");

/** The sheet that the grid shows. */
export const gridSheet = (capture: LayerCapture, method: Method, stage: Stage): Sheet | null =>
  wantedSheet(capture, { method, form: gridForm(method), stage });

/** The sheet that the inspector magnifies: the values, in full size, where they are kept. */
export const fullSheet = (capture: LayerCapture, method: Method, stage: Stage): Sheet | null =>
  wantedSheet(capture, { method, form: "values", stage });

export function isGradient(method: Method): boolean {
  return method === "guided" || method === "gradient";
}

/** Methods of which the layer has pictures, in the order of the controls. */
export function capturedMethods(capture: LayerCapture): Method[] {
  const order: Method[] = ["activation", "guided", "gradient", "kernel"];
  return order.filter((method) => capture.sheets.some((sheet) => sheet.method === method));
}

/** Name of a method; a guided gradient that guided nothing is a plain gradient. */
export function methodName(method: Method, guidance: Guidance | null = null): string {
  if (method === "guided" && guidance?.guided === 0) return "Plain gradient (nothing to guide)";
  return {
    activation: "Activation",
    guided: "Guided gradient",
    gradient: "Plain gradient",
    kernel: "Kernel",
  }[method];
}

/** What was guided on the way from the layer to the input, as a sentence. */
export function guidanceText(guidance: Guidance): string {
  const { guided, rectifiers, ungated } = guidance;
  const ways = rectifiers === 1 ? "rectifier" : "rectifiers";
  const base =
    guided === 0 && rectifiers === 0
      ? "No rectifier lies between this layer and the input, so this is the plain gradient."
      : `Guided ${guided} of ${rectifiers} ${ways} between this layer and the input.`;
  return ungated.length === 0 ? base : `${base} Not gated: ${ungated.join(", ")}.`;
}

/** What was differentiated. */
export function targetText(sheet: Sheet): string {
  if (sheet.target === "") return "";
  const target =
    sheet.target === "max"
      ? "Gradient of the strongest unit of the feature map."
      : "Gradient of the sum over the feature map.";
  return `${target} ${cropText(sheet)}`;
}

/** Whether the planes of a gradient are crops of the input. */
function cropText({ placement }: Sheet): string {
  return placement?.cropped
    ? "A crop of the input. Outside it the gradient is zero."
    : "Over the whole input.";
}

/** Whether every value of a channel is zero: a filter without a response here. */
export function isUnresponsive(sheet: Sheet, channel: number): boolean {
  return sheet.scale[channel] === 0 && !hasFlags(sheet, channel);
}

export function hasFlags(sheet: Sheet, channel: number): boolean {
  return (sheet.nan[channel] ?? 0) + (sheet.infinite[channel] ?? 0) > 0;
}

/** What a method is, and where it is missing: at this step; it may have been captured at others. */
export function methodTip(
  method: Method,
  guidance: Guidance | null | undefined,
  missingAt: number | null,
): string {
  if (missingAt === null) return methodName(method, guidance);
  return `${methodName(method)}: not captured for this layer at step ${countText(missingAt)}`;
}
