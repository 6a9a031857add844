// The rooms of the tab: who may import whom. Read from the import statements of every file.

import { describe, expect, it } from "vitest";

import { circleIn, importsOf, type Imports } from "./imports";

/** What each layer may import beside itself. `core/words` is a layer of its own, below `core`. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["views"],
  views: ["stores", "browser", "core", "core/words", "wire"],
  stores: ["api", "browser", "core", "core/words", "wire"],
  api: ["browser", "core/words", "wire"],
  browser: ["core", "core/words", "wire"],
  core: ["core/words", "wire"],
  "core/words": ["wire"],
  wire: [],
};

/** Rooms of a layer from top to bottom: they import from rooms below, never from one beside. */
const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  views: [
    ["App.svelte"],
    ["shell"],
    ["layers", "grid", "inspector"],
    ["marking", "ranking", "compare", "timelines"],
    ["parts"],
  ],
  core: [
    ["link"],
    ["compare"],
    ["grid"],
    ["ranking", "marks", "timelines"],
    ["pictures", "chain"],
    ["text"],
  ],
  stores: [
    ["look.ts"],
    ["session.svelte.ts"],
    ["marks", "compare", "ranking", "play.svelte.ts"],
    ["filter_list.svelte.ts"],
    ["data"],
    ["selection.svelte.ts", "settings.svelte.ts", "root.svelte.ts"],
  ],
};

/** What asks a server in a browser. */
const FETCHING = /\bfetch\(|XMLHttpRequest|EventSource|WebSocket|sendBeacon/;

const MOST_FILES = 25;
const MOST_LINES = 300;

const sources = read(
  import.meta.glob<string>("../src/**/*.{ts,svelte}", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
const tests = read(
  import.meta.glob<string>("./**/*.ts", { query: "?raw", import: "default", eager: true }),
);
const imports = importsOf(sources);

/** Paths below `src` or `tests`, and the text of each file. */
function read(found: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(
    Object.entries(found).map(([path, text]) => [path.replace(/^(\.\.\/src|\.)\//, ""), text]),
  );
}

function layerOf(path: string): string {
  if (path.startsWith("core/words/")) return "core/words";
  return path.split("/")[0] ?? "";
}

/** The room of a file: its folder within the layer, or the file itself. */
const roomOf = (path: string): string => path.split("/")[1] ?? path;

const tierOf = (layer: string, room: string): number =>
  (ROOMS[layer] ?? []).findIndex((tier) => tier.includes(room));

const edges = [...imports].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));

describe("the rooms of the tab", () => {
  it("are all known: a new folder gets its place in the order first", () => {
    const unknown = [...sources.keys()].filter((path) => {
      const layer = layerOf(path);
      if (!(layer in LAYERS)) return true;
      return layer in ROOMS && tierOf(layer, roomOf(path)) < 0;
    });
    expect(unknown).toEqual([]);
  });

  it("import from layers below alone; views never from the one that fetches", () => {
    const wrong = edges.filter(({ from, to }) => {
      const [above, below] = [layerOf(from), layerOf(to)];
      return above !== below && !LAYERS[above]?.includes(below);
    });
    expect(wrong).toEqual([]);
  });

  it("import from rooms below alone", () => {
    const wrong = edges.filter(({ from, to }) => {
      const layer = layerOf(from);
      if (layer !== layerOf(to) || !(layer in ROOMS) || roomOf(from) === roomOf(to)) return false;
      return tierOf(layer, roomOf(from)) >= tierOf(layer, roomOf(to));
    });
    expect(wrong).toEqual([]);
  });

  it("import in no circle, not even types", () => {
    expect(circleIn(imports)).toBeNull();
  });

  it("fetch in `api/` alone", () => {
    const fetching = [...sources].filter(([, text]) => FETCHING.test(text));
    expect([...new Set(fetching.map(([path]) => layerOf(path)))]).toEqual(["api"]);
  });

  it("show text as text: no component writes HTML", () => {
    const writing = [...sources].filter(([, text]) =>
      /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(text),
    );
    expect(writing.map(([path]) => path)).toEqual([]);
  });

  it(`have ${MOST_FILES} files in a folder and ${MOST_LINES} lines in a file at most`, () => {
    const folders = new Map<string, number>();
    for (const [top, files] of Object.entries({ src: sources, tests })) {
      for (const path of files.keys()) {
        const folder = `${top}/${path}`.replace(/\/[^/]*$/, "");
        folders.set(folder, (folders.get(folder) ?? 0) + 1);
      }
    }
    const crowded = [...folders].filter(([, count]) => count > MOST_FILES);
    expect(crowded).toEqual([]);
    const lines = (text: string) => text.trimEnd().split("\n").length;
    const long = [...sources, ...tests].filter(([, text]) => lines(text) > MOST_LINES);
    expect(long.map(([path]) => path)).toEqual([]);
  });

  it("are mirrored by the folders of their tests", () => {
    const folders = new Set([...sources.keys()].map((path) => path.replace(/\/?[^/]*$/, "")));
    const strange = [...tests.keys()].filter(
      (path) => path.includes("/") && !folders.has(path.replace(/\/[^/]*$/, "")),
    );
    expect(strange).toEqual([]);
  });
});

describe("import statements", () => {
  const file = (text: string) => new Map([["views/A.svelte", text]]);
  const B: Imports = new Map([["views/A.svelte", ["stores/b.ts"]]]);
  const withB = (text: string) => importsOf(new Map([...file(text), ["stores/b.ts", ""]]));

  it.each([
    'import { b } from "../stores/b";',
    'import type { B } from "../stores/b";',
    'import {\n  b,\n  type B,\n} from "../stores/b";',
    'import "../stores/b";',
    'export { b } from "../stores/b";',
    'const b = await import("../stores/b");',
    "let b: import('../stores/b').B;",
  ])("are found: %s", (text) => {
    expect(withB(text).get("views/A.svelte")).toEqual(B.get("views/A.svelte"));
  });

  it("of a file that is not there are a fault", () => {
    expect(() => importsOf(file('import { b } from "../stores/b";'))).toThrow("../stores/b");
  });

  it("in a circle are found, wherever it begins", () => {
    const graph = { a: ["b"], b: ["c"], c: ["d", "b"], d: [] };
    expect(circleIn(new Map(Object.entries(graph)))).toEqual(["b", "c", "b"]);
    expect(circleIn(new Map(Object.entries({ a: ["b", "c"], b: ["c"], c: [] })))).toBeNull();
  });
});
