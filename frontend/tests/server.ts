// A small server in place of fetch, for tests of stores and views.

import { vi } from "vitest";

import { tileOfSheet } from "../src/core/pictures/planes";
import type { LayerCapture, Layer, ModelGraph, Run, Step } from "../src/wire";
import { makeCapture, makeLayer, makeSheet } from "./fixtures";
import type { MarkServer } from "./marks";

export interface Content {
  layers: Layer[];
  steps: number[];
  problems?: string[];
  capture?: Partial<LayerCapture>;
  /** Tiles that fit into one answer. */
  mostTiles?: number;
  /** Answers of routes that are not those below. */
  answers?: Readonly<Record<string, unknown>>;
  /** Keeps the marks. */
  marks?: MarkServer;
}

const MARK_ROUTES = ["marks", "mark", "undo"];

const FINGERPRINT = "f";

export function makeRun(content: Content): Run {
  const steps = content.steps.map((step) => ({
    step,
    wallTime: step,
    session: "s",
    graph: FINGERPRINT,
    inputs: "i",
  }));
  return { run: "run", steps, problems: content.problems ?? [] };
}

function makeStep(content: Content, step: number): Step {
  const layers = content.layers
    .filter((layer) => layer.isConvolution)
    .map((layer) => ({
      layer: layer.index,
      methods: ["activation" as const],
      filters: 2,
      silent: 1,
      weak: 0,
      flags: { silent: 1, nearSilent: 0, saturated: 0, duplicate: 0, notFinite: 0 },
      guided: null,
      rectifiers: null,
      unchangedSince: null,
      weights: null,
      weightsUnchangedSince: null,
    }));
  return {
    run: "run",
    step,
    wallTime: step,
    session: "s",
    graph: FINGERPRINT,
    inputs: "i",
    iterations: null,
    seconds: 1,
    layers,
    predictions: [],
    skipped: [],
    remark: "",
  };
}

function answer(content: Content, route: string, query: URLSearchParams): unknown {
  if (content.answers && route in content.answers) return content.answers[route];
  if (route === "runs") return { runs: [makeRun(content)], version: "1" };
  if (route === "graph")
    return { fingerprint: FINGERPRINT, name: "m", layers: content.layers } satisfies ModelGraph;
  if (route === "inputs")
    return {
      fingerprint: "i",
      classNames: [],
      colorOrder: "rgb",
      inputs: [{ index: 0, label: "cat", pictures: [{ height: 8, width: 8 }], classIndex: null }],
    };
  if (route === "step") return makeStep(content, Number(query.get("step")));
  if (route === "history") return { run: "run", layer: 1, channel: 0, input: 0, points: [] };
  if (route === "predictions") return { run: "run", input: 0, points: [] };
  return makeCapture({
    layer: Number(query.get("layer")),
    sheets: [makeSheet()],
    ...content.capture,
  });
}

/** Tiles of the input images 0 and 1, whose first level is one more than their number. */
function tiles(query: URLSearchParams): Uint8Array<ArrayBuffer> {
  const levels: number[] = [];
  const entries = query.getAll("tile").map((text) => {
    const [, , input, , form] = text.split(".");
    if (form === "magnitude") return { error: "The sheet is damaged." };
    if (Number(input) > 1) return null;
    levels.push(1 + Number(input), 128, 255, 128);
    return tileOfSheet(makeSheet(), 0);
  });
  const head = new TextEncoder().encode(JSON.stringify({ tiles: entries }));
  const length = new Uint8Array(new Uint32Array([head.length]).buffer);
  return Uint8Array.from([...length, ...head, ...levels]);
}

/** Answers every request from the content; returns the addresses that were asked for. */
export function serve(content: Content): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string, init?: RequestInit) => {
    asked.push(address);
    const [route = "", query = ""] = address.split("?");
    if (content.marks && MARK_ROUTES.includes(route)) return content.marks.answer(address, init);
    if (route === "sheet")
      return new Response(Uint8Array.from([1, 128, 255, 128, 128, 128, 128, 128]));
    if (route === "tiles") {
      const parameters = new URLSearchParams(query);
      if (parameters.getAll("tile").length > (content.mostTiles ?? Infinity))
        return Response.json({ error: "They have too many levels." }, { status: 413 });
      return new Response(tiles(parameters));
    }
    return Response.json(answer(content, route, new URLSearchParams(query)));
  });
  return asked;
}

/** Holds the answers of a route back; returns how to let them go. */
export function hold(route: string): () => void {
  const { fetch } = globalThis;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  vi.stubGlobal("fetch", async (address: string, init?: RequestInit) => {
    if (address.split("?")[0] === route) await gate;
    return fetch(address, init);
  });
  return letGo;
}

/** Answers every request with one failure. */
export function refuse(status: number, error: string): void {
  vi.stubGlobal("fetch", async () => Response.json({ error }, { status }));
}

export const smallNetwork = (): Layer[] => [
  makeLayer(0, [], {
    path: "input",
    className: "InputLayer",
    isConvolution: false,
    outputShape: [8, 8, 3],
  }),
  makeLayer(1, [0], { path: "conv1", outputShape: [2, 2, 2] }),
  makeLayer(2, [1], {
    path: "pool",
    className: "MaxPooling2D",
    isConvolution: false,
    outputShape: [1, 1, 2],
  }),
];
