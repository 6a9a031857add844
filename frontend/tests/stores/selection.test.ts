import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Selection } from "../../src/stores/selection.svelte";
import { closeAll, inTestRoot } from "../session.svelte";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

function open(link: string): Selection {
  location.hash = link;
  const selection = new Selection();
  inTestRoot(() => selection.watch());
  flushSync();
  return selection;
}

/** What a person does when a link is pasted into the address bar. */
function paste(link: string): void {
  location.hash = link;
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

describe("the link", () => {
  it("describes the selection", () => {
    const { choices } = open("#convlens&p.convlens.layer=conv4&p.convlens.step=2");
    expect([choices.layer, choices.step, choices.method]).toEqual(["conv4", 2, "activation"]);
  });

  it("follows the selection, a moment later and once for many changes", () => {
    const selection = open("#convlens");
    for (const channel of [1, 2, 3]) {
      selection.choices.channel = channel;
      flushSync();
    }
    expect(location.hash).not.toContain("filter");
    vi.advanceTimersByTime(1000);
    expect(location.hash).toContain("p.convlens.filter=3");
  });

  it("keeps what others wrote into it", () => {
    const selection = open("#convlens&other=1");
    selection.choices.channel = 3;
    selection.writeNow();
    expect(location.hash).toContain("other=1");
    expect(location.hash).toContain("p.convlens.filter=3");
  });

  it("is followed when it is pasted into an open tab", () => {
    const selection = open("#convlens&p.convlens.layer=conv1");
    paste("#convlens&p.convlens.layer=conv4&p.convlens.step=2");
    expect([selection.choices.layer, selection.choices.step]).toEqual(["conv4", 2]);
  });

  it("that makes no sense selects the defaults", () => {
    const { choices } = open("#convlens&p.convlens.step=-1&p.convlens.method=magic");
    expect([choices.step, choices.method, choices.scale]).toEqual([null, "activation", "filter"]);
  });
});

describe("groups of layers", () => {
  it("are closed and opened", () => {
    const selection = open("#convlens");
    selection.setClosed("block", true);
    expect([...selection.closed]).toEqual(["block"]);
    selection.setClosed("block", false);
    expect(selection.closed.size).toBe(0);
  });
});
