// Stores that outlive the component that asks for them first.

/**
 * Makes a store with an effect root of its own.
 *
 * A derived value belongs to the effect in which it is made. Made while a component is set up, it
 * dies with that component: whoever still reads it gets its last value for ever (Svelte warns of
 * `derived_inert`). A store that is kept longer than a component is made here.
 *
 * A store with effects is made from a promise, as after an import: a root that is made while a
 * component is set up stands below that component, and its effects may never run again once the
 * component has gone.
 */
export function inOwnRoot<T>(make: () => T): T {
  const made: T[] = [];
  $effect.root(() => {
    made.push(make());
  });
  return made[0] as T;
}
