// Keys of the tab: what they do, and when the tab ignores them.

export type Command =
  | "nextLayer"
  | "previousLayer"
  | "nextStep"
  | "previousStep"
  | "nextInput"
  | "previousInput"
  | "play"
  | "timeline"
  | "compare"
  | "blink"
  | "nextMethod"
  | "switchStage"
  | "nextScale"
  | "sort"
  | "larger"
  | "smaller"
  | "autoSize"
  | "fitAll"
  | "search"
  | "overlay"
  | "magnify"
  | "copyLink"
  | "useful"
  | "useless"
  | "unsure"
  | "clear"
  | "stars"
  | "describe"
  | "advance"
  | "undo"
  | "goLayers"
  | "goFilters"
  | "goInspector"
  | "help";

export interface KeyBinding {
  command: Command;
  /** `KeyboardEvent.key`; letters in lower case. */
  keys: readonly string[];
  text: string;
  /** Pressed together with Ctrl, on a Mac Command. */
  control?: boolean;
}

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { command: "nextLayer", keys: ["j"], text: "Next captured layer" },
  { command: "previousLayer", keys: ["k"], text: "Previous captured layer" },
  { command: "previousStep", keys: ["["], text: "Previous step" },
  { command: "nextStep", keys: ["]"], text: "Next step" },
  { command: "play", keys: [" "], text: "Play or stop the steps" },
  {
    command: "compare",
    keys: ["c"],
    text: "Compare with another step, run or input; press C again to end",
  },
  {
    command: "blink",
    keys: ["\\", "h"],
    text: "Hold to blink between A and B of the comparison",
  },
  { command: "timeline", keys: ["t"], text: "Filters and layers over all steps" },
  { command: "previousInput", keys: [","], text: "Previous input image" },
  { command: "nextInput", keys: ["."], text: "Next input image" },
  { command: "nextMethod", keys: ["m"], text: "Next method" },
  {
    command: "switchStage",
    keys: ["b"],
    text: "Feature maps before or after the activation function",
  },
  { command: "nextScale", keys: ["n"], text: "Next color scale: filter, layer, fixed" },
  { command: "sort", keys: ["s"], text: "Go to the sort menu" },
  { command: "smaller", keys: ["-"], text: "Smaller tiles" },
  { command: "larger", keys: ["=", "+"], text: "Larger tiles" },
  { command: "autoSize", keys: ["a"], text: "Fit the tiles to the pane" },
  { command: "fitAll", keys: ["z"], text: "Show all filters at once" },
  { command: "overlay", keys: ["o"], text: "Show the map over the input image" },
  { command: "magnify", keys: ["e"], text: "Magnify the filter (also Enter in the grid)" },
  { command: "search", keys: ["/"], text: "Search layers, filters, classes" },
  { command: "copyLink", keys: ["y"], text: "Copy a link to this view" },
  { command: "useful", keys: ["p"], text: "Mark as useful and go to the next filter" },
  { command: "useless", keys: ["x"], text: "Mark as useless and go to the next filter" },
  { command: "unsure", keys: ["q"], text: "Mark as unsure and go to the next filter" },
  { command: "clear", keys: ["u"], text: "Remove the verdict and the stars" },
  {
    command: "stars",
    keys: ["0", "1", "2", "3", "4", "5"],
    text: "Give stars and go to the next filter",
  },
  { command: "describe", keys: ["w"], text: "Write tags and a note" },
  { command: "advance", keys: ["v"], text: "After a mark, go to the next filter or stay" },
  { command: "undo", keys: ["z"], control: true, text: "Undo the last mark" },
  { command: "goLayers", keys: ["l"], text: "Go to the layers" },
  { command: "goFilters", keys: ["g"], text: "Go to the filters" },
  { command: "goInspector", keys: ["i"], text: "Go to the inspector" },
  { command: "help", keys: ["?"], text: "Show this list" },
];

const OWN_KEYS =
  "input:not([type=range], [type=checkbox], [type=radio]), select, textarea, dialog, [contenteditable]";

/**
 * The command of a key press, or null: where a modifier is held, where the focus is in a field
 * that takes text, and for the space key on anything that it would press.
 */
export function commandFor(event: KeyboardEvent): Command | null {
  if (event.altKey || event.isComposing) return null;
  const control = event.ctrlKey || event.metaKey;
  if (control && event.shiftKey) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(OWN_KEYS)) return null;
  if (event.key === " " && target?.closest("button, a, summary, [role=tab]")) return null;
  const key = plainKey(event);
  const found = KEY_BINDINGS.find(
    (binding) => (binding.control ?? false) === control && binding.keys.includes(key),
  );
  return found?.command ?? null;
}

/** A letter in lower case; a digit also where Shift makes another sign of it. */
function plainKey(event: KeyboardEvent): string {
  if (event.key.length !== 1) return event.key;
  const digit = /^Digit([0-5])$/.exec(event.code)?.[1];
  return event.shiftKey && digit && isSign(event.key) ? digit : event.key.toLowerCase();
}

const isSign = (key: string): boolean => !/[\p{L}\d]/u.test(key);

/** Stars of a press of the command "stars". */
export function starsOf(event: KeyboardEvent): number {
  return Number(plainKey(event));
}

/** Whether the press asks to stay at the filter: with Shift, where Shift did not make the key. */
export function staysPut(event: KeyboardEvent): boolean {
  return event.shiftKey && !/^\d$/.test(event.key);
}

/** How a key is written on the help sheet. */
export function keyText(key: string, control = false): string {
  const name = key === " " ? "Space" : key.toUpperCase();
  return control ? `Ctrl ${name}` : name;
}
