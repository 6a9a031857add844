import { flushSync } from "svelte";
import { afterEach, describe, expect, it } from "vitest";

import { MarkServer } from "../marks";
import { hold } from "../server";
import { closeAll, makeStatistic, openSession, until } from "../session.svelte";

afterEach(closeAll);

const capture = {
  statistics: [makeStatistic("l1", 1, 2), makeStatistic("mean", 5, 4)],
};

describe("the filters of a layer", () => {
  it("are in the order of their kernels' sizes by default", async () => {
    const { session } = await openSession("", { capture });
    expect(session.list.sort).toEqual({ name: "l1", descending: true });
    expect(session.list.order).toEqual([1, 0]);
    expect(session.captures.channel).toBe(1);
  });

  it("are in the order of their numbers if no size was captured", async () => {
    const { session } = await openSession("");
    expect(session.list.sort).toEqual({ name: "index", descending: false });
    expect(session.list.order).toEqual([0, 1]);
  });

  it("are sorted by a statistic in both directions", async () => {
    const { session } = await openSession("p.convlens.sort=mean", { capture });
    expect(session.list.order).toEqual([0, 1]);
    session.selection.choices.sort = { name: "mean", descending: false };
    expect(session.list.order).toEqual([1, 0]);
  });

  it("are sorted by chance, the same for everybody with its seed", async () => {
    const { session } = await openSession("p.convlens.sort=random&p.convlens.seed=7");
    const first = [...session.list.order];
    const orders = [1, 2, 3, 4, 5, 6, 8].map((seed) => {
      session.selection.choices.seed = seed;
      return [...session.list.order];
    });
    expect(orders).toContainEqual([...first].reverse());
    session.selection.choices.seed = 7;
    expect(session.list.order).toEqual(first);
  });

  it("are shown with or without a response", async () => {
    const { session } = await openSession("");
    session.selection.choices.shown = "unresponsive";
    expect(session.list.order).toEqual([1]);
    session.selection.choices.shown = "responding";
    expect(session.list.order).toEqual([0]);
  });

  it("are shown by their verdict", async () => {
    const marks = new MarkServer();
    marks.say(1, { verdict: "useless" });
    const { session } = await openSession("p.convlens.show=useless", { marks });
    await until(() => session.list.order.length === 1);
    expect(session.list.order).toEqual([1]);
    session.selection.choices.shown = "unmarked";
    expect(session.list.order).toEqual([0]);
    expect(session.marker?.opinionOf(1)?.verdict).toBe("useless");
  });

  it("are moved through to both ends and no further", async () => {
    const { session } = await openSession("");
    session.list.move(1);
    expect(session.captures.channel).toBe(1);
    session.list.move(5);
    expect(session.captures.channel).toBe(1);
    session.list.move(-9);
    expect(session.captures.channel).toBe(0);
  });
});

describe("filters that are picked", () => {
  it("are acted on together, until one is selected", async () => {
    const { session } = await openSession("");
    session.list.pickTo(1);
    expect([...(session.list.target?.channels ?? [])].sort()).toEqual([0, 1]);
    expect(session.captures.channel).toBe(1);
    session.list.togglePick(0);
    expect(session.list.target?.channels).toEqual([1]);
    session.list.select(0);
    expect(session.list.target?.channels).toEqual([0]);
  });

  it("are no longer picked in another layer", async () => {
    const { session } = await openSession("");
    session.list.pickTo(1);
    session.moveLayer(1);
    flushSync();
    expect(session.list.picked.channels.size).toBe(0);
  });
});

describe("what is acted on", () => {
  it("is nothing while another layer is on its way", async () => {
    const { session } = await openSession("");
    const letGo = hold("layer");
    session.moveLayer(1);
    flushSync();
    expect(session.captures.layer?.key).toBe("conv2");
    expect(session.list.target).toBeNull();
    letGo();
    await until(() => session.list.target?.layer.key === "conv2");
  });

  it("is nothing until a picture of the selected filter is there, if no tile shows it", async () => {
    const { session } = await openSession("");
    session.tilesShown = false;
    session.list.select(1);
    flushSync();
    expect(session.list.target).toBeNull();
    session.tilesShown = true;
    expect(session.list.target?.channel).toBe(1);
    session.magnifying = true;
    expect(session.list.target).toBeNull();
    await until(() => session.list.target?.channel === 1);
  });
});
