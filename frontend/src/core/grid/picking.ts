// Which filters are picked, to be marked together.

export interface Picked {
  /** Where a range starts from; null: the selected filter. */
  anchor: number | null;
  channels: ReadonlySet<number>;
}

export const NONE_PICKED: Picked = { anchor: null, channels: new Set() };

/** Picks one more filter, or one less; the selected one is the first of a new choice. */
export function togglePick(picked: Picked, channel: number, selected: number): Picked {
  const channels = new Set(picked.channels.size > 0 ? picked.channels : [selected]);
  if (picked.channels.has(channel)) channels.delete(channel);
  else channels.add(channel);
  return settled({ anchor: channel, channels });
}

/** Picks everything between the anchor and a filter, in the order of the grid. */
export function pickRange(
  picked: Picked,
  order: readonly number[],
  { from, to }: { from: number; to: number },
): Picked {
  const kept = picked.anchor !== null && order.includes(picked.anchor);
  const anchor = kept ? (picked.anchor as number) : from;
  const [a, b] = [order.indexOf(anchor), order.indexOf(to)];
  if (a < 0 || b < 0) return picked;
  const channels = new Set(order.slice(Math.min(a, b), Math.max(a, b) + 1));
  return { anchor, channels };
}

export function pickAll(channels: Iterable<number>): Picked {
  return settled({ anchor: null, channels: new Set(channels) });
}

/** What a mark is given to: the picked filters, else the selected one. */
export function targets(picked: Picked, selected: number): number[] {
  return picked.channels.size > 0 ? [...picked.channels].sort((a, b) => a - b) : [selected];
}

const settled = (picked: Picked): Picked => (picked.channels.size > 0 ? picked : NONE_PICKED);

/** The filter that comes after one in the grid; null after the last. */
export function nextInOrder(order: readonly number[], channel: number): number | null {
  const place = order.indexOf(channel);
  return place < 0 ? (order[0] ?? null) : (order[place + 1] ?? null);
}
