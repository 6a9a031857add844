// TensorBoard around the tab: its theme, its address bar, its reload button, its visibility.
//
// The tab lives in a same-origin iframe. TensorBoard passes neither its dark mode nor a usable
// deep link into it (tensorboard#5040, #3809), so both are read from the parent page. Where the
// parent cannot be reached (an embedding page of another origin) the tab falls back to itself.

function hostWindow(): Window {
  try {
    if (typeof window.parent.location.hash === "string") return window.parent;
  } catch {
    // Another origin: the parent is out of reach.
  }
  return window;
}

export function readHostHash(): string {
  return hostWindow().location.hash;
}

/** Replaces the hash without a history entry and without loading anything. */
export function writeHostHash(hash: string): void {
  const host = hostWindow();
  if (host.location.hash === hash) return;
  const url = new URL(host.location.href);
  url.hash = hash;
  host.history.replaceState(host.history.state, "", url);
}

/** The address of the view, to share. */
export function hostAddress(): string {
  return hostWindow().location.href;
}

export function onHostHashChange(listener: () => void): () => void {
  const host = hostWindow();
  host.addEventListener("hashchange", listener);
  return () => host.removeEventListener("hashchange", listener);
}

/** Calls back with whether TensorBoard is dark, now and at every switch. */
export function watchDarkMode(listener: (dark: boolean) => void): () => void {
  const host = hostWindow();
  const body = host === window ? null : host.document.body;
  if (body) {
    const read = () => listener(body.classList.contains("dark-mode"));
    const observer = new MutationObserver(read);
    observer.observe(body, { attributes: true, attributeFilter: ["class"] });
    read();
    return () => observer.disconnect();
  }
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => listener(query.matches);
  query.addEventListener("change", read);
  read();
  return () => query.removeEventListener("change", read);
}

/**
 * Calls back when TensorBoard has reloaded its data. Speaks the protocol of TensorBoard's
 * plugin library, which is on no package registry: JSON strings over a message channel, every
 * message that is no reply is answered.
 */
export function onHostReload(listener: () => void): () => void {
  const channel = new MessageChannel();
  channel.port1.onmessage = (event: MessageEvent<string>) => {
    const message = JSON.parse(event.data) as { type: string; id: number; isReply: boolean };
    if (message.isReply) return;
    if (message.type === "experimental.DataReloaded" || message.type === "experimental.RunsChanged")
      listener();
    const reply = { type: message.type, id: message.id, payload: null, error: null, isReply: true };
    channel.port1.postMessage(JSON.stringify(reply));
  };
  window.parent.postMessage("experimental.bootstrap", "*", [channel.port2]);
  return () => channel.port1.close();
}

/** Whether nobody sees the tab: a hidden TensorBoard tab has no height and fires no event. */
export function hostIsHidden(): boolean {
  return document.hidden || window.innerHeight === 0;
}

/** After TensorBoard has loaded, keys go to its own page until the tab takes the focus. */
export function takeFocus(): void {
  const host = hostWindow();
  if (host === window || host.document.activeElement === host.document.body) window.focus();
}

/** Text kept for the next visit; a browser that forbids storage only forgets. */
export function remember(key: string, value: string): void {
  try {
    window.localStorage.setItem(`convlens.${key}`, value);
  } catch {
    // Storage is forbidden or full: the setting lasts as long as the page.
  }
}

export function recall(key: string): string | null {
  try {
    return window.localStorage.getItem(`convlens.${key}`);
  } catch {
    return null;
  }
}
