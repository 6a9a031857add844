"""What is wrong with the layout of a document, as sentences; nothing where all is well."""

from __future__ import annotations

from playwright.sync_api import Frame

_FIND_PROBLEMS = r"""
() => {
  const SLACK = 1.5;
  const problems = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) problems.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
  if (root.scrollHeight > root.clientHeight) problems.push(`the page is ${root.scrollHeight - root.clientHeight} px too high`);
  const controls = 'button, select, input, summary, [role=tab], [role=listbox], [role=img], h2, h3, dt, dd, p, th, td';
  const named = element =>
    `<${element.localName}> ` + (element.getAttribute('aria-label') ?? element.innerText ?? '').trim().slice(0, 50);
  const shown = element => element.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().height > 1
    && !element.closest('[aria-hidden=true]');
  // The part of an element that its scrolling and clipping ancestors let through; null where it
  // is scrolled away.
  const clipped = element => {
    const box = element.getBoundingClientRect();
    let {left, top, right, bottom} = box;
    for (let above = element.parentElement; above; above = above.parentElement) {
      const style = getComputedStyle(above);
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const frame = above.getBoundingClientRect();
      if (frame.width <= 1 || frame.height <= 1) return null;  // Text for screen readers only.
      const scrolls = ['auto', 'scroll'].includes(style.overflowY) && above.scrollHeight > above.clientHeight;
      const outside = top < frame.top - SLACK || bottom > frame.bottom + SLACK;
      if (scrolls && outside) return null;
      left = Math.max(left, frame.left);
      right = Math.min(right, frame.right);
      top = Math.max(top, frame.top);
      bottom = Math.min(bottom, frame.bottom);
    }
    right = Math.min(right, innerWidth);
    bottom = Math.min(bottom, innerHeight);
    left = Math.max(left, 0);
    top = Math.max(top, 0);
    return {cut: box.width - (right - left) > SLACK || box.height - (bottom - top) > SLACK, left, top, right, bottom};
  };
  for (const element of document.querySelectorAll(controls)) {
    if (!shown(element)) continue;
    const part = clipped(element);
    if (!part) continue;
    const style = getComputedStyle(element);
    const interactive = element.matches('button, select, input, summary, [role=tab]');
    const text = element.matches('h2, h3, p, dd, td');
    if (part.cut && !(text && style.textOverflow === 'ellipsis')) problems.push(`${named(element)} is cut`);
    const ellipsis = style.textOverflow === 'ellipsis';
    if (element.localName === 'button' && !ellipsis && element.scrollWidth > element.clientWidth + SLACK
        && style.overflowX !== 'visible') problems.push(`the text of ${named(element)} is cut`);
    if (!interactive) continue;
    const above = document.elementFromPoint((part.left + part.right) / 2, (part.top + part.bottom) / 2);
    const own = above && (above.contains(element) || element.contains(above) || above.closest('label')?.contains(element));
    if (!own) problems.push(`${named(element)} lies under ${above ? named(above) : 'the edge'}`);
  }
  return problems;
}
"""


def layout_problems(frame: Frame) -> list[str]:
    """Finds a page that scrolls, controls and texts that are cut, and controls under others.

    Text that ends in an ellipsis by design, and what a scrolled pane hides, is no problem.
    """
    found = frame.evaluate(_FIND_PROBLEMS)
    return [str(problem) for problem in found]
