// How many filters of each layer have which flag, at every step.

import { fetchFlagCounts } from "../../api/ranking";
import { thresholdParameters } from "../../core/ranking/thresholds";
import type { NetworkTimeline } from "../../wire";
import type { Captures } from "../data/captures.svelte";
import { Resource } from "../data/resource.svelte";
import type { Selection } from "../selection.svelte";

/** Follows the run and the thresholds; call it inside an effect root. */
export function watchFlagCounts(
  captures: Captures,
  selection: Selection,
): Resource<NetworkTimeline> {
  const found = new Resource<NetworkTimeline>();
  $effect(() => {
    const { run, summary, version } = captures;
    const moved = thresholdParameters(selection.choices.thresholds);
    if (!run || !summary) return found.expect(null);
    found.load(JSON.stringify([run.run, summary.graph, version, moved]), () =>
      fetchFlagCounts(run.run, summary.graph, moved),
    );
  });
  return found;
}
