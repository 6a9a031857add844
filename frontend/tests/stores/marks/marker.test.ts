import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Session } from "../../../src/stores/session.svelte";
import type { Marker } from "../../../src/stores/marks/marker.svelte";
import { MarkServer } from "../../marks";
import { hold } from "../../server";
import { closeAll, openSession, until } from "../../session.svelte";

let server: MarkServer;
let session: Session;
let marker: Marker;

beforeEach(async () => {
  server = new MarkServer();
  ({ session } = await openSession("", { marks: server }));
  marker = await session.marking();
  session.settings.setAuthor("Ann");
  await until(() => marker.isReady);
});
afterEach(closeAll);

const verdicts = () => [0, 1].map((channel) => server.opinion(channel)?.verdict ?? null);

describe("marking", () => {
  it("marks the filter on screen and goes on to the next", async () => {
    marker.judge("useless", false);
    expect(marker.opinionOf(0)?.verdict).toBe("useless");
    expect(session.captures.channel).toBe(1);
    expect(session.message).toBe("Filter 0: useless. 1 of 2 marked.");
    await until(() => verdicts()[0] === "useless");
  });

  it("stays at the filter if that is requested or chosen", () => {
    marker.judge("useful", true);
    expect(session.captures.channel).toBe(0);
    session.settings.setAdvance(false);
    marker.rate(3, false);
    expect(session.captures.channel).toBe(0);
    expect(marker.opinionOf(0)).toMatchObject({ verdict: "useful", stars: 3 });
  });

  it("marks all filters that are picked, and takes all of them back at once", async () => {
    session.list.pickTo(1);
    marker.judge("useless", false);
    await until(() => verdicts().join() === "useless,useless");
    expect(session.message).toContain("2 filters marked: useless.");
    marker.undo();
    await until(() => verdicts().join() === ",");
    expect(session.message).toBe("Undone: 2 marks.");
    marker.undo();
    expect(session.message).toBe("Nothing to undo.");
  });

  it("takes back verdict and stars, and leaves tags and the note", () => {
    const { target } = session.list;
    marker.describe(["edge"], "like 5", target);
    marker.addTags(["blue", "edge"], target);
    marker.rate(4, true);
    marker.clear(true);
    expect(marker.opinionOf(0)).toEqual({
      verdict: null,
      stars: 0,
      tags: ["blue", "edge"],
      note: "like 5",
    });
  });

  it("goes back to the filter whose mark is taken back", async () => {
    marker.judge("useful", false);
    session.moveLayer(1);
    await until(() => session.list.target?.layer.key === "conv2");
    marker.undo();
    expect([session.captures.layer?.key, session.captures.channel]).toEqual(["conv1", 0]);
  });

  it("announces that the filter already has the mark", () => {
    marker.judge("useful", true);
    marker.judge("useful", true);
    expect(session.message).toBe("The filter already has this mark.");
  });

  it("marks nothing while the selected filter is not on screen", async () => {
    const letGo = hold("layer");
    session.moveLayer(1);
    marker.judge("useless", false);
    expect(session.message).toMatch(/^Nothing was marked/);
    expect(marker.waiting).toBe(0);
    letGo();
    await until(() => session.list.target?.layer.key === "conv2");
    expect(marker.opinionOf(0)).toBeNull();
  });

  it("asks for a name first, and signs the mark that was made, whatever is selected by then", async () => {
    session.settings.author = null;
    marker.judge("useless", false);
    expect(marker.opinionOf(0)).toBeNull();
    session.moveLayer(1);
    session.settings.setAuthor("Ben");
    marker.asking?.();
    await until(() => verdicts()[0] === "useless");
    expect([...server.marks.values()].map(({ path, author }) => [path, author])).toEqual([
      ["conv1", "Ben"],
    ]);
  });

  it("gives the reason if marks cannot be changed", async () => {
    server.readOnly = "The logs are read-only.";
    await marker.book?.refresh();
    marker.judge("useless", false);
    expect(session.message).toBe("The logs are read-only.");
    expect(marker.isReady).toBe(false);
  });

  it("reports marks that could not be sent, and counts them", async () => {
    server.failure = "silent";
    marker.judge("useless", false);
    expect(marker.waiting).toBe(1);
    await until(() => marker.trouble !== null);
    expect(marker.trouble?.reason).toMatch(/does not answer/);
  });

  it("counts the marks of layers", () => {
    marker.judge("useless", false);
    marker.judge("useful", false);
    expect(marker.countsOf(session.captures.graph.value?.layers ?? [])).toMatchObject({
      useless: 1,
      useful: 1,
      marked: 2,
    });
    expect(marker.spoken(0)).toBe(", useless");
  });
});
