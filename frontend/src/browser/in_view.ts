// What is far down a pane is not fetched before somebody scrolls there.

/** Calls once the element is first in view; the result calls it off. */
export function whenInView(element: Element, action: () => void): () => void {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    action();
  });
  observer.observe(element);
  return () => observer.disconnect();
}
