// All marks that a filter ever had.

import { fetchMarkHistory } from "../../api/marks";
import type { MarkedFilter } from "../../core/words/mark";
import type { MarkHistory } from "../../wire";
import { Resource } from "../data/resource.svelte";

/**
 * Follows a filter; call it inside an effect root. `sequence` counts the changes of the run's
 * marks: another one makes another history.
 */
export function watchMarkHistory(
  of: () => { filter: MarkedFilter; sequence: number },
): Resource<MarkHistory> {
  const history = new Resource<MarkHistory>();
  $effect(() => {
    const { filter, sequence } = of();
    history.load(JSON.stringify([filter, sequence]), () => fetchMarkHistory(filter));
  });
  return history;
}
