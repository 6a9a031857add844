import { afterEach, describe, expect, it, vi } from "vitest";

import type { TileRef } from "../../../src/core/words/capture";
import { Library } from "../../../src/stores/data/library";
import { makeSheet } from "../../fixtures";
import { refuse, serve, smallNetwork } from "../../server";

const at = { run: "run", step: 1, session: "s" };
const tile = (input: number): TileRef => ({
  ...at,
  layer: 1,
  channel: 0,
  input,
  method: "activation",
  form: "values",
  stage: "after",
});
afterEach(() => vi.unstubAllGlobals());

describe("the library", () => {
  it("asks once for what cannot change", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [1] });
    const library = new Library();
    await Promise.all([library.graph("run", "f"), library.graph("run", "f")]);
    await library.graph("run", "f");
    expect(asked).toEqual(["graph?run=run&fingerprint=f"]);
  });

  it("asks for relative addresses with everything escaped", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [1] });
    await new Library().step({ run: "a/b&c", step: 3, session: "s#1" });
    expect(asked).toEqual(["step?run=a%2Fb%26c&step=3&session=s%231"]);
  });

  it("takes a tile from a sheet that is at hand", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [1] });
    const library = new Library();
    await library.layer(at, 1, 0);
    await library.sheet(at, makeSheet());
    const found = await library.tile(tile(0));
    expect([...(found?.planes.levels ?? [])]).toEqual([1, 128, 255, 128]);
    expect(found?.tile.scale).toBe(1);
    expect(asked).toHaveLength(2);
  });

  it("asks for all tiles of a filter in one request, and keeps them", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [1] });
    const library = new Library();
    const found = await Promise.all([0, 1, 2].map((input) => library.tile(tile(input))));
    await library.tile(tile(1));
    const parts = [0, 1, 2].map((input) => `&tile=1.s.${input}.activation.values.after`);
    expect(asked).toEqual([`tiles?run=run&layer=1&channel=0${parts.join("")}`]);
    expect(found.map((one) => one?.planes.levels[0])).toEqual([1, 2, undefined]);
  });

  it("requests fewer tiles at once if the server reports that they are too large", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [1], mostTiles: 1 });
    const library = new Library();
    const found = await Promise.all([0, 1, 2].map((input) => library.tile(tile(input))));
    expect(found.map((one) => one?.planes.levels[0])).toEqual([1, 2, undefined]);
    expect(asked.map((address) => address.split("&tile=").length - 1)).toEqual([3, 2, 1, 1, 1]);
  });

  it("reports one tile that is too large for an answer", async () => {
    serve({ layers: smallNetwork(), steps: [1], mostTiles: 0 });
    const found = new Library().tile(tile(0));
    await expect(found).rejects.toThrow("They have too many levels.");
  });

  it("reports one tile that could not be read, and returns the others", async () => {
    serve({ layers: smallNetwork(), steps: [1] });
    const library = new Library();
    const broken = library.tile({ ...tile(0), form: "magnitude" });
    const whole = library.tile(tile(0));
    await expect(broken).rejects.toThrow("The sheet is damaged.");
    expect(await whole).not.toBeNull();
  });

  it("keeps answers within a bound: those that were used longest ago are asked for again", async () => {
    const asked: string[] = [];
    const megabyte = Array.from({ length: 2 ** 17 }, () => 0.5);
    vi.stubGlobal("fetch", async (address: string) => {
      asked.push(address);
      return { ok: true, json: async () => ({ values: megabyte }) };
    });
    const library = new Library();
    const history = (channel: number) =>
      library.history("run", { layer: 1, channel, input: 0, stage: "after" }, "1");
    for (let channel = 0; channel < 100; channel++) {
      await history(channel);
      await history(0);
    }
    expect(asked).toHaveLength(100);
    await Promise.all([history(0), history(99)]);
    expect(asked).toHaveLength(100);
    await history(1);
    expect(asked).toHaveLength(101);
  });

  it("shows the server's sentence and asks again the next time", async () => {
    refuse(404, "Step 9 does not exist.");
    const library = new Library();
    await expect(library.step(at)).rejects.toThrow("Step 9 does not exist.");
    serve({ layers: smallNetwork(), steps: [1] });
    expect((await library.step(at)).step).toBe(1);
  });

  it("has its own sentence if the server gives none", async () => {
    vi.stubGlobal(
      "fetch",
      async () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }),
    );
    await expect(new Library().runs()).rejects.toThrow("The server answered 502 Bad Gateway.");
  });

  it("reports when TensorBoard does not answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(new Library().runs()).rejects.toThrow("TensorBoard does not answer.");
  });
});
