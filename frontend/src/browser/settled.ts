// Whether the tab is at rest: no request is running, and everything is drawn.
//
// The root of the tab has `data-settled` while it is at rest, for whoever waits for a finished
// page: tests, and whatever takes pictures of it.

/** What one thing makes another do is done within this many frames. */
const CALM_FRAMES = 3;

let onTheirWay = 0;
const listeners = new Set<() => void>();

/** Counts something that is on its way; the result says, once, that it has come. */
export function begin(): () => void {
  let open = true;
  onTheirWay++;
  for (const listener of listeners) listener();
  return () => {
    if (!open) return;
    open = false;
    onTheirWay--;
    for (const listener of listeners) listener();
  };
}

/** Counts a promise until it is fulfilled or rejected. */
export function during<T>(work: Promise<T>): Promise<T> {
  const end = begin();
  work.then(end, end);
  return work;
}

/** Does something in so many milliseconds, and counts until then; the result calls it off. */
export function later(action: () => void, milliseconds = 0): () => void {
  const end = begin();
  const timer = setTimeout(() => {
    try {
      action();
    } finally {
      end();
    }
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    end();
  };
}

/** Whether something moves, or a picture of the page is not there yet. */
function isChanging(): boolean {
  const moves = document.getAnimations?.().some(({ playState }) => playState === "running");
  return moves || [...document.querySelectorAll("img")].some((image) => !image.complete);
}

/** Keeps `data-settled` on an element while the tab is at rest; returns how to stop. */
export function showSettled(element: HTMLElement): () => void {
  let frame = 0;
  let calm = 0;
  const look = () => {
    calm = isChanging() ? 0 : calm + 1;
    if (calm < CALM_FRAMES) frame = requestAnimationFrame(look);
    else element.dataset["settled"] = "";
  };
  const start = () => {
    cancelAnimationFrame(frame);
    delete element.dataset["settled"];
    calm = 0;
    if (onTheirWay === 0) frame = requestAnimationFrame(look);
  };
  listeners.add(start);
  start();
  return () => {
    listeners.delete(start);
    cancelAnimationFrame(frame);
    delete element.dataset["settled"];
  };
}
