import { describe, expect, it } from "vitest";

import { Resource } from "../../../src/stores/data/resource.svelte";

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a resource", () => {
  it("has no value but that of its key, and keeps the last one apart", async () => {
    const resource = new Resource<number>();
    resource.load("a", async () => 1);
    await settled();
    expect([resource.value, resource.isCurrent]).toEqual([1, true]);
    resource.load("b", () => new Promise(() => undefined));
    expect([resource.value, resource.isCurrent, resource.loading]).toEqual([null, false, true]);
    expect([resource.last, resource.lastKey]).toEqual([1, "a"]);
  });

  it("loses its value when another is expected, before that is asked for", async () => {
    const resource = new Resource<number>();
    resource.load("a", async () => 1);
    await settled();
    resource.expect("b");
    expect(resource.value).toBeNull();
    resource.expect("a");
    expect(resource.value).toBe(1);
    resource.expect(null);
    expect(resource.value).toBeNull();
  });

  it("has neither a new nor an old value if a key cannot be loaded, and tries again later", async () => {
    const resource = new Resource<number>();
    let attempts = 0;
    const broken = async () => {
      attempts++;
      throw new Error("gone");
    };
    resource.load("a", async () => 1);
    await settled();
    resource.load("b", broken);
    await settled();
    resource.load("b", broken);
    expect([resource.value, resource.error, attempts]).toEqual([null, "gone", 1]);
    resource.load("a", async () => 1);
    await settled();
    expect([resource.value, resource.error]).toEqual([1, null]);
    resource.load("b", broken);
    await settled();
    expect([resource.value, resource.error, attempts]).toEqual([null, "gone", 2]);
  });

  it("forgets an answer that comes after a newer question", async () => {
    const resource = new Resource<string>();
    let late: (value: string) => void = () => undefined;
    resource.load("slow", () => new Promise((resolve) => (late = resolve)));
    resource.load("quick", async () => "quick");
    await settled();
    late("slow");
    await settled();
    expect(resource.value).toBe("quick");
  });

  it("asks once per key", () => {
    const resource = new Resource<number>();
    let asked = 0;
    const fetcher = async () => ++asked;
    resource.load("a", fetcher);
    resource.load("a", fetcher);
    expect(asked).toBe(1);
  });

  it("that follows fetches one at a time, and of what came meanwhile only the last", async () => {
    const resource = new Resource<string>();
    const asked: string[] = [];
    const answers = new Map<string, (value: string) => void>();
    const follow = (key: string) =>
      resource.follow(key, () => {
        asked.push(key);
        return new Promise((resolve) => answers.set(key, resolve));
      });
    for (const key of ["1", "2", "3", "4"]) follow(key);
    expect(asked).toEqual(["1"]);
    answers.get("1")?.("first");
    await settled();
    expect([resource.value, resource.last, resource.loading]).toEqual([null, "first", true]);
    answers.get("4")?.("last");
    await settled();
    expect([resource.value, resource.key, resource.loading]).toEqual(["last", "4", false]);
    expect(asked).toEqual(["1", "4"]);
  });

  it("that follows goes on after a failure, and back to what is on its way", async () => {
    const resource = new Resource<number>();
    let fail: (error: Error) => void = () => undefined;
    resource.follow("a", () => new Promise((_, reject) => (fail = reject)));
    resource.follow("b", async () => 2);
    resource.follow("a", async () => 3);
    fail(new Error("gone"));
    await settled();
    expect([resource.error, resource.loading]).toEqual(["gone", false]);
    resource.follow("b", async () => 2);
    await settled();
    expect([resource.error, resource.value]).toEqual([null, 2]);
  });

  it("gives the reason of a failure, and tries again", async () => {
    const resource = new Resource<number>();
    let attempts = 0;
    resource.load("a", async () => {
      attempts++;
      if (attempts === 1) throw new Error("The run is gone.");
      return attempts;
    });
    await settled();
    expect([resource.error, resource.loading]).toEqual(["The run is gone.", false]);
    resource.reload();
    await settled();
    expect([resource.error, resource.value]).toEqual([null, 2]);
  });
});
