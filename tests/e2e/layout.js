// Finds what is wrong with the layout of this document, as sentences. See layout.py.
() => {
  const SLACK = 1.5;
  const CONTROLS = "button, select, input, summary, [role=tab]";
  const CHECKED = `${CONTROLS}, [role=listbox], [role=img], h2, h3, dt, dd, p, th, td`;
  const problems = [];
  const scrolls = (overflow) => ["auto", "scroll"].includes(overflow);

  function named(element) {
    const name = element.getAttribute("aria-label") ?? element.innerText ?? "";
    return `<${element.localName}> ${name.trim().slice(0, 50)}`;
  }

  function isShown(element) {
    const { width, height } = element.getBoundingClientRect();
    const visible = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return visible && width > 1 && height > 1 && !element.closest("[aria-hidden=true]");
  }

  /** What the window and clipping ancestors let through; null where it is scrolled away. */
  function visiblePart(element) {
    const box = element.getBoundingClientRect();
    let { left, top, right, bottom } = box;
    const clip = (frame) => {
      left = Math.max(left, frame.left);
      top = Math.max(top, frame.top);
      right = Math.min(right, frame.right);
      bottom = Math.min(bottom, frame.bottom);
    };
    for (let above = element.parentElement; above; above = above.parentElement) {
      const style = getComputedStyle(above);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const frame = above.getBoundingClientRect();
      // Text for screen readers only.
      if (frame.width <= 1 || frame.height <= 1) return null;
      const below = top < frame.top - SLACK || bottom > frame.bottom + SLACK;
      const beside = left < frame.left - SLACK || right > frame.right + SLACK;
      if (below && scrolls(style.overflowY) && above.scrollHeight > above.clientHeight) return null;
      if (beside && scrolls(style.overflowX) && above.scrollWidth > above.clientWidth) return null;
      clip(frame);
    }
    clip({ left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    const cut = box.width - (right - left) > SLACK || box.height - (bottom - top) > SLACK;
    return { cut, x: (left + right) / 2, y: (top + bottom) / 2 };
  }

  function check(element) {
    const part = visiblePart(element);
    if (!part) return;
    const style = getComputedStyle(element);
    const isControl = element.matches(CONTROLS);
    const ends = style.textOverflow === "ellipsis";
    if (part.cut && (isControl || !ends)) problems.push(`${named(element)} is cut`);
    const tooLong = element.scrollWidth > element.clientWidth + SLACK;
    if (element.localName === "button" && tooLong && !ends && style.overflowX !== "visible") {
      problems.push(`the text of ${named(element)} is cut`);
    }
    if (!isControl) return;
    const above = document.elementFromPoint(part.x, part.y);
    const label = above?.closest("label");
    const reached = above && (above.contains(element) || element.contains(above));
    if (!reached && !label?.contains(element)) {
      problems.push(`${named(element)} lies under ${above ? named(above) : "the edge"}`);
    }
  }

  const root = document.documentElement;
  const tooWide = root.scrollWidth - root.clientWidth;
  const tooHigh = root.scrollHeight - root.clientHeight;
  if (tooWide > 0) problems.push(`the page is ${tooWide} pixels too wide`);
  if (tooHigh > 0) problems.push(`the page is ${tooHigh} pixels too high`);
  [...document.querySelectorAll(CHECKED)].filter(isShown).forEach(check);
  return problems;
}
