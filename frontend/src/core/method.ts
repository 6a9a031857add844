// Methods and their sheets: how they are called, which one is drawn.

import type { Form, Guidance, LayerCapture, Method, Sheet } from "../wire";

export function findSheet(capture: LayerCapture, method: Method, form: Form): Sheet | null {
  return capture.sheets.find((sheet) => sheet.method === method && sheet.form === form) ?? null;
}

/** The sheet that the grid shows: gradients by their magnitude, which is small. */
export function gridSheet(capture: LayerCapture, method: Method): Sheet | null {
  const magnitude = isGradient(method) ? findSheet(capture, method, "magnitude") : null;
  return magnitude ?? findSheet(capture, method, "values");
}

/** The sheet that the inspector magnifies: the values, in full size, where they are kept. */
export function fullSheet(capture: LayerCapture, method: Method): Sheet | null {
  return findSheet(capture, method, "values") ?? findSheet(capture, method, "magnitude");
}

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
  if (sheet.target === "max") return "Gradient of the strongest unit of the feature map.";
  if (sheet.target === "sum") return "Gradient of the sum over the feature map.";
  return "";
}

/** Whether every value of a channel is zero: a filter without a response here. */
export function isUnresponsive(sheet: Sheet, channel: number): boolean {
  return sheet.scale[channel] === 0 && !hasFlags(sheet, channel);
}

export function hasFlags(sheet: Sheet, channel: number): boolean {
  return (sheet.nan[channel] ?? 0) + (sheet.infinite[channel] ?? 0) > 0;
}
