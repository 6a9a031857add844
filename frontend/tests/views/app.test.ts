import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import App from "../../src/views/App.svelte";
import { installCanvas } from "../canvas";
import { makeLayer } from "../fixtures";
import { refuse, serve, smallNetwork } from "../server";

// What the tab imports when it is shown: here at once, since nothing can be imported any more
// after the last test.
import.meta.glob(["../../src/views/**/*.svelte", "../../src/stores/**/*.ts"], { eager: true });

beforeEach(() => {
  installCanvas();
  localStorage.clear();
  localStorage.setItem("convlens.hint", "seen");
  location.hash = "";
  // The environment lays nothing out: give the panes a size.
  for (const side of ["clientHeight", "clientWidth"]) {
    Object.defineProperty(HTMLElement.prototype, side, { configurable: true, value: 600 });
  }
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** For the whole tab at work on a busy machine. */
const PATIENT = { timeout: 4000 };

const shown = (text: RegExp | string) => screen.findByText(text);

describe("the tab", () => {
  it("explains what to do if nothing was captured", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ runs: [], version: "1" }));
    render(App);
    await shown("Nothing captured yet");
  });

  it("shows the server's sentence and recovers", async () => {
    refuse(500, "The log directory is gone.");
    render(App);
    await shown("The log directory is gone.");
    serve({ layers: smallNetwork(), steps: [1] });
    await fireEvent.click(screen.getByText("Try again"));
    await screen.findByRole("listbox", { name: "Filters of this layer" });
  });

  it("reports that a run has no complete capture yet, and shows the first that comes", async () => {
    serve({ layers: smallNetwork(), steps: [] });
    render(App);
    await shown("No step captured yet");
    expect(screen.queryByText(/Loading/)).toBeNull();
    serve({ layers: smallNetwork(), steps: [3] });
    await fireEvent.click(screen.getByText("Reload"));
    await screen.findByRole("listbox", { name: "Filters of this layer" });
  });

  it("opens at the first captured layer, its first filter, the newest step", async () => {
    serve({ layers: smallNetwork(), steps: [0, 5] });
    render(App);
    await shown("Filter 0, 1 of 2");
    const chain = screen.getByRole("region", { name: "Layers" });
    expect(within(chain).getByText("conv1").closest("button")?.getAttribute("aria-current")).toBe(
      "true",
    );
    expect(screen.getByRole("slider", { name: "Step" }).getAttribute("aria-valuetext")).toBe(
      "step 5, 2 of 2",
    );
  });

  it("says when it is at rest, and no more while something loads", async () => {
    const isSettled = () => document.querySelector("[data-settled]") !== null;
    serve({ layers: smallNetwork(), steps: [0, 5] });
    render(App);
    expect(isSettled()).toBe(false);
    await waitFor(() => expect(isSettled()).toBe(true), PATIENT);
    expect(screen.getByText("Filter 0, 1 of 2")).toBeTruthy();
    await fireEvent.keyDown(document.body, { key: "[" });
    expect(isSettled()).toBe(false);
    await waitFor(() => expect(isSettled()).toBe(true), PATIENT);
    expect(location.hash).toContain("step=0");
  });

  it("shows rank, name and output size in the chain", async () => {
    serve({ layers: smallNetwork(), steps: [0] });
    render(App);
    const chain = await screen.findByRole("region", { name: "Layers" });
    await within(chain).findByText("8×8×3");
    expect(within(chain).getByText("pool").closest("button")?.textContent).toContain("2");
  });

  it("shows the attributes of a layer without filters", async () => {
    serve({ layers: smallNetwork(), steps: [0] });
    render(App);
    const chain = await screen.findByRole("region", { name: "Layers" });
    await fireEvent.click(await within(chain).findByText("pool"));
    await shown("MaxPooling2D has no pictures");
    expect(screen.getByRole("tab", { name: "Layer" }).getAttribute("aria-selected")).toBe("true");
  });

  it("moves in the grid with arrow keys", async () => {
    serve({ layers: smallNetwork(), steps: [0] });
    render(App);
    await shown("Filter 0, 1 of 2");
    await fireEvent.keyDown(screen.getByRole("listbox", { name: "Filters of this layer" }), {
      key: "ArrowRight",
    });
    await shown("Filter 1, 2 of 2, no response");
  });

  const step = () => screen.getByRole("slider", { name: "Step" }).getAttribute("aria-valuetext");

  it("obeys single keys", async () => {
    serve({ layers: smallNetwork(), steps: [0, 1, 2] });
    render(App);
    await shown("Filter 0, 1 of 2");
    await fireEvent.keyDown(document.body, { key: "[" });
    await waitFor(() => expect(step()).toBe("step 1, 2 of 3"));
  });

  it("ignores single keys if they are switched off", async () => {
    localStorage.setItem("convlens.keys", "off");
    serve({ layers: smallNetwork(), steps: [0, 1, 2] });
    render(App);
    await shown("Filter 0, 1 of 2");
    await fireEvent.keyDown(document.body, { key: "[" });
    expect(step()).toBe("step 2, 3 of 3");
  });

  it("writes hostile names as text", async () => {
    const path = '"><img src=x onerror=alert(1)>\u202E';
    serve({ layers: [makeLayer(0, [], { path })], steps: [0], problems: ["<b>bad</b>"] });
    render(App);
    await shown("<b>bad</b>");
    await screen.findAllByText(/onerror/);
    expect(document.querySelector("img[src=x], b b")).toBeNull();
    expect(document.body.textContent).not.toContain("\u202E");
  });

  it("reports requested parts of a link that do not exist", async () => {
    location.hash =
      "#convlens&p.convlens.run=gone&p.convlens.step=4&p.convlens.layer=x&p.convlens.filter=9";
    serve({ layers: smallNetwork(), steps: [0, 5] });
    render(App);
    await shown("Run “gone” has no captures here. Run “run” is shown.");
    await shown("Step 4 was not captured in this run. Step 5, the nearest, is shown.");
    await shown("Layer “x” is not in this model. Layer “conv1” is shown.");
    await shown(/no filter 9 here/);
  });

  it("names what was not captured for the layer", async () => {
    location.hash = "#convlens&p.convlens.method=guided";
    serve({ layers: smallNetwork(), steps: [0] });
    render(App);
    await shown("Guided gradient of conv1: not captured at step 0");
    await fireEvent.click(screen.getByText("Show the activation"));
    await shown("Filter 0, 1 of 2");
  });

  it("asks for a layer and a sheet to show a layer, and no more than four times", async () => {
    const asked = serve({ layers: smallNetwork(), steps: [0] });
    render(App);
    await shown("Filter 0, 1 of 2");
    const routes = asked.map((address) => address.split("?")[0]);
    expect(
      routes.filter((route) => ["layer", "sheet", "tile", "history"].includes(route ?? "")).length,
    ).toBeLessThanOrEqual(4);
  });
});
