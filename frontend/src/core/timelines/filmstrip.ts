// A row of pictures, one per captured step: which of them are in view, and which are fetched.

export const FRAME_WIDTH = 72;
/** Frames that are fetched at once: with the other small pictures of a filter they are one request. */
export const BATCH = 24;
/** Frames beyond the view that are kept on the page, so that scrolling shows no gaps. */
const MARGIN = 3;

/** Places of the frames around a view of the strip; `end` is exclusive. */
export function framesInView(
  count: number,
  view: { left: number; width: number },
): { first: number; end: number } {
  const first = Math.max(0, Math.floor(view.left / FRAME_WIDTH) - MARGIN);
  const end = Math.min(count, Math.ceil((view.left + view.width) / FRAME_WIDTH) + MARGIN);
  return { first: Math.min(first, end), end };
}

/** The whole batches that hold some places: what is fetched in one request each. */
export function batchesAround(
  count: number,
  { first, end }: { first: number; end: number },
  size: number,
): { first: number; end: number } {
  return {
    first: Math.floor(first / size) * size,
    end: Math.min(count, Math.ceil(end / size) * size),
  };
}

/** Scroll position at which a frame is wholly in view, nearest to the present one. */
export function scrollToFrame(place: number, view: { left: number; width: number }): number {
  const left = place * FRAME_WIDTH;
  if (left < view.left) return left;
  return Math.max(view.left, left + FRAME_WIDTH - view.width);
}
