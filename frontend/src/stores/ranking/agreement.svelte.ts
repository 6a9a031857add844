// How far the criteria of the selected layer agree.

import { fetchAgreement } from "../../api/ranking";
import type { Agreement } from "../../wire";
import type { Captures } from "../data/captures.svelte";
import { Resource } from "../data/resource.svelte";
import type { Selection } from "../selection.svelte";

/** Follows the selected layer; call it inside an effect root. */
export function watchAgreement(captures: Captures, selection: Selection): Resource<Agreement> {
  const found = new Resource<Agreement>();
  $effect(() => {
    const { current: view } = captures;
    if (!view) return found.expect(null);
    const { at, layer } = view;
    const { seed } = selection.choices;
    found.load(JSON.stringify([at, layer.index, seed]), () =>
      fetchAgreement(at, layer.index, seed),
    );
  });
  return found;
}
