// The criterion "random": the control, from a seed.

/**
 * `fmix32(j + 1 + seed · 0x9E3779B9) / 2³²` per filter, as `core/filters/criteria.py` has it:
 * MurmurHash3's finalizer in 32 bits, then float32.
 */
export function randomOrder(filters: number, seed: number): number[] {
  const start = Math.imul(seed, 0x9e3779b9);
  return Array.from({ length: filters }, (_, j) => Math.fround(fmix32(j + 1 + start) / 2 ** 32));
}

/** Every bit of the result depends on every bit of `value`. */
function fmix32(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
