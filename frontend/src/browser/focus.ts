// Moves the focus to an element that may still have to be loaded.

let wanted: string | null = null;

/** Moves the focus to the element of a selector: once there is one, unless `leaveFocus` comes first. */
export function focusOn(selector: string): void {
  wanted = selector;
  const attempt = (): void => {
    if (wanted !== selector) return;
    const element = document.querySelector<HTMLElement>(selector);
    if (!element) {
      requestAnimationFrame(attempt);
      return;
    }
    wanted = null;
    element.focus();
  };
  requestAnimationFrame(attempt);
}

/** Leaves the focus where it is: the person has gone on. */
export function leaveFocus(): void {
  wanted = null;
}
