// The tests of verdicts of the selected run.

import { fetchAblations } from "../../api/ranking";
import type { Ablations } from "../../wire";
import type { Captures } from "../data/captures.svelte";
import { Resource } from "../data/resource.svelte";

/** Follows the run; call it inside an effect root. */
export function watchVerdictTests(captures: Captures): Resource<Ablations> {
  const tests = new Resource<Ablations>();
  $effect(() => {
    const run = captures.run?.run ?? "";
    tests.load(run, () => fetchAblations(run));
  });
  return tests;
}
