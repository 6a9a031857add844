// Tells when an element is scrolled into view, so that nothing is fetched before.

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
