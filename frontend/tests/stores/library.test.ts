import { afterEach, describe, expect, it, vi } from "vitest";

import { Library } from "../../src/stores/library";
import { makeSheet } from "../fixtures";
import { refuse, serve, smallNetwork } from "../server";

const at = { run: "run", step: 1, session: "s" };
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
    const sheet = makeSheet();
    await library.sheet(at, sheet);
    const tile = await library.tile(at, sheet, 0);
    expect([...tile.levels]).toEqual([1, 128, 255, 128]);
    expect(asked).toHaveLength(1);
  });

  it("shows the server's sentence and asks again the next time", async () => {
    refuse(404, "Step 9 does not exist.");
    const library = new Library();
    await expect(library.step(at)).rejects.toThrow("Step 9 does not exist.");
    serve({ layers: smallNetwork(), steps: [1] });
    expect((await library.step(at)).step).toBe(1);
  });

  it("has a sentence of its own where the server gives none", async () => {
    vi.stubGlobal(
      "fetch",
      async () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }),
    );
    await expect(new Library().runs()).rejects.toThrow("The server answered 502 Bad Gateway.");
  });

  it("says when TensorBoard is not there", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(new Library().runs()).rejects.toThrow("TensorBoard does not answer.");
  });
});
